import NIOPosix
import Synchronization

/// Makes the answers of the admin address on a thread of its own.
///
/// A page of many stalls takes long enough to be a stall itself, and the admin loop may be the one that accepts connections and talks
/// to Redis. A plain thread, not Swift's cooperative pool: pages are wanted most when that is stuck. Any thread.
final class AdminRenderer: Sendable {
    private let pool = NIOThreadPool(numberOfThreads: 1)
    private let limit: Int
    private let waiting = Atomic<Int>(0)

    /// - Parameter limit: answers that wait at a time, besides the one that is being made; at least 1.
    init(limit: Int) {
        self.limit = max(1, limit)
        pool.start()
    }

    /// Runs `work` once all that was handed over before is done.
    ///
    /// - Returns: false, and `work` is dropped, when there is too much to do.
    func submit(_ work: @escaping @Sendable () -> Void) -> Bool {
        guard waiting.add(1, ordering: .relaxed).newValue <= limit else {
            waiting.subtract(1, ordering: .relaxed)
            return false
        }
        pool.submit { state in
            // Freed first: whoever hears of the end may come with more at once.
            self.waiting.subtract(1, ordering: .relaxed)
            if case .active = state { work() }
        }
        return true
    }

    /// Ends the thread; what waits is dropped. Must be called.
    func shutdown() async { try? await pool.shutdownGracefully() }
}

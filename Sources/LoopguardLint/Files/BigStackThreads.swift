import Foundation

/// Does the parts of some work on as many threads as there are processors.
///
/// The threads' stacks are large: the parser and the walk over its tree recurse as deeply as the source is nested, and a generated
/// file of ten thousand chained calls would overflow the half megabyte that a thread of Dispatch has.
enum BigStackThreads {
    /// Bytes of address space for each; memory is taken only as far as it is used.
    static let stackBytes = 256 << 20
    /// More threads are not started, however many processors there are.
    static let maximumThreads = 16

    /// Calls `body` once for each number below `count`, in no order, and returns when all calls have.
    static func forEach(_ count: Int, _ body: @escaping @Sendable (Int) -> Void) {
        guard count > 0 else { return }
        let queue = WorkQueue(count: count)
        let threads = max(1, min(count, ProcessInfo.processInfo.activeProcessorCount, maximumThreads))
        for number in 0..<threads {
            let thread = Thread {
                while let next = queue.next() { body(next) }
                queue.finish()
            }
            thread.name = "lint-\(number)"
            thread.stackSize = stackBytes
            queue.begin()
            thread.start()
        }
        queue.wait()
    }

    private final class WorkQueue: @unchecked Sendable {
        // SAFETY: all state is read and written under the condition's lock.
        private let condition = NSCondition()
        private var position = 0
        private var running = 0
        private let count: Int

        init(count: Int) { self.count = count }

        func next() -> Int? {
            condition.withLock {
                guard position < count else { return nil }
                position += 1
                return position - 1
            }
        }

        func begin() { condition.withLock { running += 1 } }

        func finish() {
            condition.withLock {
                running -= 1
                condition.signal()
            }
        }

        func wait() {
            condition.lock()
            while running > 0 { condition.wait() }
            condition.unlock()
        }
    }
}

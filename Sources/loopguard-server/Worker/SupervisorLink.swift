import Foundation
import LoopguardCore
import Synchronization

/// A worker's end of the socket pair: tells the supervisor its status, and notices when the supervisor has gone.
///
/// Two threads of its own, so that it works whatever the loops and the tasks of the process do.
final class SupervisorLink: Sendable {
    /// Between two messages when nothing happens.
    private static let interval = 0.25

    private let descriptor: CInt
    private let changed = Signal()
    private let isStopped = Atomic<Bool>(false)

    /// SAFETY: NSCondition is a lock; `isSet` is only touched while it is held.
    private final class Signal: @unchecked Sendable {
        private let condition = NSCondition()
        private var isSet = false

        func set() {
            condition.withLock {
                isSet = true
                condition.signal()
            }
        }

        func wait(seconds: Double) {
            condition.withLock {
                if !isSet { _ = condition.wait(until: Date(timeIntervalSinceNow: seconds)) }
                isSet = false
            }
        }
    }

    init(descriptor: CInt) {
        self.descriptor = descriptor
        Descriptors.closeOnExec(descriptor)
    }

    /// - Parameters:
    ///   - status: must not block.
    ///   - onGone: called once, when the supervisor has died.
    func start(status: @escaping @Sendable () -> WorkerStatus, onGone: @escaping @Sendable () -> Void) {
        NamedThread.start("status-writer") { [self] in
            var diet = StatusDiet()
            let clock = ContinuousClock()
            let began = clock.now
            while !isStopped.load(ordering: .acquiring) {
                guard write(diet.next(status(), at: clock.now - began)) else { return }
                changed.wait(seconds: Self.interval)
            }
        }
        NamedThread.start("supervisor-eof") { [self] in
            var buffer = [UInt8](repeating: 0, count: 256)
            while true {
                let count = read(descriptor, &buffer, buffer.count)
                if count > 0 || (count < 0 && errno == EINTR) { continue }
                break
            }
            if !isStopped.load(ordering: .acquiring) { onGone() }
        }
    }

    /// Tells the supervisor at once.
    func push() { changed.set() }

    func stop() {
        isStopped.store(true, ordering: .releasing)
        changed.set()
    }

    private func write(_ status: WorkerStatus) -> Bool {
        guard let line = StatusDiet.line(status) else { return true }
        return line.withUnsafeBytes { bytes in
            var rest = bytes[...]
            while !rest.isEmpty {
                let count = send(
                    descriptor, UnsafeRawBufferPointer(rebasing: rest).baseAddress, rest.count,
                    Int32(MSG_NOSIGNAL))
                if count > 0 {
                    rest = rest.dropFirst(count)
                } else if errno != EINTR {
                    return false
                }
            }
            return true
        }
    }
}

import Foundation
import Loopguard
import LoopguardCore
import Synchronization

/// A worker's end of the socket pair: tells the supervisor its status, and notices when the supervisor has gone.
///
/// Threads of its own, so that it works whatever the loops and the tasks of the process do.
final class SupervisorLink: Sendable {
    /// Between two messages when nothing happens.
    private static let interval = 0.25

    private let descriptor: CInt
    private let changed = Signal()
    /// Written by the one thread that writes, between two statuses.
    private let answers = Mutex<[[UInt8]]>([])
    private let isStopped = Atomic<Bool>(false)
    private let tester = OwnThreadExecutor(name: "selftest")
    private let hasWrittenLast = DispatchSemaphore(value: 0)

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
    ///   - selftest: plants a stall when the supervisor asks for it.
    ///   - onGone: called once, when the supervisor has died.
    func start(
        status: @escaping @Sendable () -> WorkerStatus,
        selftest: @escaping @Sendable (SelfTest, Int) async -> Result<SelfTest.Outcome, SelfTestRequest.Refusal>,
        onGone: @escaping @Sendable () -> Void
    ) {
        NamedThread.start("status-writer") { [self] in
            var diet = StatusDiet()
            let clock = ContinuousClock()
            let began = clock.now
            defer { hasWrittenLast.signal() }
            while true {
                let isLast = isStopped.load(ordering: .acquiring)
                guard write(diet.next(status(), at: clock.now - began)) else { return }
                let lines = answers.withLock { answers in
                    defer { answers = [] }
                    return answers
                }
                guard lines.allSatisfy(send), !isLast else { return }
                changed.wait(seconds: Self.interval)
            }
        }
        NamedThread.start("supervisor-eof") { [self] in
            var buffer = [UInt8](repeating: 0, count: 4096)
            var decoder = StatusLineDecoder(limit: 4096)
            while true {
                let count = read(descriptor, &buffer, buffer.count)
                if count < 0 && errno == EINTR { continue }
                guard count > 0 else { break }
                for case .line(let line) in decoder.feed(buffer[..<count]) {
                    guard let command = SelfTestMessages.command(line) else { continue }
                    Task(executorPreference: tester) { [self] in
                        var answer = SelfTestMessages.Answer(id: command.id)
                        switch await selftest(command.test, command.maximumMilliseconds) {
                        case .success(let outcome): answer.outcome = outcome
                        case .failure(let refusal): answer.refusal = refusal
                        }
                        answers.withLock { $0.append(SelfTestMessages.line(answer)) }
                        push()
                    }
                }
            }
            if !isStopped.load(ordering: .acquiring) { onGone() }
        }
    }

    /// Tells the supervisor at once.
    func push() { changed.set() }

    /// Tells the supervisor for the last time, and waits until that is written: for two seconds, should it not read.
    func stop() {
        isStopped.store(true, ordering: .releasing)
        changed.set()
        _ = hasWrittenLast.wait(timeout: .now() + 2)
    }

    private func write(_ status: WorkerStatus) -> Bool {
        StatusDiet.line(status).map(send) ?? true
    }

    private func send(_ line: [UInt8]) -> Bool {
        line.withUnsafeBytes { bytes in
            var rest = bytes[...]
            while !rest.isEmpty {
                let count = Foundation.send(
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

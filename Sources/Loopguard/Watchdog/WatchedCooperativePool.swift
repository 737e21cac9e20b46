import CLoopguard
import LoopguardCapture
import LoopguardCore
import Synchronization

/// Swift's pool for async code that prefers no executor, as the watchdog sees it. Watchdog thread only.
struct WatchedCooperativePool {
    static let name = "cooperative-pool"
    /// The pool shares the machine with the loops: a healthy one may need some milliseconds to answer, so a smaller threshold of
    /// the loops is not applied to it.
    static let leastThreshold = Duration.milliseconds(50)

    private var canary: PoolCanary
    private var witness: PoolWitness
    private let cage: CanaryCage

    init(threshold: Duration, capturer: CapturerBox, cage: CanaryCage, connections: @escaping @Sendable () -> Int) {
        let thresholdNs = UInt64(clamping: max(threshold, Self.leastThreshold).nanoseconds)
        canary = PoolCanary(options: .defaults { $0.thresholdNs = thresholdNs })
        witness = PoolWitness(
            pool: Self.name, kind: .cooperativePool, thresholdNs: thresholdNs, capturer: capturer,
            connections: connections)
        self.cage = cage
    }

    var nextDeadline: UInt64? { canary.nextDeadline }

    /// One look. `isActive`: a loop has been active of late.
    mutating func look(now: UInt64, isActive: Bool, latenessNs: UInt64) -> [PoolObservation] {
        canary.observe(now: now, isActive: isActive, answer: cage.answer).compactMap {
            perform($0, latenessNs: latenessNs)
        }
    }

    /// Ends the watching.
    mutating func finish(now: UInt64) -> [PoolObservation] {
        canary.finish(now: now).compactMap { perform($0, latenessNs: 0) }
    }

    private mutating func perform(_ action: PoolCanary.Action, latenessNs: UInt64) -> PoolObservation? {
        switch action {
        case .send(let number):
            cage.send(number, thresholdNs: canary.options.thresholdNs)
            return nil
        case .step(let step):
            var count = 0
            return witness.perform(
                step, latenessNs: latenessNs,
                subjects: {
                    let threads = ProcessThreads.all { $0.hasSuffix("default-qos") }
                    count = threads.count
                    return threads.map { PoolWitness.Subject(tid: $0.tid, name: $0.name) }
                },
                account: { _ in
                    PoolWitness.Account(
                        kind: .cooperativePool, summary: nil,
                        evidence: [
                            "a task of default priority did not run: as many tasks as the pool has threads block or compute",
                            "threads of the pool: \(count)",
                        ])
                })
        }
    }
}

/// Sends canaries, and hears of their return. Any thread.
final class CanaryCage: Sendable {
    private struct State {
        var answer: PoolCanary.Answer?
        var ring: (@Sendable () -> Void)?
    }
    private let state: Mutex<State>

    /// - Parameter ring: wakes the watchdog, when a canary comes back late.
    init(ring: @escaping @Sendable () -> Void) { state = Mutex(State(ring: ring)) }

    var answer: PoolCanary.Answer? { state.withLock { $0.answer } }

    func send(_ number: UInt64, thresholdNs: UInt64) {
        let sent = lg_now_ns()
        Task.detached {
            let now = lg_now_ns()
            // Under the lock, which `close` takes as well: the bell may be another watchdog's afterwards.
            self.state.withLock { state in
                state.answer = PoolCanary.Answer(number: number, atNs: now)
                if now - min(now, sent) >= thresholdNs / 2 { state.ring?() }
            }
        }
    }

    /// Nobody is woken any more.
    func close() { state.withLock { $0.ring = nil } }
}

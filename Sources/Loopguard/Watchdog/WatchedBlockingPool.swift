import CLoopguard
import LoopguardCapture
import LoopguardCore

/// The pool for blocking work, as the watchdog sees it. Watchdog thread only.
struct WatchedBlockingPool {
    static let name = "blocking-pool"

    private var detector: BlockingPoolDetector
    private var witness: PoolWitness
    private let pool: OffloadPool

    init(pool: OffloadPool, capturer: CapturerBox, connections: @escaping @Sendable () -> Int) {
        let thresholdNs = UInt64(clamping: pool.configuration.queueAgeThreshold.nanoseconds)
        detector = BlockingPoolDetector(options: .defaults { $0.thresholdNs = thresholdNs })
        witness = PoolWitness(
            pool: Self.name, kind: .blockingPool, thresholdNs: thresholdNs, capturer: capturer,
            connections: connections)
        self.pool = pool
    }

    var nextDeadline: UInt64? { detector.nextDeadline }

    mutating func look(now: UInt64, latenessNs: UInt64) -> [PoolObservation] {
        let look = pool.look(isStalled: detector.isStalled)
        return perform(detector.observe(now: now, look), look, now: now, latenessNs: latenessNs)
    }

    /// Ends the watching.
    mutating func finish(now: UInt64) -> [PoolObservation] {
        perform(detector.finish(now: now), BlockingPoolDetector.Look(threads: 0), now: now, latenessNs: 0)
    }

    private mutating func perform(
        _ actions: [Detector.Action], _ look: BlockingPoolDetector.Look, now: UInt64, latenessNs: UInt64
    ) -> [PoolObservation] {
        actions.compactMap { action in
            witness.perform(
                action, latenessNs: latenessNs,
                subjects: {
                    look.running.map { job in
                        PoolWitness.Subject(
                            tid: job.tid, name: threadName(of: job.tid) ?? "",
                            note: BlockingPoolVerdict.note(job, now: now))
                    }
                },
                account: { still in
                    let blocked = look.running.filter { still.contains($0.tid) }.map(\.id)
                    let verdict = BlockingPoolVerdict(look, now: now, blocked: Set(blocked))
                    return PoolWitness.Account(
                        kind: verdict.kind, summary: verdict.summary, evidence: verdict.evidence)
                })
        }
    }
}

/// Notices that work waits too long for a thread of the blocking pool. A state machine, pure, without a clock.
///
/// A stall begins when the job that has waited longest was queued, provided that all threads are busy, and ends when no job has
/// waited for the threshold any more: a backlog that moves on slowly is one stall, not one for each job.
public struct BlockingPoolDetector: Sendable, Equatable {
    /// One offloaded job.
    public struct Job: Sendable, Equatable {
        /// Grows with each job of the pool.
        public var id: UInt64
        /// The name given to `offload`.
        public var name: String
        /// When it was queued, or began to run. CLOCK_MONOTONIC, nanoseconds.
        public var sinceNs: UInt64
        /// Correlation ID of the caller.
        public var correlation: String?
        /// The job from whose work it was offloaded.
        public var origin: UInt64?
        /// Thread that runs it; 0 = none yet.
        public var tid: Int32

        /// All its parts.
        public init(
            id: UInt64, name: String, sinceNs: UInt64, correlation: String? = nil, origin: UInt64? = nil, tid: Int32 = 0
        ) {
            self.id = id
            self.name = name
            self.sinceNs = sinceNs
            self.correlation = correlation
            self.origin = origin
            self.tid = tid
        }
    }

    /// The pool at one moment.
    public struct Look: Sendable, Equatable {
        /// Threads of the pool.
        public var threads: Int
        /// Jobs running, oldest first.
        public var running: [Job]
        /// Jobs waiting, oldest first.
        public var queued: [Job]

        /// All its parts.
        public init(threads: Int, running: [Job] = [], queued: [Job] = []) {
            self.threads = threads
            self.running = running
            self.queued = queued
        }
    }

    private var detector: Detector
    /// When the stall that goes on began.
    private var stalledSinceNs: UInt64?

    /// A pool that has not been looked at. `options.thresholdNs`: longest healthy wait for a thread.
    public init(options: Detector.Options = .defaults) { detector = Detector(options: options) }

    /// The limits in use.
    public var options: Detector.Options { detector.options }
    /// Work has waited for the threshold, and still does.
    public var isStalled: Bool { stalledSinceNs != nil }
    /// When the next look is due; nil while nothing waits, or when all captures have been taken.
    public var nextDeadline: UInt64? { detector.current?.deadline(options: options) }

    /// One look. `now`: CLOCK_MONOTONIC, nanoseconds.
    public mutating func observe(now: UInt64, _ look: Look) -> [Detector.Action] {
        let isFull = look.running.count >= look.threads
        let oldest = isFull ? look.queued.map(\.sinceNs).min() : nil
        let isOver = oldest.map { now.saturatingSubtract($0) >= options.thresholdNs } ?? false
        var actions: [Detector.Action] = []
        if let began = stalledSinceNs, !isOver {
            actions = end(began, now: now)
            stalledSinceNs = nil
        }
        if isOver { stalledSinceNs = stalledSinceNs ?? oldest }
        return actions
            + detector.observe(
                now: now, busySince: stalledSinceNs ?? oldest ?? 0, jobs: 0, tickFirstJob: 0, scope: 0)
    }

    /// Ends the watching, and the stall that goes on with it.
    public mutating func finish(now: UInt64) -> [Detector.Action] {
        guard let began = stalledSinceNs else { return [] }
        stalledSinceNs = nil
        return [.ended(tick: began, durationNs: now.saturatingSubtract(began), exact: false)]
    }

    private mutating func end(_ began: UInt64, now: UInt64) -> [Detector.Action] {
        let lost = detector.observe(now: now, busySince: 0, jobs: 0, tickFirstJob: 0, scope: 0)
        return lost
            + detector.observeLate(
                beganNs: began, durationNs: now.saturatingSubtract(began), jobs: 0, scope: 0)
    }
}

/// Watches a pool of threads from outside by sending it a small piece of work now and then: as long as that comes back, the pool
/// runs what it is given. A state machine, pure, without a clock.
///
/// A canary that is out is a tick of ``Detector``, so suspicion, captures at doubling distances and the end are the same as those
/// of a loop.
///
/// None is sent while all loops are quiet, so that an idle process is not woken up: a pool that gets stuck then is found as soon as
/// a loop turns, which is when somebody could want it. What stays unseen: fewer stuck tasks than the pool has threads, since the
/// rest answers; and a pool that is stuck only for less time than the threshold.
public struct PoolCanary: Sendable, Equatable {
    /// What the watchdog has to do now.
    public enum Action: Sendable, Equatable {
        /// Give the pool a task that answers with this number.
        case send(number: UInt64)
        /// The pool is suspicious, stuck, or free again.
        case step(Detector.Action)
    }

    /// When a canary came back.
    public struct Answer: Sendable, Equatable {
        /// Of ``Action/send(number:)``.
        public var number: UInt64
        /// When its task ran. CLOCK_MONOTONIC, nanoseconds.
        public var atNs: UInt64

        /// An answer.
        public init(number: UInt64, atNs: UInt64) {
            self.number = number
            self.atNs = atNs
        }
    }

    private var detector: Detector
    private var lastNumber: UInt64 = 0
    private var lastSentNs: UInt64?
    private var isOut = false

    /// A pool to which nothing has been sent yet. `options.thresholdNs`: a canary that is out for so long means that it is stuck.
    public init(options: Detector.Options = .defaults) { detector = Detector(options: options) }

    /// The limits in use.
    public var options: Detector.Options { detector.options }

    /// One look.
    ///
    /// - Parameters:
    ///   - now: CLOCK_MONOTONIC, nanoseconds.
    ///   - isActive: a loop has been active of late (``Detector/isActive(now:)``).
    ///   - answer: the latest answer; older ones than the last canary's are ignored.
    public mutating func observe(now: UInt64, isActive: Bool, answer: Answer?) -> [Action] {
        var actions: [Detector.Action] = []
        if isOut, let sent = lastSentNs {
            if let answer, answer.number == lastNumber {
                isOut = false
                actions = close(sent, endNs: answer.atNs, now: now)
            } else {
                actions = step(now: now, sent: sent)
            }
        }
        var all = actions.map(Action.step)
        let isDue = lastSentNs.map { now.saturatingSubtract($0) >= options.thresholdNs / 2 } ?? true
        if !isOut, isActive, isDue {
            lastNumber += 1
            lastSentNs = now
            isOut = true
            _ = step(now: now, sent: now)
            all.append(.send(number: lastNumber))
        }
        return all
    }

    /// Ends the watching. A stall that goes on is over for us, after at least the time until now.
    public mutating func finish(now: UInt64) -> [Action] {
        guard isOut, detector.isStalled, let sent = lastSentNs else { return [] }
        isOut = false
        return [.step(.ended(tick: sent, durationNs: now.saturatingSubtract(sent), exact: false))]
    }

    /// When the canary that is out needs the next look; nil when only its return brings news.
    public var nextDeadline: UInt64? { isOut ? detector.current?.deadline(options: options) : nil }

    private mutating func step(now: UInt64, sent: UInt64) -> [Detector.Action] {
        detector.observe(now: now, busySince: sent, jobs: 0, tickFirstJob: 0, scope: 0)
    }

    private mutating func close(_ sent: UInt64, endNs: UInt64, now: UInt64) -> [Detector.Action] {
        let duration = endNs.saturatingSubtract(sent)
        let lost = detector.observe(now: now, busySince: 0, jobs: 0, tickFirstJob: 0, scope: 0)
        guard duration >= options.thresholdNs else { return lost }
        return lost + detector.observeLate(beganNs: sent, durationNs: duration, jobs: 0, scope: 0)
    }
}

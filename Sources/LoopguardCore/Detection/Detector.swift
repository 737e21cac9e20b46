/// What the watchdog knows and decides about one loop: a state machine, pure, single-threaded, without a clock.
///
/// A tick is identified by the time it began (`busySince`, CLOCK_MONOTONIC nanoseconds): the same value at two looks is the
/// same tick, still running. How a watchdog thread uses it, each time it wakes up:
///
/// ```swift
/// for action in detector.observe(now: now, busySince: …, jobs: …, tickFirstJob: …, scope: …, ticks: …) { perform(action) }
/// for tick in newLateTicks {                     // AFTER observe: lg_late_read from the last index to lg_late
///     for action in detector.observeLate(beganNs: …, durationNs: …, jobs: …, scope: …) { perform(action) }
/// }
/// // … for all loops, then:
/// switch WatchdogSchedule.nextWake(detectors, now: now) {
/// case .at(let deadline): // sleep until then, or until the bell rings
/// case .deepSleep:        // enter deep sleep, look at every loop once more, wait for the bell alone
/// }
/// ```
///
/// A busy but healthy loop costs nothing besides these looks: the baseline is taken only of a tick that is half a threshold
/// old already.
public struct Detector: Sendable, Equatable {
    /// Limits of one detector. Times in nanoseconds.
    public struct Options: Sendable, Equatable {
        /// A tick that lasts this long is a stall. Default 50 ms; at least 1 ms.
        public var thresholdNs: UInt64 = 50_000_000
        /// Stacks taken of one stall at most, at 1, 2, 4, 8… thresholds. Default 8.
        public var maxSamples = 8
        /// A loop without activity for so long does not keep the watchdog awake. Default 1 s.
        public var deepSleepAfterNs: UInt64 = 1_000_000_000
        /// How the kind of a stall is told from its jobs.
        public var kinds = KindClassifier.Options.defaults

        /// The values above.
        public static let defaults = Options()
        /// The defaults.
        public init() {}

        /// The defaults, changed by `change`.
        public static func defaults(_ change: (inout Options) -> Void) -> Options {
            var options = Options()
            change(&options)
            return options
        }
    }

    /// The state of a late tick at the moment of an action.
    public struct TickView: Sendable, Equatable {
        /// When the tick began: its identity. CLOCK_MONOTONIC, nanoseconds.
        public var beganNs: UInt64
        /// Its age, nanoseconds.
        public var ageNs: UInt64
        /// Executor jobs begun in it.
        public var jobsInTick: UInt64
        /// Jobs begun between two looks at it; nil after a single look.
        public var jobsMoved: UInt64?
        /// All looks saw the same scope, and there was one.
        public var sameScope: Bool
        /// Scope identifier as seen now, 0 = none.
        public var scope: UInt64
        /// What kept the loop from turning, as far as known.
        public var kind: StallKind
    }

    /// A tick that ended later than the threshold, as the loop itself recorded it.
    public struct LateTick: Sendable, Equatable {
        /// When it began. CLOCK_MONOTONIC, nanoseconds.
        public var beganNs: UInt64
        /// Its exact length, nanoseconds.
        public var durationNs: UInt64
        /// Jobs run in it.
        public var jobs: UInt64
        /// Scope identifier of its last job, 0 = none.
        public var scope: UInt64

        /// A record of the loop's own late-tick ring.
        public init(beganNs: UInt64, durationNs: UInt64, jobs: UInt64, scope: UInt64) {
            self.beganNs = beganNs
            self.durationNs = durationNs
            self.jobs = jobs
            self.scope = scope
        }
    }

    /// What the watchdog has to do now.
    public enum Action: Sendable, Equatable {
        /// Read the thread's figures (no stack): the tick is half a threshold old. Keep them under `tick`.
        case takeBaseline(tick: UInt64)
        /// Take stack and figures. Index 0 begins the stall: a report is due.
        case capture(sampleIndex: Int, TickView)
        /// A stall that was captured is over. `exact` is false when the loop's own record of it was lost: the duration is
        /// then the least it can have been. Once for each stall.
        case ended(tick: UInt64, durationNs: UInt64, exact: Bool)
        /// A stall came and went without a capture: count it, report it without a stack. Its kind is a guess from `jobs`.
        case missed(LateTick, kind: StallKind)
    }

    /// The limits in use.
    public let options: Options
    var current: Tick?
    /// Captured ticks that are over, but of which the loop's own record has not come yet.
    private var awaiting: Tick?
    /// The last tick that was declared over: a look may still see its begin mark, a record may still come.
    private var closedTick: UInt64?
    private var lastTicks: UInt64?
    /// When the loop was last seen to do anything.
    private(set) var lastActiveNs: UInt64?
    /// Nothing had happened on the loop between the last two looks.
    private(set) var isQuiet = false

    /// A detector that has seen nothing yet.
    public init(options: Options = .defaults) {
        var checked = options
        checked.thresholdNs = max(1_000_000, options.thresholdNs)
        checked.maxSamples = max(1, options.maxSamples)
        self.options = checked
    }

    /// True from a stall's first capture to its end.
    public var isStalled: Bool { (current?.samples ?? 0) > 0 }

    /// One look at the loop's marks.
    ///
    /// - Parameters:
    ///   - now: CLOCK_MONOTONIC, nanoseconds, read before the marks.
    ///   - busySince: start of the running tick, 0 while the loop waits for events.
    ///   - jobs: jobs begun so far, all ticks.
    ///   - tickFirstJob: `jobs` when the running tick began.
    ///   - scope: scope identifier of the running job, 0 = none.
    ///   - ticks: ticks begun so far; nil when not known: then only busy looks count as activity.
    ///   - cpuNs: CPU time of the loop's thread so far; nil when not known. Needed only of a tick older than half a threshold.
    public mutating func observe(
        now: UInt64, busySince: UInt64, jobs: UInt64, tickFirstJob: UInt64, scope: UInt64, ticks: UInt64? = nil,
        cpuNs: UInt64? = nil
    ) -> [Action] {
        noteActivity(now: now, busySince: busySince, ticks: ticks)
        var actions: [Action] = []
        if let lost = awaiting {
            // One look has passed since it ended and the loop's record of it has not come: it was overwritten.
            actions.append(.ended(tick: lost.beganNs, durationNs: lost.leastDurationNs, exact: false))
            closedTick = lost.beganNs
            awaiting = nil
        }
        if let tick = current, tick.beganNs != busySince {
            if tick.samples > 0 { awaiting = tick }
            current = nil
        }
        // A begin mark that was read before the end was known.
        guard busySince != 0, busySince != closedTick else { return actions }
        var tick = current ?? Tick(beganNs: busySince, scope: scope)
        let look = Look(
            now: now, age: now.saturatingSubtract(busySince), jobs: jobs,
            jobsInTick: jobs.saturatingSubtract(tickFirstJob), scope: scope, cpuNs: cpuNs
        )
        if let action = tick.advance(look, options: options) { actions.append(action) }
        current = tick
        return actions
    }

    /// One record of the loop's late-tick ring. Call after `observe` of the same wake-up.
    public mutating func observeLate(
        beganNs: UInt64, durationNs: UInt64, jobs: UInt64, scope: UInt64
    ) -> [Action] {
        if let tick = awaiting, tick.beganNs == beganNs {
            awaiting = nil
            closedTick = beganNs
            return [.ended(tick: beganNs, durationNs: durationNs, exact: true)]
        }
        if let tick = current, tick.beganNs == beganNs {
            current = nil
            closedTick = beganNs
            if tick.samples > 0 { return [.ended(tick: beganNs, durationNs: durationNs, exact: true)] }
        } else if closedTick == beganNs {
            // It was declared over without its record, or the record came twice.
            return []
        }
        closedTick = beganNs
        let late = LateTick(beganNs: beganNs, durationNs: durationNs, jobs: jobs, scope: scope)
        let kind = KindClassifier.classify(
            jobsInTick: jobs, jobsMovedSinceThreshold: nil, sameScope: false, options: options.kinds
        )
        return [.missed(late, kind: kind)]
    }

    private mutating func noteActivity(now: UInt64, busySince: UInt64, ticks: UInt64?) {
        let moved = ticks != nil && ticks != lastTicks
        isQuiet = lastActiveNs != nil && busySince == 0 && !moved
        if !isQuiet { lastActiveNs = now }
        if let ticks { lastTicks = ticks }
    }
}

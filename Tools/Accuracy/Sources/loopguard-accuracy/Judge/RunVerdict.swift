import LoopguardCore

/// How well one planted stall was seen. Pure.
struct RunVerdict: Codable, Sendable {
    /// Which runs count towards what. The rules are the method of Documentation/Accuracy.md.
    enum Rules {
        /// The watchdog was on time when the kernel let it wait no longer than this for a CPU, by its own account and by
        /// the kernel's.
        static let onTimeNs: UInt64 = 1_000_000
        /// A thread that waited for a CPU for more of the time than this was disturbed by the host: its cause is not the
        /// planted one.
        static let disturbedShare = 0.2
        /// From this length on a stall has to be caught while it lasts, in thresholds.
        static let caughtFrom = 1.2
        /// Frames that are not the runtime's among which the planted function must be.
        static let frames = 3
    }

    var id: Int
    var kind: String
    var place: String
    var factor: Double
    var durationNs: UInt64
    var isStall: Bool
    /// The loop counted what it had to; nil when the run says nothing (too close to the threshold, or a second tick of
    /// the envelope could have been late as well).
    var isCountedRight: Bool?
    var isReported: Bool
    /// Only for stalls that must be caught.
    var isCaught: Bool?
    /// A stack was there, whether it had to be or not.
    var hasStack: Bool
    var isWatchdogOnTime: Bool
    var isDisturbed: Bool
    var latencyNs: UInt64?
    /// From passing the threshold until a reporter was told, frames named.
    var toldAfterNs: UInt64?
    var durationErrorNs: UInt64?
    /// Nil when there was nothing to judge.
    var isCauseRight: Bool?
    var isKindRight: Bool?
    var isFunctionRight: Bool?
    var expectedCategory: String
    var category: String?
    var systemCall: String?
    var reportedKind: String?
    var validity: String?
    var costNs: UInt64?
    /// What the stack names first, when it does not name the planted function.
    var framesSeen: [String]?
    var watchdogLatenessNs: UInt64?
    /// What the planter measured of itself, and what the report rests on, when the cause is wrong.
    var evidence: [String]?

    init(_ run: PlantedRun, _ record: ReportRecord?) {
        id = run.id
        kind = run.kind
        place = run.place
        factor = run.factor
        durationNs = run.durationNs
        isStall = run.isStall
        isReported = record != nil
        hasStack = record?.report.stack != nil
        isDisturbed = !run.expected.isHostFault && run.truth.runDelayShare > Rules.disturbedShare
        let lateness = record?.report.watchdogLatenessNs ?? 0
        isWatchdogOnTime =
            lateness <= Rules.onTimeNs && run.host.watchdogRunDelayNs <= Rules.onTimeNs && run.host.stolenNs == 0
        expectedCategory = run.expected.categories.first ?? "-"
        isCountedRight = Self.counted(run)
        if run.isStall, run.ratio >= Rules.caughtFrom, run.expected.isCapturable {
            isCaught = hasStack
        }
        guard let record, run.isStall else { return }
        let report = record.report
        watchdogLatenessNs = report.watchdogLatenessNs
        category = report.cause.category.rawValue
        systemCall = report.cause.systemCall
        reportedKind = report.kind.rawValue
        durationErrorNs =
            report.durationNs > run.durationNs ? report.durationNs - run.durationNs : run.durationNs - report.durationNs
        let sample = report.stack
        validity = sample?.validity.rawValue ?? report.samples.first?.validity.rawValue
        // A stall that was over before the watchdog could look says nothing of its cause, unless it is the host's fault.
        guard report.detectionLatencyNs != nil || run.expected.isHostFault else { return }
        judgeContent(run, report, sample)
        // The time until a stack was there, where one can be had.
        guard let latency = report.detectionLatencyNs, run.expected.isCapturable else { return }
        latencyNs = latency
        costNs = report.samples.first?.costNs
        if let told = record.toldNs {
            let due = run.truth.span.beganNs + run.thresholdNs
            toldAfterNs = told > due ? told - due : 0
        }
    }

    private mutating func judgeContent(_ run: PlantedRun, _ report: StallReport, _ sample: StackSample?) {
        let expected = run.expected
        if !expected.kinds.isEmpty { isKindRight = expected.kinds.contains(report.kind.rawValue) }
        if !isDisturbed, !expected.categories.isEmpty {
            let isCategoryRight = expected.categories.contains(report.cause.category.rawValue)
            let isCallRight =
                expected.calls.isEmpty || report.cause.systemCall.map { expected.calls.contains($0) } ?? false
            let isRight = isCategoryRight && isCallRight && (!expected.isHostFault || report.cause.hostAtFault)
            isCauseRight = isRight
            if !isRight {
                let truth = run.truth
                let own =
                    "planted: CPU \(Int(truth.cpuShare * 100)) %, "
                    + "waiting for a CPU \(Int(truth.runDelayShare * 100)) %"
                evidence = [own, report.cause.summary] + report.cause.evidence
            }
        }
        // A stack that was taken after the planted function had returned cannot show it.
        let isInTime = (report.detectionLatencyNs ?? 0) + run.thresholdNs <= run.durationNs
        if !expected.function.isEmpty, expected.isCapturable, isInTime, let sample {
            let frames = sample.frames.filter { !$0.isRuntime }
            let isNamed = frames.prefix(Rules.frames).contains { $0.function?.contains(expected.function) ?? false }
            isFunctionRight = isNamed
            if !isNamed { framesSeen = frames.prefix(6).map { $0.function ?? $0.module ?? $0.address } }
        }
    }

    private static func counted(_ run: PlantedRun) -> Bool? {
        if run.isStall {
            // Room for a second late tick in the envelope: at least the planted one.
            let mayBeMore = run.envelope.lengthNs - min(run.envelope.lengthNs, run.durationNs) >= run.thresholdNs
            return mayBeMore ? run.lateTicks >= 1 : run.lateTicks == 1
        }
        return run.cannotStall ? run.lateTicks == 0 : nil
    }
}

extension StallReport {
    /// The first stack with frames.
    var stack: StackSample? { samples.first { !$0.frames.isEmpty } }
}

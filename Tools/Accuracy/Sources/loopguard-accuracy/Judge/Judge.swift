import LoopguardCore

/// The suite's figures, from what the scenarios' processes handed back. Pure.
struct Judgement: Codable, Sendable {
    var planted = 0
    var notPlanted = 0
    var stalls = 0
    /// The loop's own count was right.
    var counted = Share()
    var reported = Share()
    /// Caught while it lasted with a stack, at 1.2 thresholds and more: in the runs in which the watchdog was on time, and
    /// in all.
    var caught = Share()
    var caughtOfAll = Share()
    /// Runs that do not count because the watchdog itself got no CPU in time.
    var watchdogLate = 0
    /// Runs whose cause does not count because the host took the planter's CPU.
    var disturbed = 0
    var falseAlarms: [FalseAlarm] = []
    /// Reports of stalls that nobody planted and the host made: the loop's thread waited for a CPU that long.
    var hostStalls = 0
    var latency = Distribution([])
    var latencyOfAll = Distribution([])
    var toldAfter = Distribution([])
    var watchdogLateness = Distribution([])
    var durationError = Distribution([])
    var captureCost = Distribution([])
    var cause = Share()
    var kind = Share()
    var function = Share()
    /// Expected category, reported category, count.
    var confusion: [String: [String: Int]] = [:]
    var validity: [String: Int] = [:]
    var byKind: [String: KindFigures] = [:]
    /// What the stalled threads noticed.
    var interrupted: UInt64 = 0
    var shortened = 0
    var shortenedNs: UInt64 = 0
    var mistakes: [RunVerdict] = []

    struct FalseAlarm: Codable, Sendable {
        var scenario: String
        var during: String
        var report: String
        var durationNs: UInt64
        var kind: String
        var cause: String
    }

    struct KindFigures: Codable, Sendable {
        var stalls = 0
        /// With a stack, of those of at least 1.2 thresholds; late watchdog and threads that cannot be captured included.
        var withStack = Share()
        var cause = Share()
        var kind = Share()
        var function = Share()
        var latency = Distribution([])
    }

    private var latencies: [UInt64] = []
    private var latenciesOfAll: [UInt64] = []
    private var told: [UInt64] = []
    private var lateness: [UInt64] = []
    private var errors: [UInt64] = []
    private var costs: [UInt64] = []
    private var kindLatencies: [String: [UInt64]] = [:]

    private enum CodingKeys: CodingKey {
        case planted, notPlanted, stalls, counted, reported, caught, caughtOfAll, watchdogLate, disturbed, falseAlarms
        case hostStalls, latency, latencyOfAll, toldAfter, watchdogLateness, durationError, captureCost, cause, kind
        case function, confusion, validity, byKind, interrupted, shortened, shortenedNs, mistakes
    }

    init(_ results: [ChildResult]) {
        for result in results { judge(result) }
        latency = Distribution(latencies)
        latencyOfAll = Distribution(latenciesOfAll)
        toldAfter = Distribution(told)
        watchdogLateness = Distribution(lateness)
        durationError = Distribution(errors)
        captureCost = Distribution(costs)
        for (kind, values) in kindLatencies { byKind[kind]?.latency = Distribution(values) }
    }

    private mutating func judge(_ result: ChildResult) {
        let runs = result.runs
        let failed = runs.count { $0.truth.error != 0 }
        planted += runs.count - failed
        notPlanted += failed
        let matched = Matcher.match(runs, result.reports)
        // One that failed says nothing, but whatever is reported of it is no false alarm.
        for (index, run) in runs.enumerated() where run.truth.error == 0 {
            let record = matched.byRun[index]
            let verdict = RunVerdict(run, record)
            add(verdict, run)
            if let record, !run.isStall, run.cannotStall {
                falseAlarms.append(FalseAlarm(result.scenario, run.kind, record.report))
            }
        }
        for record in matched.rest { addUnplanned(record, result) }
    }

    /// A report of nothing that was planted: the host made it, or nobody did.
    private mutating func addUnplanned(_ record: ReportRecord, _ result: ChildResult) {
        for control in result.controls
        where record.span(unixOffsetNs: control.unixOffsetNs).overlapNs(control.span) > 0 {
            let span = record.span(unixOffsetNs: control.unixOffsetNs)
            // What the loops do in the controls takes half a threshold at most: the rest was the host's.
            if control.delays.delayNs(in: span) >= control.thresholdNs / 2 {
                hostStalls += 1
            } else {
                falseAlarms.append(FalseAlarm(result.scenario, control.name, record.report))
            }
            return
        }
        // Between two runs: the delay since the run before is in the next run's figures.
        let next = result.runs.first {
            record.span(unixOffsetNs: $0.unixOffsetNs).beganNs < $0.envelope.endedNs
        }
        if let next, next.host.loopRunDelayNs >= next.thresholdNs / 2 || next.host.stolenNs > 0 {
            hostStalls += 1
        } else {
            falseAlarms.append(FalseAlarm(result.scenario, "no stall", record.report))
        }
    }

    private mutating func add(_ verdict: RunVerdict, _ run: PlantedRun) {
        interrupted += run.truth.interrupted
        if run.truth.shortenedNs > 0 { shortened += 1 }
        shortenedNs += run.truth.shortenedNs
        if let isRight = verdict.isCountedRight { counted.add(isRight) }
        guard verdict.isStall else {
            if verdict.isCountedRight == false { mistakes.append(verdict) }
            return
        }
        stalls += 1
        reported.add(verdict.isReported)
        var figures = byKind[run.kind] ?? KindFigures()
        figures.stalls += 1
        if let isCaught = verdict.isCaught {
            caughtOfAll.add(isCaught)
            if verdict.isWatchdogOnTime { caught.add(isCaught) }
        }
        if run.ratio >= RunVerdict.Rules.caughtFrom { figures.withStack.add(verdict.hasStack) }
        if !verdict.isWatchdogOnTime { watchdogLate += 1 }
        if verdict.isDisturbed { disturbed += 1 }
        if let latency = verdict.latencyNs {
            latenciesOfAll.append(latency)
            if verdict.isWatchdogOnTime {
                latencies.append(latency)
                kindLatencies[run.kind, default: []].append(latency)
                if let after = verdict.toldAfterNs { told.append(after) }
            }
        }
        if let value = verdict.watchdogLatenessNs { lateness.append(value) }
        if let error = verdict.durationErrorNs { errors.append(error) }
        if let cost = verdict.costNs { costs.append(cost) }
        if let name = verdict.validity { validity[name, default: 0] += 1 }
        if let isRight = verdict.isKindRight {
            kind.add(isRight)
            figures.kind.add(isRight)
        }
        if let isRight = verdict.isFunctionRight {
            function.add(isRight)
            figures.function.add(isRight)
        }
        if let isRight = verdict.isCauseRight {
            cause.add(isRight)
            figures.cause.add(isRight)
            if let category = verdict.category {
                confusion[verdict.expectedCategory, default: [:]][category, default: 0] += 1
            }
        }
        byKind[run.kind] = figures
        let isMissed = verdict.isCaught == false && verdict.isWatchdogOnTime
        let judged = [verdict.isCountedRight, verdict.isCauseRight, verdict.isKindRight, verdict.isFunctionRight]
        if isMissed || judged.contains(false) { mistakes.append(verdict) }
    }
}

extension Judgement.FalseAlarm {
    init(_ scenario: String, _ during: String, _ report: StallReport) {
        self.init(
            scenario: scenario, during: during, report: report.id, durationNs: report.durationNs,
            kind: report.kind.rawValue, cause: report.cause.summary)
    }
}

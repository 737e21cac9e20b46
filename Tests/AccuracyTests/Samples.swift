import LoopguardCore

@testable import loopguard_accuracy

/// A threshold of 20 ms; runs begin at 1 s on the planter's clock, which is 100 s behind the wall clock.
enum Sample {
    static let thresholdNs: UInt64 = 20_000_000
    static let unixOffsetNs: UInt64 = 100_000_000_000
    static let began: UInt64 = 1_000_000_000

    static func ms(_ value: Double) -> UInt64 { UInt64(value * 1e6) }

    /// - Parameters:
    ///   - slack: time of the envelope before and after the stall, milliseconds each.
    static func run(
        id: Int = 0, at beganNs: UInt64 = began, milliseconds: Double, lateTicks: UInt64 = 1, slack: Double = 1,
        loop: String = "loop-0", expected: Expectation = Expectation(), cpuShare: Double = 0, delayShare: Double = 0,
        host: HostFigures = HostFigures(), shortenedNs: UInt64 = 0, error: Int32 = 0
    ) -> PlantedRun {
        let length = ms(milliseconds)
        return PlantedRun(
            id: id, kind: "usleep", place: "actor", factor: milliseconds / 20, loop: loop, thresholdNs: thresholdNs,
            truth: Truth(
                span: Span(beganNs: beganNs, endedNs: beganNs + length), cpuNs: UInt64(Double(length) * cpuShare),
                runDelayNs: UInt64(Double(length) * delayShare), interrupted: 0, shortenedNs: shortenedNs, error: error),
            expected: expected,
            envelope: Span(beganNs: beganNs - ms(slack), endedNs: beganNs + length + ms(slack)), lateTicks: lateTicks,
            unixOffsetNs: unixOffsetNs, host: host)
    }

    static func report(
        at beganNs: UInt64 = began, milliseconds: Double, loop: String = "loop-0",
        category: CauseCategory = .blockedInSystemCall, call: String? = "clock_nanosleep", kind: StallKind = .singleJob,
        functions: [String?] = ["nanosleep", "work()", "Planted.usleep(_:)"], runtimeFrames: Int = 1,
        latencyNs: UInt64? = 100_000, latenessNs: UInt64 = 50_000, hostAtFault: Bool = false
    ) -> ReportRecord {
        let frames = functions.enumerated().map { index, function in
            StackFrame(function: function, address: "0x1", kind: .physical, isRuntime: index < runtimeFrames)
        }
        let report = StallReport(
            id: "r\(beganNs)", host: "h", worker: 0, pid: 1, loop: loop,
            startedAtUnixNs: Int64(beganNs + unixOffsetNs), durationNs: ms(milliseconds), ongoing: false,
            thresholdNs: thresholdNs, detectionLatencyNs: latencyNs, watchdogLatenessNs: latenessNs, kind: kind,
            cause: StallCause(category: category, summary: "", systemCall: call, hostAtFault: hostAtFault), scope: nil,
            blast: BlastRadius(connections: 1, connectionSeconds: 0), jobsInTick: 1,
            samples: latencyNs == nil
                ? [] : [StackSample(offsetNs: thresholdNs, validity: .verified, costNs: 90_000, frames: frames)],
            fingerprint: "f", remedy: "")
        return ReportRecord(report: report, toldNs: nil)
    }

    static func verdict(_ run: PlantedRun, _ record: ReportRecord?) -> RunVerdict { RunVerdict(run, record) }
}

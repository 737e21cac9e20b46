import LoopguardCore

/// What one scenario's process hands back.
struct ChildResult: Codable, Sendable {
    var scenario: String
    var runs: [PlantedRun] = []
    var controls: [ControlRun] = []
    var reports: [ReportRecord] = []
    var skipped: [Skip] = []
    var storms: [Storm] = []
    var memory: MemoryFigures?
    var watchdog: WatchdogFigures?
    /// What simpler detectors saw of the same runs, by detector.
    var baselines: [String: [Detection]] = [:]
    var degradations: [String] = []
}

/// A report as a reporter got it.
struct ReportRecord: Codable, Sendable {
    var report: StallReport
    /// When the reporter was first told, CLOCK_MONOTONIC; nil when only of the end.
    var toldNs: UInt64?
    var isSuppressed = false
}

/// Something that must not be reported.
struct ControlRun: Codable, Sendable {
    var name: String
    var span: Span
    var thresholdNs: UInt64
    var unixOffsetNs: UInt64
    /// The loops' own count of late ticks.
    var lateTicks: UInt64
    /// Time without a CPU of the loops' and the control loop's threads so far, every few milliseconds; empty while the
    /// control is about doing nothing.
    var delays: [DelaySample]
    /// Wake-ups of the watchdog's thread, when the control is about them.
    var wakeups: UInt64?
}

/// A running sum at a moment, CLOCK_MONOTONIC.
struct DelaySample: Codable, Sendable {
    var atNs: UInt64
    var delayNs: UInt64
}

extension [DelaySample] {
    /// How long the threads waited for a CPU in `span`, to the next sample on both sides.
    func delayNs(in span: Span) -> UInt64 {
        guard let before = last(where: { $0.atNs <= span.beganNs }) ?? first,
            let after = first(where: { $0.atNs >= span.endedNs }) ?? last, after.delayNs > before.delayNs
        else { return 0 }
        return after.delayNs - before.delayNs
    }
}

/// A scenario or kind that this machine cannot do.
struct Skip: Codable, Equatable, Sendable {
    var name: String
    var reason: String
}

/// Back-to-back captures of a thread in one of the places that captures must survive.
struct Storm: Codable, Sendable {
    var name: String
    var captures: Int
    var verified: Int
    var partial: Int
    var stale: Int
    var notCaptured: Int
    var costP50Ns: UInt64
    var costP99Ns: UInt64
    /// Turns that the victim made meanwhile: it was never held up for good.
    var turns: UInt64
}

/// What is kept after many stalls.
struct MemoryFigures: Codable, Sendable {
    struct Point: Codable, Sendable {
        var stalls: Int
        var residentBytes: UInt64
        var storeBytes: Int
        var storedReports: Int
        var sites: Int
    }
    var points: [Point]
}

/// What the watchdog itself used while stalls were planted.
struct WatchdogFigures: Codable, Sendable {
    var wallNs: UInt64
    var cpuNs: UInt64
    var wakeups: UInt64
    var captures: UInt64
    var maxLatenessNs: UInt64
    var reportsDropped: UInt64
}

/// One stall as a simpler detector saw it.
struct Detection: Codable, Sendable {
    var span: Span
    /// When it was noticed; after the end for those that only look back.
    var noticedNs: UInt64
}

/// One stall that was planted, with what the planter itself measured. All times CLOCK_MONOTONIC, nanoseconds.
struct PlantedRun: Codable, Equatable, Sendable {
    /// Running number in its process.
    var id: Int
    /// What blocked, such as `usleep`.
    var kind: String
    /// Where, such as `actor`.
    var place: String
    /// Wanted length in thresholds.
    var factor: Double
    var loop: String
    var thresholdNs: UInt64
    var truth: Truth
    var expected: Expectation
    /// From before the work was handed to the loop until the loop has turned once more: all of its late ticks of this run
    /// lie in here.
    var envelope: Span
    /// The loop's own count of late ticks over the envelope.
    var lateTicks: UInt64
    /// Wall clock minus monotonic clock: reports carry the wall clock.
    var unixOffsetNs: UInt64
    /// What the kernel says about other threads over the envelope, and since the run before.
    var host: HostFigures

    var durationNs: UInt64 { truth.span.lengthNs }
    var isStall: Bool { durationNs >= thresholdNs }
    /// Too short to stall, and there was no time for anything else that could have.
    var cannotStall: Bool { envelope.lengthNs < thresholdNs }
    /// Its length in thresholds, as it came out.
    var ratio: Double { Double(durationNs) / Double(max(1, thresholdNs)) }
}

/// A piece of time.
struct Span: Codable, Equatable, Sendable {
    var beganNs: UInt64
    var endedNs: UInt64

    var lengthNs: UInt64 { endedNs > beganNs ? endedNs - beganNs : 0 }

    func overlapNs(_ other: Span) -> UInt64 {
        let began = max(beganNs, other.beganNs)
        let ended = min(endedNs, other.endedNs)
        return ended > began ? ended - began : 0
    }
}

/// What the stalled thread measured.
struct Truth: Codable, Equatable, Sendable {
    var span: Span
    /// CPU time of the thread, and time it was runnable without a CPU.
    var cpuNs: UInt64
    var runDelayNs: UInt64
    /// Calls that returned EINTR.
    var interrupted: UInt64
    /// By how much timed waits were shorter than asked for.
    var shortenedNs: UInt64
    /// Why it could not be planted: an errno, 0 = it was.
    var error: Int32

    var cpuShare: Double { span.lengthNs == 0 ? 0 : min(1, Double(cpuNs) / Double(span.lengthNs)) }
    var runDelayShare: Double { span.lengthNs == 0 ? 0 : min(1, Double(runDelayNs) / Double(span.lengthNs)) }
}

/// What a right report says. Raw values of `CauseCategory`, `StallKind` and system-call names; empty = anything.
struct Expectation: Codable, Equatable, Sendable {
    /// The first one names the row of the confusion table.
    var categories: [String] = []
    var calls: [String] = []
    var kinds: [String] = []
    /// Part of the planted function's name.
    var function: String = ""
    /// Whether a stack can be had at all: not while the capture's signal is masked and the thread runs.
    var isCapturable = true
    /// The host, not the handler, is to blame.
    var isHostFault = false
}

/// What happened around a run.
struct HostFigures: Codable, Equatable, Sendable {
    /// Time the watchdog's thread was runnable without a CPU, over the envelope.
    var watchdogRunDelayNs: UInt64 = 0
    /// The same of the loops' and the control loop's threads, the largest, since the end of the run before.
    var loopRunDelayNs: UInt64 = 0
    /// Time the hypervisor took, all processors, over the envelope.
    var stolenNs: UInt64 = 0
}

public import LoopguardCore

/// Gets every stall.
///
/// ```swift
/// struct Pager: StallReporter {
///     func stallSeen(_ report: StallReport) {}  // it goes on: once for each stack taken
///     func stallEnded(_ report: StallReport, isSuppressed: Bool) {
///         guard !isSuppressed, report.durationNs > 1_000_000_000 else { return }
///         page("\(report.loop) stood still for \(report.durationNs / 1_000_000) ms: \(report.cause.summary)")
///     }
/// }
/// configuration.reporters = [LogStallReporter(logger: configuration.logger), Pager()]
/// ```
///
/// Called on the report thread, one call at a time. A reporter that blocks delays reports, never a loop or the detection.
public protocol StallReporter: Sendable {
    /// A stall goes on; called again with each further stack, at doubling distances.
    func stallSeen(_ report: StallReport)
    /// The stall is over; the report is final. `isSuppressed`: its place has had many, and this one is counted only.
    func stallEnded(_ report: StallReport, isSuppressed: Bool)
}

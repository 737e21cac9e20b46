public import Logging
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

/// Writes one structured warning per stall that is not suppressed, and one more as soon as a stall has lasted a second: a
/// handler that blocks for ever would otherwise never be in the log.
public struct LogStallReporter: StallReporter {
    let logger: Logger

    public init(logger: Logger) { self.logger = logger }

    public func stallSeen(_ report: StallReport) {
        // Samples come at doubling distances: exactly one is the first at or after a second.
        let offset = report.samples.last?.offsetNs ?? 0
        guard offset >= 1_000_000_000, report.samples.dropLast().allSatisfy({ $0.offsetNs < 1_000_000_000 }) else {
            return
        }
        logger.warning("event loop still stalled", metadata: metadata(report))
    }

    public func stallEnded(_ report: StallReport, isSuppressed: Bool) {
        guard !isSuppressed else { return }
        let what: Logger.Message =
            report.kind == .blockingCall ? "event loop made a blocking call" : "event loop was stalled"
        logger.warning(what, metadata: metadata(report))
    }

    private func metadata(_ report: StallReport) -> Logger.Metadata {
        var metadata: Logger.Metadata = [
            "stall": "\(report.id)", "loop": "\(report.loop)", "duration_ms": "\(report.durationNs / 1_000_000)",
            "kind": "\(report.kind.rawValue)", "cause": "\(report.cause.summary)",
            "connections": "\(report.blast.connections)", "fingerprint": "\(report.fingerprint)",
        ]
        if let scope = report.scope {
            metadata["route"] = "\(scope.route)"
            metadata["connection"] = "\(scope.connection)"
            metadata["correlation"] = "\(scope.correlation)"
        }
        if let frame = report.samples.first?.frames.first(where: { !$0.isRuntime && $0.function != nil }) {
            let place = frame.file.map { " \($0):\(frame.line ?? 0)" } ?? ""
            metadata["at"] = "\(frame.function ?? "?")\(place)"
        }
        return metadata
    }
}

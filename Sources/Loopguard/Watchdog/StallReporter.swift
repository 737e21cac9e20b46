public import Logging
public import LoopguardCore

/// Gets every stall that is reported in full.
///
/// Called on the report thread, one call at a time. A reporter that blocks delays reports, never a loop or the detection.
public protocol StallReporter: Sendable {
    /// A stall has been caught and goes on.
    func stallBegan(_ report: StallReport)
    /// The stall is over; the report is final.
    func stallEnded(_ report: StallReport)
}

/// Writes one structured warning per stall, and one more as soon as a stall has lasted a second: a handler that blocks for
/// ever would otherwise never be in the log.
public struct LogStallReporter: StallReporter {
    let logger: Logger

    public init(logger: Logger) { self.logger = logger }

    public func stallBegan(_ report: StallReport) {
        guard report.durationNs >= 1_000_000_000 else { return }
        logger.warning("event loop still stalled", metadata: metadata(report))
    }

    public func stallEnded(_ report: StallReport) {
        logger.warning("event loop was stalled", metadata: metadata(report))
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

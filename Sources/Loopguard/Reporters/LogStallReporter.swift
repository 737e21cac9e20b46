public import Logging
public import LoopguardCore
import Synchronization

/// Writes one structured warning per stall that is not suppressed, and one more as soon as a stall has lasted a second: a
/// handler that blocks for ever would otherwise never be in the log.
///
/// The line names everything that is needed to find and to rank the stall: `stall` (the report's id), `loop`, `duration_ms`,
/// `kind`, `category`, `cause` in words, `host_at_fault`, whom it hurt (`connections`, `connection_seconds`, `broadcasts_waiting`,
/// `bytes_waiting`, `pings_missed`), `fingerprint`, the scope (`route`, `connection`, `correlation`, `message`), `at` (function
/// and line) and `suppressed_before`: stalls of the same place since its last line.
public struct LogStallReporter: StallReporter {
    /// Places whose suppressed stalls are counted; the one with the fewest makes room. Not an option: it only bounds memory.
    static let maximumPlaces = 1_000

    private final class Suppressed: Sendable {
        let counts = Mutex<[String: UInt64]>([:])
    }

    let logger: Logger
    private let suppressed = Suppressed()

    public init(logger: Logger) { self.logger = logger }

    public func stallSeen(_ report: StallReport) {
        // Samples come at doubling distances: exactly one is the first at or after a second.
        let offset = report.samples.last?.offsetNs ?? 0
        guard offset >= 1_000_000_000, report.samples.dropLast().allSatisfy({ $0.offsetNs < 1_000_000_000 }) else {
            return
        }
        logger.warning("event loop still stalled", metadata: Self.metadata(report, suppressedBefore: nil))
    }

    public func stallEnded(_ report: StallReport, isSuppressed: Bool) {
        guard !isSuppressed else {
            suppressed.counts.withLock { counts in
                if counts[report.fingerprint] == nil, counts.count >= Self.maximumPlaces,
                    let least = counts.min(by: { ($0.value, $0.key) < ($1.value, $1.key) })
                {
                    counts[least.key] = nil
                }
                counts[report.fingerprint, default: 0] &+= 1
            }
            return
        }
        let before = suppressed.counts.withLock { $0.removeValue(forKey: report.fingerprint) } ?? 0
        let what: Logger.Message =
            report.kind == .blockingCall ? "event loop made a blocking call" : "event loop was stalled"
        logger.warning(what, metadata: Self.metadata(report, suppressedBefore: before))
    }

    private static func metadata(_ report: StallReport, suppressedBefore: UInt64?) -> Logger.Metadata {
        let blast = report.blast
        var metadata: Logger.Metadata = [
            "stall": "\(report.id)", "loop": "\(report.loop)", "duration_ms": "\(report.durationNs / 1_000_000)",
            "kind": "\(report.kind.rawValue)", "category": "\(report.cause.category.rawValue)",
            "cause": "\(report.cause.summary)", "host_at_fault": "\(report.cause.hostAtFault)",
            "connections": "\(blast.connections)", "connection_seconds": "\(rounded(blast.connectionSeconds))",
            "fingerprint": "\(report.fingerprint)",
        ]
        if blast.broadcastsWaiting > 0 { metadata["broadcasts_waiting"] = "\(blast.broadcastsWaiting)" }
        if blast.bytesWaiting > 0 { metadata["bytes_waiting"] = "\(blast.bytesWaiting)" }
        if blast.pingsMissed > 0 { metadata["pings_missed"] = "\(blast.pingsMissed)" }
        if let suppressedBefore, suppressedBefore > 0 { metadata["suppressed_before"] = "\(suppressedBefore)" }
        if let scope = report.scope {
            metadata["route"] = "\(scope.route)"
            metadata["connection"] = "\(scope.connection)"
            metadata["correlation"] = "\(scope.correlation)"
            if scope.message > 0 { metadata["message"] = "\(scope.message)" }
        }
        if let place = report.topFrame { metadata["at"] = "\(place)" }
        return metadata
    }

    /// Three decimals.
    private static func rounded(_ value: Double) -> Double {
        value.isFinite ? (value * 1000).rounded() / 1000 : 0
    }
}

extension StallReport {
    /// Function, file and line of the innermost frame that somebody wrote; nil without a stack.
    var topFrame: String? {
        guard let frame = samples.first?.frames.first(where: { !$0.isRuntime && $0.function != nil }) else {
            return nil
        }
        let place = frame.file.map { " \($0):\(frame.line ?? 0)" } ?? ""
        return "\(frame.function ?? "?")\(place)"
    }
}

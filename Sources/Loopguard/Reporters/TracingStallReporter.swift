public import LoopguardCore
import ServiceContextModule
public import Tracing

/// Makes a span of each stall, for swift-distributed-tracing: from the stall's beginning to its end, below the span that the
/// stalled handler was in.
///
/// What a task's current span is can be read by the task alone, so handlers leave it where the watchdog finds it: a
/// ``HandlerScope`` takes `ServiceContext.current` at the begin of each message, and a handler that opens a span of its own calls
/// ``HandlerScope/adoptServiceContext()`` inside it. A stall of nobody's handler gets a span without a parent.
///
/// A call that strict mode objects to gets a span of another name, and without an error: it is no stall.
///
/// A suppressed stall gets no span. Called on the report thread.
public final class TracingStallReporter: StallReporter {
    private let tracer: (any Tracer)?

    /// - Parameter tracer: nil, the default: the one that the program bootstrapped, looked up for each stall.
    public init(tracer: (any Tracer)? = nil) {
        self.tracer = tracer
        StallContexts.shared.want()
    }

    public func stallSeen(_ report: StallReport) {}

    public func stallEnded(_ report: StallReport, isSuppressed: Bool) {
        guard !isSuppressed else { return }
        let context = report.scope.flatMap {
            StallContexts.shared.context(connection: $0.connection, message: $0.message)
        }
        let tracer: any Tracer = tracer ?? InstrumentationSystem.tracer
        let isCall = report.kind == .blockingCall
        let began = UInt64(clamping: report.startedAtUnixNs)
        let span = Self.start(
            isCall ? "blocking call on an event loop" : "event loop stall", on: tracer,
            at: Instant(nanosecondsSinceEpoch: began), context: context ?? .topLevel)
        span.updateAttributes { Self.describe(report, in: &$0) }
        if !isCall { span.setStatus(SpanStatus(code: .error, message: report.cause.summary)) }
        span.end(at: Instant(nanosecondsSinceEpoch: began.addingReportingOverflow(report.durationNs).partialValue))
    }

    /// Opens the existential: without a concrete type the library offers a deprecated call only.
    private static func start(
        _ name: String, on tracer: some Tracer, at instant: Instant, context: ServiceContext
    ) -> any Span {
        tracer.startSpan(name, context: context, ofKind: .internal, at: instant)
    }

    private static func describe(_ report: StallReport, in attributes: inout SpanAttributes) {
        attributes["loopguard.stall"] = report.id
        attributes["loopguard.loop"] = report.loop
        attributes["loopguard.worker"] = report.worker
        attributes["loopguard.kind"] = report.kind.rawValue
        attributes["loopguard.cause"] = report.cause.category.rawValue
        attributes["loopguard.cause.summary"] = report.cause.summary
        attributes["loopguard.host_at_fault"] = report.cause.hostAtFault
        attributes["loopguard.fingerprint"] = report.fingerprint
        attributes["loopguard.duration_ns"] = Int64(clamping: report.durationNs)
        attributes["loopguard.connections"] = report.blast.connections
        attributes["loopguard.connection_seconds"] = report.blast.connectionSeconds
        if let scope = report.scope {
            attributes["loopguard.route"] = scope.route
            attributes["loopguard.connection"] = scope.connection
            attributes["loopguard.correlation"] = scope.correlation
        }
        if let frame = report.topFrame { attributes["loopguard.frame"] = frame }
    }

    /// A time that has passed already.
    private struct Instant: TracerInstant {
        var nanosecondsSinceEpoch: UInt64
        static func < (a: Instant, b: Instant) -> Bool { a.nanosecondsSinceEpoch < b.nanosecondsSinceEpoch }
    }
}

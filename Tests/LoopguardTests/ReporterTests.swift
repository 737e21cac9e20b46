import InMemoryTracing
import Logging
import Loopguard
import LoopguardCore
import Metrics
import MetricsTestKit
import Synchronization
import Testing
import Tracing

@Suite struct ReporterTests {
    private func report(
        _ id: String = "h-1-1", route: String? = "/ws/a", fingerprint: String = "0123456789abcdef",
        hostAtFault: Bool = false, durationNs: UInt64 = 250_000_000
    ) -> StallReport {
        var cause = StallCause(category: .unknown, summary: "reasons", evidence: [])
        cause.hostAtFault = hostAtFault
        return StallReport(
            id: id, host: "h", worker: 1, pid: 2, loop: "loop-0", startedAtUnixNs: 1_700_000_000_000_000_000,
            durationNs: durationNs, ongoing: false, thresholdNs: 50_000_000, detectionLatencyNs: 1,
            watchdogLatenessNs: 0, kind: .singleJob, cause: cause,
            scope: route.map {
                StallScope(route: $0, connection: "c1", correlation: "abc", message: 7, remote: nil)
            },
            blast: BlastRadius(
                connections: 10, connectionSeconds: 2, broadcastsWaiting: 3, bytesWaiting: 4, pingsMissed: 5),
            jobsInTick: 1, samples: [], fingerprint: fingerprint, remedy: "")
    }

    // MARK: metrics

    @Test func `stalls are counted by kind, cause and route, suppressed ones as well`() throws {
        let metrics = TestMetrics()
        let reporter = MetricsStallReporter(factory: metrics)
        reporter.stallSeen(report())
        let gauge = try metrics.expectGauge("loopguard_stalls_ongoing")
        #expect(gauge.lastValue == 1)
        reporter.stallEnded(report(), isSuppressed: false)
        reporter.stallEnded(report("h-1-2", hostAtFault: true), isSuppressed: true)
        #expect(gauge.lastValue == 0)
        let dimensions = [("kind", "single-job"), ("cause", "unknown"), ("route", "/ws/a")]
        #expect(try metrics.expectCounter("loopguard_stalls_total", dimensions).totalValue == 2)
        #expect(try metrics.expectCounter("loopguard_stalls_host_at_fault_total").totalValue == 1)
        let timer = try metrics.expectTimer("loopguard_stall_duration", Array(dimensions.prefix(2)))
        #expect(timer.values == [250_000_000, 250_000_000])
        let recorder = try metrics.expectRecorder("loopguard_stall_connection_seconds", [("cause", "unknown")])
        #expect(recorder.values == [2, 2])
    }

    @Test func `the number of routes is bounded`() throws {
        let metrics = TestMetrics()
        var configuration = MetricsStallReporter.Configuration.defaults
        configuration.maximumRoutes = 1
        let reporter = MetricsStallReporter(configuration, factory: metrics)
        for route in ["/a", "/b", "/c", nil] { reporter.stallEnded(report(route: route), isSuppressed: false) }
        func count(_ route: String) throws -> Int64 {
            try metrics.expectCounter(
                "loopguard_stalls_total", [("kind", "single-job"), ("cause", "unknown"), ("route", route)]
            ).totalValue
        }
        #expect(try count("/a") == 1)
        #expect(try count("other") == 2)
        #expect(try count("none") == 1)
    }

    @Test func `calls that strict mode objects to are counted by themselves, and as no stalls`() throws {
        let metrics = TestMetrics()
        let tracer = InMemoryTracer()
        var call = report()
        call.kind = .blockingCall
        let reporters: [any StallReporter] = [
            MetricsStallReporter(factory: metrics), TracingStallReporter(tracer: tracer),
        ]
        for reporter in reporters {
            reporter.stallSeen(call)
            reporter.stallEnded(call, isSuppressed: false)
        }
        let counter = try metrics.expectCounter(
            "loopguard_blocking_calls_total", [("cause", "unknown"), ("route", "/ws/a")])
        #expect(counter.totalValue == 1)
        #expect(!metrics.counters.contains { $0.label == "loopguard_stalls_total" })
        #expect(metrics.timers.isEmpty && metrics.recorders.allSatisfy { $0.values.isEmpty })
        let span = try #require(tracer.finishedSpans.first)
        #expect(span.operationName == "blocking call on an event loop" && span.status == nil)
    }

    // MARK: tracing

    @Test func `a span is back-dated to the stall and ends with it`() throws {
        let tracer = InMemoryTracer()
        let reporter = TracingStallReporter(tracer: tracer)
        reporter.stallEnded(report(route: nil), isSuppressed: false)
        reporter.stallEnded(report("h-1-2", route: nil), isSuppressed: true)
        let span = try #require(tracer.finishedSpans.first)
        #expect(tracer.finishedSpans.count == 1, "a suppressed stall has no span")
        #expect(span.startInstant.nanosecondsSinceEpoch == 1_700_000_000_000_000_000)
        #expect(span.endInstant.nanosecondsSinceEpoch == 1_700_000_000_250_000_000)
        #expect(span.parentSpanID == nil)
        #expect(span.status?.code == .error)
        #expect(span.attributes.get("loopguard.fingerprint") == .string("0123456789abcdef"))
        #expect(span.attributes.get("loopguard.connections") == .int64(10))
    }

    @Test func `it stands below the span in which the handler was when the watchdog looked`() throws {
        let tracer = InMemoryTracer()
        let reporter = TracingStallReporter(tracer: tracer)
        let scope = HandlerScope(
            route: "/ws/traced", connection: "traced-1", correlationID: .mint(), remoteAddress: nil)
        let message = tracer.startSpan("message")
        ServiceContext.$current.withValue(message.context) { scope.beginMessage() }
        let inner = tracer.startSpan("inner", context: message.context)
        let first = scope.snapshot
        ServiceContext.$current.withValue(inner.context) { scope.adoptServiceContext() }
        ServiceContext.$current.withValue(inner.context) { scope.beginMessage() }
        let second = scope.snapshot
        // Both are reported after the handler went on.
        scope.beginMessage()
        for stalled in [first, second] {
            var report = report()
            report.scope = stalled
            reporter.stallEnded(report, isSuppressed: false)
        }
        #expect(
            tracer.finishedSpans.map(\.parentSpanID) == [
                message.context.inMemorySpanContext?.spanID, inner.context.inMemorySpanContext?.spanID,
            ])
        #expect(tracer.finishedSpans.map(\.traceID).allSatisfy { $0 == message.context.inMemorySpanContext?.traceID })
    }

    // MARK: logs

    private final class Lines: LogHandler, Sendable {
        let lines = Mutex<[(String, Logger.Metadata)]>([])
        var metadata: Logger.Metadata {
            get { [:] }
            set {}
        }
        var logLevel: Logger.Level {
            get { .trace }
            set {}
        }
        subscript(metadataKey _: String) -> Logger.Metadata.Value? {
            get { nil }
            set {}
        }
        func log(event: LogEvent) { lines.withLock { $0.append((event.message.description, event.metadata ?? [:])) } }
    }

    @Test func `a line has whom it hurt, who is to blame, and how many were left out before`() {
        let lines = Lines()
        let reporter = LogStallReporter(logger: Logger(label: "test") { _ in lines })
        reporter.stallEnded(report(), isSuppressed: true)
        reporter.stallEnded(report(), isSuppressed: true)
        reporter.stallEnded(report(fingerprint: "another"), isSuppressed: true)
        reporter.stallEnded(report(hostAtFault: true), isSuppressed: false)
        reporter.stallEnded(report(), isSuppressed: false)
        let written = lines.lines.withLock { $0 }
        #expect(written.map(\.0) == ["event loop was stalled", "event loop was stalled"])
        let first = written[0].1
        #expect(first["host_at_fault"] == "true" && first["suppressed_before"] == "2")
        #expect(first["connection_seconds"] == "2.0" && first["connections"] == "10")
        #expect(first["broadcasts_waiting"] == "3" && first["bytes_waiting"] == "4" && first["pings_missed"] == "5")
        #expect(first["route"] == "/ws/a" && first["correlation"] == "abc" && first["message"] == "7")
        #expect(written[1].1["suppressed_before"] == nil)
    }
}

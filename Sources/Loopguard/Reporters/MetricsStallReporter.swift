public import LoopguardCore
public import Metrics
import Synchronization

/// Reports stalls to swift-metrics, for whatever backend the program has chosen.
///
/// ```swift
/// configuration.reporters = [LogStallReporter(logger: logger), MetricsStallReporter()]
/// ```
///
/// - `loopguard_stalls_total`: counter, by `kind`, `cause` and `route`; suppressed stalls are counted as well.
/// - `loopguard_stall_duration`: timer, by `kind` and `cause`.
/// - `loopguard_stall_connection_seconds`: recorder without buckets, by `cause`: connections times the time over the threshold.
/// - `loopguard_stalls_ongoing`: gauge.
/// - `loopguard_blocking_calls_total`: counter, by `cause` and `route`: what strict mode objects to; no stalls, counted in none of
///   the others.
/// - `loopguard_stalls_host_at_fault_total`: counter: the machine was to blame, no handler.
///
/// Called on the report thread.
public final class MetricsStallReporter: StallReporter {
    /// Limits.
    public struct Configuration: Sendable {
        /// Routes that get a series of their own; further ones are counted as `other`. 0 = no route is told apart. Default 50.
        public var maximumRoutes: Int = 50
        /// Begins all names. Default `loopguard`.
        public var prefix: String = "loopguard"

        public static let defaults = Configuration()
        public init() {}
    }

    private struct State {
        var routes: Set<String> = []
        /// Reports that go on.
        var ongoing: Set<String> = []
        var counters: [[String]: Counter] = [:]
        var calls: [[String]: Counter] = [:]
        var timers: [[String]: Timer] = [:]
        var recorders: [String: Recorder] = [:]
    }

    private let configuration: Configuration
    private let factory: any MetricsFactory
    private let gauge: Gauge
    private let hostAtFault: Counter
    private let state = Mutex(State())

    /// - Parameter factory: default: the one that the program bootstrapped (call after `MetricsSystem.bootstrap`).
    public init(_ configuration: Configuration = .defaults, factory: any MetricsFactory = MetricsSystem.factory) {
        self.configuration = configuration
        self.factory = factory
        gauge = Gauge(label: "\(configuration.prefix)_stalls_ongoing", dimensions: [], factory: factory)
        hostAtFault = Counter(
            label: "\(configuration.prefix)_stalls_host_at_fault_total", dimensions: [], factory: factory)
    }

    public func stallSeen(_ report: StallReport) {
        guard report.kind != .blockingCall else { return }
        let count = state.withLock { state in
            state.ongoing.insert(report.id)
            return state.ongoing.count
        }
        gauge.record(count)
    }

    public func stallEnded(_ report: StallReport, isSuppressed: Bool) {
        guard report.kind != .blockingCall else { return blockingCall(report) }
        let kind = report.kind.rawValue
        let cause = report.cause.category.rawValue
        let seconds = report.blast.connectionSeconds
        let (count, counter, timer, recorder) = state.withLock { state in
            state.ongoing.remove(report.id)
            let route = self.route(report.scope?.route, &state)
            return (
                state.ongoing.count, self.counter(kind, cause, route, &state), self.timer(kind, cause, &state),
                self.recorder(cause, &state)
            )
        }
        counter.increment()
        timer.recordNanoseconds(Int64(clamping: report.durationNs))
        recorder.record(seconds.isFinite ? max(0, seconds) : 0)
        if report.cause.hostAtFault { hostAtFault.increment() }
        gauge.record(count)
    }

    private func blockingCall(_ report: StallReport) {
        let cause = report.cause.category.rawValue
        let counter = state.withLock { state in
            let route = self.route(report.scope?.route, &state)
            if let known = state.calls[[cause, route]] { return known }
            let counter = Counter(
                label: "\(configuration.prefix)_blocking_calls_total",
                dimensions: [("cause", cause), ("route", route)], factory: factory)
            state.calls[[cause, route]] = counter
            return counter
        }
        counter.increment()
    }

    /// Kinds and causes are few; routes are the program's own words, and bounded here.
    private func route(_ route: String?, _ state: inout State) -> String {
        guard let route else { return "none" }
        if state.routes.contains(route) { return route }
        guard state.routes.count < configuration.maximumRoutes else { return "other" }
        state.routes.insert(route)
        return route
    }

    private func counter(_ kind: String, _ cause: String, _ route: String, _ state: inout State) -> Counter {
        if let known = state.counters[[kind, cause, route]] { return known }
        let counter = Counter(
            label: "\(configuration.prefix)_stalls_total",
            dimensions: [("kind", kind), ("cause", cause), ("route", route)], factory: factory)
        state.counters[[kind, cause, route]] = counter
        return counter
    }

    private func timer(_ kind: String, _ cause: String, _ state: inout State) -> Timer {
        if let known = state.timers[[kind, cause]] { return known }
        let timer = Timer(
            label: "\(configuration.prefix)_stall_duration", dimensions: [("kind", kind), ("cause", cause)],
            factory: factory)
        state.timers[[kind, cause]] = timer
        return timer
    }

    private func recorder(_ cause: String, _ state: inout State) -> Recorder {
        if let known = state.recorders[cause] { return known }
        let recorder = Recorder(
            label: "\(configuration.prefix)_stall_connection_seconds", dimensions: [("cause", cause)],
            aggregate: true, factory: factory)
        state.recorders[cause] = recorder
        return recorder
    }
}

import Loopguard
import LoopguardCore
import Synchronization

/// Collects reports for a test.
final class StallRecorder: StallReporter {
    private struct State {
        var began: [StallReport] = []
        var ended: [StallReport] = []
    }
    private let state = Mutex(State())

    func stallSeen(_ report: StallReport) { state.withLock { $0.began.append(report) } }
    func stallEnded(_ report: StallReport, isSuppressed: Bool) { state.withLock { $0.ended.append(report) } }

    var began: [StallReport] { state.withLock { $0.began } }
    var ended: [StallReport] { state.withLock { $0.ended } }

    /// Waits until a stall of `route` has ended. Bounded by the suite's time limit.
    func ended(route: String) async throws -> StallReport {
        while true {
            if let report = ended.first(where: { $0.scope?.route == route }) { return report }
            try await Task.sleep(for: .milliseconds(5))
        }
    }

    func began(route: String) async throws -> StallReport {
        while true {
            if let report = began.first(where: { $0.scope?.route == route }) { return report }
            try await Task.sleep(for: .milliseconds(5))
        }
    }
}

/// Runs `body` with a runtime whose reports go to a recorder, and ends it afterwards. `pool`: watches the cooperative pool, on which
/// the tests themselves run.
func withRuntime<T>(
    loops: Int = 1, threshold: Duration = .milliseconds(50), pool: Bool = false, offloadThreads: Int = 16,
    queueAge: Duration = .seconds(1),
    _ body: (LoopguardRuntime, StallRecorder) async throws -> T
) async throws -> T {
    let recorder = StallRecorder()
    var configuration = LoopguardRuntime.Configuration.defaults
    configuration.group.loops = loops
    configuration.group.threshold = threshold
    configuration.watchesCooperativePool = pool
    configuration.offload.threads = offloadThreads
    configuration.offload.queueAgeThreshold = queueAge
    configuration.reporters = [recorder]
    let runtime = try await LoopguardRuntime.start(configuration)
    let result: T
    do { result = try await body(runtime, recorder) } catch {
        await runtime.shutdown()
        throw error
    }
    await runtime.shutdown()
    return result
}

extension LoopguardRuntime {
    /// Runs `handler` as a connection's handler on a loop of the runtime.
    func run(
        _ route: String, on loop: Int = 0, _ handler: @escaping @Sendable () async throws -> Void
    ) -> Task<Void, any Error> {
        let scope = makeScope(route)
        return Task(executorPreference: ConnectionExecutor(loop: group.loops[loop], scope: scope)) {
            try await CorrelationID.$current.withValue(scope.correlationID) { try await handler() }
        }
    }
}

public import Loopguard
public import NIOCore

/// Guarded event loops of one test. Made by the expectations of this module, and ended when their body returns.
public final class GuardedTestLoops: Sendable {
    /// All that runs: the loops (``LoopguardRuntime/group``), the blocking pool.
    public let runtime: LoopguardRuntime

    init(runtime: LoopguardRuntime) { self.runtime = runtime }

    /// The first loop.
    public var loop: any EventLoop { runtime.group.loops[0].eventLoop }

    /// Runs an async handler on a loop, as a server runs that of a connection: reports name `route`.
    ///
    /// All nonisolated async code and default actors called from `body` run on the loop; `Task { }` and `Task.detached { }` do
    /// not.
    ///
    /// - Parameters:
    ///   - route: in reports, such as `/ws/echo`.
    ///   - index: of the loop, from 0. Must exist.
    /// - Throws: what `body` throws.
    public func run<Value: Sendable>(
        _ route: String, on index: Int = 0, _ body: @escaping @Sendable () async throws -> Value
    ) async throws -> Value {
        precondition(
            runtime.group.loops.indices.contains(index),
            "there is no loop \(index): pass loops: \(index + 1) or more to the expectation")
        let scope = HandlerScope(
            route: route, connection: "test", correlationID: CorrelationID.mint(), remoteAddress: nil)
        let executor = ConnectionExecutor(loop: runtime.group.loops[index], scope: scope)
        return try await withTaskExecutorPreference(executor) {
            try await HandlerScope.$current.withValue(scope) {
                try await CorrelationID.$current.withValue(scope.correlationID) { try await body() }
            }
        }
    }
}

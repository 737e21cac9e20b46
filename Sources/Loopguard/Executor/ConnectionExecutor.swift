/// The executor that one connection's handler prefers: says for whom each job runs, and forwards it to the loop.
///
/// Use it as the executor preference of the connection's task:
///
/// ```swift
/// Task(executorPreference: executor) { try await handler(connection, context) }
/// ```
///
/// All nonisolated async code and all default actors called from that task then run on the guarded loop; `Task { }` and
/// `Task.detached { }` inside it do not inherit the preference.
public final class ConnectionExecutor: TaskExecutor {
    /// The loop that runs this connection's jobs.
    public let loop: GuardedLoop
    /// Whom the watchdog names when a job of this connection stalls the loop.
    public let scope: HandlerScope
    let scopeID: UInt64
    // Of the loop, here as well: two pointers less to follow, and a pair of atomic operations less, for each job.
    private let executor: LoopExecutor
    let slot: SlotPointer

    /// - Parameters:
    ///   - loop: the guarded loop that the connection's channel is registered on.
    ///   - scope: kept registered for the watchdog as long as the executor lives.
    public init(loop: GuardedLoop, scope: HandlerScope) {
        self.loop = loop
        self.scope = scope
        self.executor = loop.executor
        self.slot = loop.slot
        self.scopeID = ScopeRegistry.shared.register(scope)
    }

    deinit { ScopeRegistry.shared.unregister(scopeID) }

    public func enqueue(_ job: consuming ExecutorJob) {
        executor.enqueue(UnownedJob(job), for: self)
    }

    /// Names this connection as the one the loop works for, while `body` runs outside any job (a channel handler).
    /// On the loop's thread only.
    @inlinable
    public func attributed<T>(_ body: () throws -> T) rethrows -> T {
        let outer = markBegin()
        defer { markEnd(outer) }
        return try body()
    }
}

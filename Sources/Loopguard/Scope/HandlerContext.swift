public import Logging

/// What a handler gets besides its connection: its identity, a logger, and the way off the loop.
public struct HandlerContext: Sendable {
    public let scope: HandlerScope
    /// Carries the correlation ID in every line.
    public let logger: Logger
    let pool: OffloadPool

    public init(scope: HandlerScope, logger: Logger, pool: OffloadPool) {
        self.scope = scope
        self.logger = logger
        self.pool = pool
    }

    public var correlationID: CorrelationID { scope.correlationID }

    /// Runs blocking work on a thread of the pool, and awaits its result without holding the event loop.
    ///
    /// ```swift
    /// let profile = try await context.offload("load-profile") { try database.load(user) }
    /// ```
    ///
    /// See ``OffloadPool/offload(_:deadline:_:)`` for limits and errors.
    public func offload<T: Sendable>(
        _ name: String, deadline: Duration? = nil, _ work: @escaping @Sendable () throws -> T
    ) async throws -> T {
        try await pool.offload(name, deadline: deadline, work)
    }
}

public import Logging
public import Loopguard

extension WebSocketServer {
    /// A server on the loops, the control loop and the pool of `runtime`.
    ///
    /// - Throws: ``WebSocketError`` with code `.invalidConfiguration`.
    public convenience init(
        runtime: LoopguardRuntime, configuration: WebSocketServerConfiguration = .defaults,
        logger: Logger = Logger(label: "websocket")
    ) throws {
        try self.init(
            configuration: configuration, group: runtime.group, control: runtime.control, pool: runtime.pool,
            logger: logger)
    }

    /// Serves until the task is cancelled, then drains for at most `drain` and ends. Prints nothing; logs the address.
    ///
    /// - Throws: what ``start(_:)`` throws.
    public func run(_ listen: Listen, drain deadline: Duration = .seconds(10)) async throws {
        let address = try await start(listen)
        shared.logger.info("listening on \(address)")
        let never = AsyncStream.makeStream(of: Void.self)
        // Ends by cancellation alone.
        for await _ in never.stream {}
        withExtendedLifetime(never.continuation) {}
        let report = await drain(deadline: deadline, code: .serviceRestart)
        shared.logger.info("drained: \(report.closedCleanly) closed, \(report.timedOut) cut")
        await shutdown()
    }
}

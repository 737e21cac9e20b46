public import Logging
public import LoopguardCore
public import NIOCore
import NIOHTTP1
import NIOPosix
import Synchronization

/// Serves `/debug/…`, `/metrics`, `/healthz` and `/readyz` on an address of their own.
///
/// It lives on a loop that never runs handlers (a worker's control loop, or the supervisor), so it answers while every
/// guarded loop is stuck. Bind it to loopback or to a private network: it has no authentication.
public final class AdminServer: Sendable {
    /// How much the admin address puts up with.
    public struct Limits: Sendable {
        /// Connections at a time; further ones are closed at once. Default 256.
        public var maximumConnections: Int = 256
        /// A connection without a complete request for this long, or that does not take its answer, is closed.
        /// Default 30 s.
        public var idleTimeout: Duration = .seconds(30)

        public static let defaults = Limits()
        public init() {}
    }

    private let eventLoop: any EventLoop
    private let logger: Logger
    private let limits: Limits
    private let cluster: @Sendable () -> ClusterStatus
    private let state = Mutex(State())

    private struct State {
        var listener: (any Channel)?
        var connections: [ObjectIdentifier: any Channel] = [:]
    }

    /// - Parameter cluster: called on `eventLoop` for each request; must not block.
    public init(
        eventLoop: any EventLoop, logger: Logger, limits: Limits = .defaults,
        cluster: @escaping @Sendable () -> ClusterStatus
    ) {
        self.eventLoop = eventLoop
        self.logger = logger
        self.limits = limits
        self.cluster = cluster
    }

    /// Binds and serves.
    ///
    /// - Returns: the address, with the real port when `port` was 0.
    /// - Throws: ``LoopguardError`` with code `.bind` naming the address and the remedy.
    public func start(host: String, port: Int) async throws -> SocketAddress {
        let cluster = self.cluster
        let idle = TimeAmount.nanoseconds(limits.idleTimeout.nanoseconds)
        let bootstrap = ServerBootstrap(group: eventLoop)
            .serverChannelOption(.backlog, value: 128)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    guard self.register(channel) else { throw ChannelError.alreadyClosed }
                    try channel.pipeline.syncOperations.configureHTTPServerPipeline(withErrorHandling: true)
                    try channel.pipeline.syncOperations.addHandler(AdminHandler(timeout: idle, cluster: cluster))
                }
            }
        do {
            let listener = try await bootstrap.bind(host: host, port: port).get()
            state.withLock { $0.listener = listener }
            guard let address = listener.localAddress else {
                throw LoopguardError(.bind, "the admin address \(host):\(port) has no local address.")
            }
            return address
        } catch let error as LoopguardError {
            throw error
        } catch {
            throw LoopguardError(
                .bind,
                "cannot listen on the admin address \(host):\(port): choose another with --admin HOST:PORT, "
                    + "or stop the program that uses it.", cause: error)
        }
    }

    private func register(_ channel: any Channel) -> Bool {
        let isIn = state.withLock { state in
            guard state.connections.count < limits.maximumConnections else { return false }
            state.connections[ObjectIdentifier(channel)] = channel
            return true
        }
        guard isIn else {
            logger.notice(
                "admin connection refused: limit reached", metadata: ["limit": "\(limits.maximumConnections)"])
            return false
        }
        channel.closeFuture.whenComplete { _ in
            _ = self.state.withLock { $0.connections.removeValue(forKey: ObjectIdentifier(channel)) }
        }
        return true
    }

    /// Closes the listener and all connections. Idempotent.
    public func shutdown() async {
        let listener = state.withLock { state in
            defer { state.listener = nil }
            return state.listener
        }
        try? await listener?.close()
        // Only now: until then connections may still have come in.
        let connections = state.withLock { Array($0.connections.values) }
        for connection in connections { try? await connection.close() }
    }
}

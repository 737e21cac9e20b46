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
        /// Connections at a time; for a further one the oldest is closed, so that idle ones cannot shut a person out.
        /// Default 256.
        public var maximumConnections: Int = 256
        /// A connection without a complete request for this long, or that does not take its answer, is closed.
        /// Default 30 s.
        public var idleTimeout: Duration = .seconds(30)

        /// Pages that are live at a time, by server-sent events; further ones ask every few seconds instead. Default 32.
        public var maximumEventStreams: Int = 32

        /// Answers that wait at a time for the one thread that makes them, besides the one that is being made; further requests
        /// get 503. `/healthz` does not wait. Default 64, at least 1.
        public var maximumWaitingAnswers: Int = 64

        public static let defaults = Limits()
        public init() {}
    }

    private let eventLoop: any EventLoop
    private let logger: Logger
    private let limits: Limits
    private let action: AdminAction?
    private let offersSelfTest: Bool
    private let cluster: @Sendable () -> ClusterStatus
    private let state = Mutex(State())

    private struct State {
        var listener: (any Channel)?
        var renderer: AdminRenderer?
        var connections: [ObjectIdentifier: (channel: any Channel, number: UInt64)] = [:]
        var lastNumber: UInt64 = 0
    }

    /// - Parameters:
    ///   - action: obeys `POST` requests; nil, the default: they are answered with 405.
    ///   - offersSelfTest: whether pages have buttons that send `POST /debug/selftest`; false when the action refuses it.
    ///   - cluster: called for each request, on the thread that makes the answers; must not wait for a loop.
    public init(
        eventLoop: any EventLoop, logger: Logger, limits: Limits = .defaults, action: AdminAction? = nil,
        offersSelfTest: Bool = true, cluster: @escaping @Sendable () -> ClusterStatus
    ) {
        self.eventLoop = eventLoop
        self.logger = logger
        self.limits = limits
        self.action = action
        self.offersSelfTest = offersSelfTest
        self.cluster = cluster
    }

    /// Binds and serves.
    ///
    /// - Returns: the address, with the real port when `port` was 0.
    /// - Throws: ``LoopguardError`` with code `.bind` naming the address and the remedy.
    public func start(host: String, port: Int) async throws -> SocketAddress {
        let cluster = self.cluster
        let action = self.action
        let actor = OwnThreadExecutor(name: "lg-action")
        let offersSelfTest = self.offersSelfTest
        let renderer = AdminRenderer(limit: limits.maximumWaitingAnswers)
        let hosts = AdminHostPolicy(boundTo: host)
        let idle = TimeAmount.nanoseconds(limits.idleTimeout.nanoseconds)
        let limit = limits.maximumEventStreams
        let eventLoop = self.eventLoop
        let making = eventLoop.submit {
            NIOLoopBound(
                AdminEventStreams(eventLoop: eventLoop, limit: limit, renderer: renderer, cluster: cluster),
                eventLoop: eventLoop)
        }
        let streams: NIOLoopBound<AdminEventStreams>
        do { streams = try await making.get() } catch {
            await renderer.shutdown()
            throw error
        }
        let bootstrap = ServerBootstrap(group: eventLoop)
            .serverChannelOption(.backlog, value: 128)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            // Answers come later than requests: a client that hangs up one way must not lose its own.
            .childChannelOption(.allowRemoteHalfClosure, value: true)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    self.register(channel)
                    try channel.pipeline.syncOperations.configureHTTPServerPipeline(withErrorHandling: false)
                    try channel.pipeline.syncOperations.addHandler(
                        AdminHandler(
                            hosts: hosts, timeout: idle, action: action, actor: actor, offersSelfTest: offersSelfTest,
                            streams: streams.value, renderer: renderer, cluster: cluster))
                }
            }
        do {
            // loopguard:allow(blocking-dns) reason: once, before anything is served; the address is mostly a number
            let listener = try await bootstrap.bind(host: host, port: port).get()
            state.withLock { state in
                state.listener = listener
                state.renderer = renderer
            }
            guard let address = listener.localAddress else {
                throw LoopguardError(.bind, "the admin address \(host):\(port) has no local address.")
            }
            return address
        } catch let error as LoopguardError {
            throw error
        } catch {
            await renderer.shutdown()
            throw LoopguardError(
                .bind,
                "cannot listen on the admin address \(host):\(port): choose another with --admin HOST:PORT, "
                    + "or stop the program that uses it.", cause: error)
        }
    }

    private func register(_ channel: any Channel) {
        let oldest = state.withLock { state -> (any Channel)? in
            let isFull = state.connections.count >= max(1, limits.maximumConnections)
            let oldest = isFull ? state.connections.min { $0.value.number < $1.value.number } : nil
            if let oldest { state.connections.removeValue(forKey: oldest.key) }
            state.lastNumber += 1
            state.connections[ObjectIdentifier(channel)] = (channel, state.lastNumber)
            return oldest?.value.channel
        }
        if let oldest {
            logger.debug(
                "admin connection limit reached; closing the oldest",
                metadata: ["limit": "\(limits.maximumConnections)"])
            oldest.close(promise: nil)
        }
        channel.closeFuture.whenComplete { _ in
            _ = self.state.withLock { $0.connections.removeValue(forKey: ObjectIdentifier(channel)) }
        }
    }

    /// Closes the listener and all connections. Idempotent.
    public func shutdown() async {
        let (listener, renderer) = state.withLock { state in
            defer {
                state.listener = nil
                state.renderer = nil
            }
            return (state.listener, state.renderer)
        }
        try? await listener?.close()
        // Only now: until then connections may still have come in.
        let connections = state.withLock { $0.connections.values.map(\.channel) }
        for connection in connections { try? await connection.close() }
        await renderer?.shutdown()
    }
}

public import Logging
public import Loopguard
public import LoopguardCore
public import NIOCore
import NIOPosix
import NIOSSL
import Synchronization

/// Accepts WebSocket connections and runs a handler for each.
///
/// ```swift
/// let server = try WebSocketServer(configuration: .defaults, group: group, control: control, pool: pool, logger: logger)
/// server.route("/ws/echo") { connection, _ in
///     for try await message in connection.messages { try await connection.send(message) }
/// }
/// print(try await server.start(.bind(host: "127.0.0.1", port: 8080)))
/// ```
///
/// Any thread.
public final class WebSocketServer: Sendable {
    /// Where connections come from.
    public struct Listen: Sendable {
        enum Source: Sendable {
            case bind(host: String, port: Int)
            case inherited(CInt)
        }
        let source: Source

        /// Binds an address; port 0 takes a free one.
        public static func bind(host: String, port: Int) -> Listen { Listen(source: .bind(host: host, port: port)) }
        /// A listening socket that another process made and shares with others.
        public static func inherited(descriptor: CInt) -> Listen { Listen(source: .inherited(descriptor)) }
    }

    private enum State: Sendable {
        case idle
        case starting
        case running(Acceptor)
        case stopped
    }

    let shared: ServerShared
    private let group: GuardedEventLoopGroup
    private let control: any EventLoop
    private let state = Mutex(State.idle)

    /// - Parameters:
    ///   - group: the loops that run connections and their handlers.
    ///   - control: a loop that never runs user code: times the drain.
    ///   - pool: where ``HandlerContext/offload(_:deadline:_:)`` goes.
    ///   - logger: gets one line a disconnect.
    /// - Throws: ``WebSocketError`` with code `.invalidConfiguration`.
    public init(
        configuration: WebSocketServerConfiguration = .defaults, group: GuardedEventLoopGroup, control: any EventLoop,
        pool: OffloadPool, logger: Logger
    ) throws {
        try configuration.validate()
        self.group = group
        self.control = control
        shared = ServerShared(configuration: configuration, group: group, pool: pool, logger: logger)
    }

    /// Serves WebSockets at `pattern`, whose `{name}` segments are parameters: `/ws/rooms/{room}`. Before ``start(_:)``.
    public func route(_ pattern: String, options: RouteOptions = .defaults, handler: @escaping WebSocketHandler) {
        shared.update {
            $0.addWebSocket(
                pattern, subprotocols: options.subprotocols,
                .init(pattern: pattern, options: options, handler: handler))
        }
    }

    /// Answers GET and HEAD at `pattern`, which may end in `/**`; other methods get 405. Before ``start(_:)``.
    ///
    /// - Parameter answer: runs on a guarded loop; must not block.
    public func get(_ pattern: String, _ answer: @escaping @Sendable (HTTPRequestInfo) -> HTTPAnswer) {
        shared.update { $0.addPlain(pattern, answer) }
    }

    /// Begins to accept; returns the address.
    ///
    /// - Throws: ``LoopguardError`` with code `.bind` when the address cannot be had: its message says why and what to do.
    public func start(_ listen: Listen) async throws -> SocketAddress {
        let mayStart = state.withLock { state in
            guard case .idle = state else { return false }
            state = .starting
            return true
        }
        guard mayStart else { throw WebSocketError(.invalidState, "The server has been started already.") }
        do {
            let listener = try await listener(for: listen)
            guard let address = ListeningSocket.localAddress(listener) else {
                ListeningSocket.close(listener)
                throw LoopguardError(.bind, "the listening socket has no IP address.")
            }
            let callbacks = Acceptor.Callbacks(
                canPlace: { [group] in group.loops.contains { !$0.isStalled } },
                place: { [shared, group] in Self.place($0, peer: $1, shared, group) })
            let acceptor = try Acceptor(listener: listener, logger: shared.logger, callbacks: callbacks)
            try acceptor.start()
            state.withLock { $0 = .running(acceptor) }
            return address
        } catch {
            state.withLock { $0 = .idle }
            throw error
        }
    }

    private func listener(for listen: Listen) async throws -> CInt {
        switch listen.source {
        case .inherited(let descriptor):
            try ListeningSocket.adopt(descriptor)
            return descriptor
        case .bind(let host, let port):
            guard (0...65_535).contains(port) else {
                throw LoopguardError(.bind, "port \(port) does not exist: choose 0 to 65535.")
            }
            let address = try await Self.resolve(host, port)
            return try ListeningSocket.bind(address, backlog: shared.configuration.limits.backlog)
        }
    }

    private static func resolve(_ host: String, _ port: Int) async throws -> SocketAddress {
        if let address = try? SocketAddress(ipAddress: host, port: port) { return address }
        // Asking a name server blocks: on a thread where that is allowed.
        do {
            return try await NIOThreadPool.singleton.runIfActive {
                try SocketAddress.makeAddressResolvingHost(host, port: port)
            }
        } catch {
            throw LoopguardError(
                .bind, "cannot resolve the host \(host): give an IP address, or a name that resolves.", cause: error)
        }
    }

    /// Takes a fresh connection over. On the acceptor's thread.
    private static func place(
        _ descriptor: CInt, peer: SocketAddress?, _ shared: ServerShared, _ group: GuardedEventLoopGroup
    ) {
        shared.metrics.accepted()
        let address = peer?.ipAddress ?? ""
        let admission = shared.ledger.open(address)
        var refusal: String?
        switch admission {
        case .admitted: break
        case .refused(let reason): refusal = reason
        case .rejected:
            shared.metrics.refused("flood")
            ListeningSocket.close(descriptor)
            return
        }
        // All may have stalled since the acceptor looked: then the least loaded one, rather than losing the connection.
        guard let loop = group.place() ?? group.loops.min(by: { $0.connections < $1.connections }) else {
            ListeningSocket.close(descriptor)
            return shared.ledger.close(address, admission)
        }
        loop.connectionOpened()
        let context = shared.loops[loop.index]
        let reason = refusal
        ClientBootstrap(group: loop.eventLoop)
            // One read a wake-up: a client that sends without end must not keep the loop from the others.
            .channelOption(.maxMessagesPerRead, value: 1)
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    if let tls = shared.configuration.tls {
                        try channel.pipeline.syncOperations.addHandler(NIOSSLServerHandler(context: tls))
                    }
                    try HandshakeHandler(shared: shared, loop: context, refusal: reason, remote: peer)
                        .install(in: channel.pipeline)
                }
            }
            .withConnectedSocket(descriptor)
            .whenComplete { result in
                @Sendable func release() {
                    loop.connectionClosed()
                    shared.ledger.close(address, admission)
                }
                switch result {
                case .success(let channel): channel.closeFuture.whenComplete { _ in release() }
                // NIO has closed the descriptor.
                case .failure(let error):
                    release()
                    shared.metrics.refused("transport")
                    shared.logger.debug("a connection was lost while it was set up", metadata: ["error": "\(error)"])
                }
            }
    }

    // MARK: end

    /// Leaves new connections in the kernel's queue, where another worker that shares the socket may take them. Idempotent.
    public func pauseAccepting() { acceptor?.pause() }
    /// Accepts again. Idempotent.
    public func resumeAccepting() { acceptor?.resume() }

    private var acceptor: Acceptor? {
        state.withLock { if case .running(let acceptor) = $0 { acceptor } else { nil } }
    }

    /// Stops accepting and closes all connections with `code`, in batches spread over a part of the time, so that the clients
    /// do not all come back at once. What is left after `deadline` is cut.
    public func drain(deadline: Duration, code: WebSocketCloseCode = .serviceRestart) async -> DrainReport {
        await stopAccepting()
        return await Drain(shared: shared, control: control, deadline: deadline, code: code).run()
    }

    private func stopAccepting() async {
        let acceptor = state.withLock { state -> Acceptor? in
            defer { state = .stopped }
            if case .running(let acceptor) = state { return acceptor }
            return nil
        }
        await acceptor?.stop()
    }

    /// Stops accepting, says 1001 to all clients, and cuts after a moment. Idempotent.
    public func shutdown() async {
        _ = await drain(deadline: .milliseconds(250), code: .goingAway)
    }

    // MARK: figures

    /// Open connections, handshakes included.
    public var connections: Int { shared.ledger.count }

    /// Handlers that run.
    public var handlers: Int { shared.loops.reduce(0) { $0 + $1.counters.snapshot.handlers } }

    /// Connections, handshakes, refusals by reason, closes by code, messages and bytes, drops by reason. Counters count from
    /// the start of the server.
    public var metrics: [MetricSample] {
        var sum = LoopCounters.Snapshot()
        for loop in shared.loops { sum += loop.counters.snapshot }
        return shared.metrics.samples(loops: sum, connections: connections)
    }
}

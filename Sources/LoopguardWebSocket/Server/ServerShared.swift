import Logging
import Loopguard
import NIOCore
import Synchronization

/// What all parts of a server know.
final class ServerShared: Sendable {
    typealias Routes = RouteTable<WebSocketRoute, @Sendable (HTTPRequestInfo) -> HTTPAnswer>

    struct WebSocketRoute: Sendable {
        var pattern: String
        var options: RouteOptions
        var handler: WebSocketHandler
    }

    let configuration: WebSocketServerConfiguration
    let metrics = ServerMetrics()
    let ledger: ConnectionLedger
    let logger: Logger
    let pool: OffloadPool
    let loops: [LoopContext]
    private let routes = Mutex(Routes())

    /// Across all servers of the process: stall reports and log lines tell connections apart by it.
    private static let lastConnection = Atomic<UInt64>(0)

    init(configuration: WebSocketServerConfiguration, group: GuardedEventLoopGroup, pool: OffloadPool, logger: Logger) {
        self.configuration = configuration
        self.logger = logger
        self.pool = pool
        ledger = ConnectionLedger(
            maximum: configuration.limits.maxConnections, maximumPerAddress: configuration.limits.maxConnectionsPerIP)
        let smallest = min(
            configuration.limits.handshakeTimeout, configuration.limits.closeTimeout,
            configuration.keepAlive.pingInterval,
            configuration.keepAlive.pongTimeout, configuration.outbound.maxQueueAge)
        let interval = max(TimeAmount.milliseconds(10), min(.seconds(1), TimeAmount(smallest / 4)))
        let pingInterval = configuration.keepAlive.pingInterval
        loops = group.loops.map { LoopContext(loop: $0, interval: interval, pingInterval: .init(pingInterval)) }
    }

    static func nextConnectionID() -> String {
        "c\(lastConnection.add(1, ordering: .relaxed).newValue)"
    }

    func update(_ body: (inout Routes) -> Void) { routes.withLock { body(&$0) } }
    var currentRoutes: Routes { routes.withLock { $0 } }

    /// Begins the life of a WebSocket, on its loop: makes its parts and starts the handler.
    func begin(
        _ route: WebSocketRoute, request: HTTPRequestInfo, subprotocol: String?, id: String,
        correlationID: CorrelationID,
        loop: LoopContext
    ) -> (ConnectionIO, start: () -> Void) {
        let scope = HandlerScope(
            route: route.pattern, connection: id, correlationID: correlationID,
            remoteAddress: request.remoteAddress.map(Self.describe))
        let executor = ConnectionExecutor(loop: loop.loop, scope: scope)
        var logger = logger
        logger[metadataKey: "correlation"] = "\(correlationID)"
        logger[metadataKey: "route"] = "\(route.pattern)"
        logger[metadataKey: "connection"] = "\(id)"
        let io = ConnectionIO(
            shared: self, loop: loop, executor: executor, logger: logger,
            maxMessageBytes: route.options.maxMessageBytes ?? configuration.limits.maxMessageBytes)
        let outbound = configuration.outbound
        let connection = WebSocketConnection(
            id: id, request: request, subprotocol: subprotocol, scope: scope, loop: loop.loop,
            mailbox: Mailbox(
                InboundQueue(
                    maximumMessages: configuration.inbound.maxQueueMessages,
                    maximumBytes: configuration.inbound.maxQueueBytes)),
            outbox: Outbox(
                OutboundQueue(
                    limit: outbound.maxQueueBytes, maximumAge: .init(outbound.maxQueueAge),
                    policy: outbound.slowConsumer),
                mark: outbound.sendMarkBytes),
            io: io)
        io.attach(connection)
        let context = HandlerContext(scope: scope, logger: logger, pool: pool)
        return (
            io,
            start: {
                let task = CorrelationID.$current.withValue(correlationID) {
                    HandlerScope.$current.withValue(scope) {
                        Task(executorPreference: executor) {
                            await self.run(route.handler, connection, context, loop.counters)
                        }
                    }
                }
                io.attach(task)
            }
        )
    }

    private func run(
        _ handler: WebSocketHandler, _ connection: WebSocketConnection, _ context: HandlerContext,
        _ counters: LoopCounters
    ) async {
        counters.handlerBegan()
        defer {
            counters.handlerEnded()
            connection.onLoop { $0.handlerEnded() }
        }
        do {
            try await handler(connection, context)
            await connection.close(.normal)
        } catch let error as WebSocketError where error.isAboutPeer {
            // The line about the disconnect says what happened. The handler need not know that its peer has gone.
            await connection.close(.normal)
        } catch is CancellationError where connection.closeInfo != nil {
            // We cancelled it, because its connection has ended.
        } catch {
            metrics.handlerFailed()
            context.logger.error("the WebSocket handler failed", metadata: ["error": "\(error)"])
            await connection.close(.internalError, reason: "internal error")
        }
    }

    /// `10.0.0.7:51234`, `[::1]:51234`.
    static func describe(_ address: SocketAddress) -> String {
        guard let ip = address.ipAddress, let port = address.port else { return "\(address)" }
        return ip.contains(":") ? "[\(ip)]:\(port)" : "\(ip):\(port)"
    }
}

import Glibc
import LoopguardBus
import NIOCore
import NIOPosix
import NIOSSL

extension RedisConnection {
    /// How to reach a Redis.
    struct Route: Sendable {
        var url: RedisURL
        var connectTimeout: TimeAmount
        var limits: RESPReader.Limits
        /// Made once; nil without TLS.
        var tls: NIOSSLContext?
    }

    /// Opens a connection (without a handshake). `completion` is called once, on `eventLoop`.
    ///
    /// Names are resolved on a thread of NIO's, so the loop does not wait.
    static func connect(
        _ route: Route, eventLoop: any EventLoop,
        completion: @escaping @Sendable (Result<RedisConnection, BusError>) -> Void
    ) {
        eventLoop.assertInEventLoop()
        let address = route.url.address
        guard let bootstrap = ClientBootstrap(validatingGroup: eventLoop) else {
            return completion(
                .failure(BusError(.invalidConfiguration, "RedisBus needs a loop of a MultiThreadedEventLoopGroup.")))
        }
        let configured =
            bootstrap
            .connectTimeout(route.connectTimeout)
            .channelOption(.socketOption(.so_keepalive), value: 1)
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try setUp(channel, route, RedisConnection(eventLoop: channel.eventLoop, address: address))
                }
            }
        let connected =
            switch route.url.target {
            case .tcp(let host, let port): configured.connect(host: host, port: port)
            case .unixSocket(let path): configured.connect(unixDomainSocketPath: path)
            }
        connected.hop(to: eventLoop).whenComplete { result in
            switch result {
            case .success(let channel):
                do {
                    completion(.success(try channel.pipeline.syncOperations.handler(type: RedisConnection.self)))
                } catch {
                    completion(
                        .failure(BusError(.unavailable, "Redis at \(address) closed the connection.", cause: error)))
                }
            case .failure(let error):
                completion(.failure(failure(error, address)))
            }
        }
    }

    private static func setUp(_ channel: any Channel, _ route: Route, _ connection: RedisConnection) throws {
        if let tls = route.tls {
            try channel.pipeline.syncOperations.addHandler(tlsHandler(tls, route.url))
        }
        try channel.pipeline.syncOperations.addHandlers(RESPDecoder(limits: route.limits), connection)
    }

    private static func tlsHandler(_ context: NIOSSLContext, _ url: RedisURL) throws -> NIOSSLClientHandler {
        guard case .tcp(let host, _) = url.target else {
            return try NIOSSLClientHandler(context: context, serverHostname: nil)
        }
        // An IP address may not stand in the server-name extension; the certificate is checked against it all the same.
        do {
            return try NIOSSLClientHandler(context: context, serverHostname: host)
        } catch {
            return try NIOSSLClientHandler(context: context, serverHostname: nil)
        }
    }

    private static func failure(_ error: any Error, _ address: String) -> BusError {
        BusError(.unavailable, "Redis at \(address) cannot be reached.", cause: RedisConnectCause(error))
    }
}

/// The operating system's reason in words: NIO's own descriptions name its calls and fields.
struct RedisConnectCause: Error, CustomStringConvertible {
    let description: String

    init(_ error: any Error) {
        switch error {
        case let error as NIOConnectionError:
            if let first = error.connectionErrors.first {
                description = Self.text(first.error)
            } else {
                description = "the name \(error.host) cannot be resolved"
            }
        case let error: description = Self.text(error)
        }
    }

    private static func text(_ error: any Error) -> String {
        switch error {
        case ChannelError.connectTimeout(let amount): "no answer within \(amount.milliseconds) ms"
        // glibc's strerror may be called on any thread.
        case let error as IOError: "\(String(cString: strerror(error.errnoCode))), errno \(error.errnoCode)"
        default: "\(error)"
        }
    }
}

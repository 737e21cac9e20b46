public import Logging
public import LoopguardBus
public import NIOCore
import NIOSSL

/// A board in Redis on which each host of a cluster pins a note, and reads those of the others.
///
/// One hash holds all notes, with the times of Redis' own clock, so hosts need not agree on theirs. One script pins and reads;
/// a note that has not changed is not sent again, in either direction. The hash expires when nobody pins any more.
///
/// Any thread. One connection of its own; call ``shutdown()`` when done.
public final class RedisBoard: Sendable {
    /// Limits.
    public struct Limits: Sendable, Equatable {
        /// Largest note, in bytes; a larger one of another host is not read. Default 256 KiB.
        public var noteBytes: Int = 256 << 10
        /// Hosts on the board; the ones heard last stay. Default 64.
        public var hosts: Int = 64
        /// A host that has said nothing for so long is forgotten. Default 1 hour.
        public var keep: Duration = .seconds(3600)

        public static let defaults = Limits()
        public init() {}
    }

    /// What another host has pinned.
    public struct Note: Sendable, Equatable {
        /// Identifier of the host.
        public var host: String
        /// Changes with every new text.
        public var version: String
        /// Changes whenever the host is heard.
        public var beat: String
        /// Since the host was heard last, milliseconds of Redis' clock.
        public var heardMsAgo: Int64
        /// Since the text was written, milliseconds of Redis' clock.
        public var writtenMsAgo: Int64
        /// Length of the text in bytes; more than ``Limits/noteBytes`` when it was too large to be read.
        public var length: Int
        /// The text; nil when the reader has this version, or it is too large.
        public var text: [UInt8]?

        /// All its parts.
        public init(
            host: String, version: String, beat: String, heardMsAgo: Int64, writtenMsAgo: Int64, length: Int,
            text: [UInt8]?
        ) {
            self.beat = beat
            self.host = host
            self.version = version
            self.heardMsAgo = heardMsAgo
            self.writtenMsAgo = writtenMsAgo
            self.length = length
            self.text = text
        }
    }

    /// What an exchange brought.
    public struct Answer: Sendable, Equatable {
        /// False when Redis does not have our text (it has been restarted): pin it again.
        public var hasOurs: Bool
        /// The other hosts', in no order.
        public var notes: [Note]
    }

    private let core: Core
    private let limits: Limits

    /// Makes a board; connects at the first ``start()``.
    ///
    /// - Parameters:
    ///   - configuration: address, prefix, deadlines and back-off; the rest is the bus'.
    ///   - eventLoop: a loop of a `MultiThreadedEventLoopGroup` that never runs users' code.
    /// - Throws: ``BusError`` with code `.invalidConfiguration`.
    public init(
        configuration: RedisBus.Configuration, limits: Limits = .defaults, eventLoop: any EventLoop, logger: Logger
    ) throws(BusError) {
        try configuration.validate()
        guard (1...1024).contains(limits.hosts), (1024...(16 << 20)).contains(limits.noteBytes),
            limits.keep >= .seconds(1), limits.keep <= .seconds(366 * 86_400)
        else {
            throw BusError(
                .invalidConfiguration,
                "A board takes 1 to 1024 hosts, notes of 1 KiB to 16 MiB, and keeps them for 1 s to a year.")
        }
        var tls: NIOSSLContext?
        if configuration.url.usesTLS {
            do { tls = try NIOSSLContext(configuration: configuration.effectiveTLS) } catch {
                throw BusError(.invalidConfiguration, "The TLS settings for Redis cannot be used.", cause: error)
            }
        }
        self.limits = limits
        core = Core(configuration: configuration, tls: tls, limits: limits, eventLoop: eventLoop, logger: logger)
    }

    /// Connects, and keeps the connection up with back-off.
    public func start() { core.eventLoop.execute { [core] in core.link.start() } }

    /// Pins and reads.
    ///
    /// - Parameters:
    ///   - host: our identifier.
    ///   - version: of our text.
    ///   - text: nil when it is the one pinned before.
    ///   - known: versions that the caller has, by host: their text is left out.
    /// - Returns: fails with ``BusError``: `.unavailable` when Redis is away.
    public func exchange(
        host: String, version: String, text: [UInt8]?, known: [String: String]
    ) -> EventLoopFuture<Answer> {
        let command = BoardScript.exchange(
            key: core.key, host: host, version: version, text: text, known: known, limits: limits)
        return core.call(command) { BoardScript.answer($0) }
    }

    /// Takes our note down.
    public func leave(host: String) -> EventLoopFuture<Void> {
        core.call(BoardScript.leave(key: core.key, host: host)) { _ in () }
    }

    /// Closes the connection. Idempotent.
    public func shutdown() { core.eventLoop.execute { [core] in core.link.close() } }

    /// The part on the event loop.
    // SAFETY: `link` is used on `eventLoop` only; the rest is constant.
    private final class Core: @unchecked Sendable {
        let eventLoop: any EventLoop
        let link: RedisLink
        let key: String
        private let patience: TimeAmount
        private let address: String

        init(
            configuration: RedisBus.Configuration, tls: NIOSSLContext?, limits: Limits, eventLoop: any EventLoop,
            logger: Logger
        ) {
            self.eventLoop = eventLoop
            key = RedisKeys(prefix: configuration.keyPrefix).board
            patience = TimeAmount(configuration.commandDeadline)
            address = configuration.url.address
            var reader = RESPReader.Limits()
            // All notes at once, and some words about each.
            reader.replyBytes = limits.hosts * (limits.noteBytes + 1024) + 65_536
            link = RedisLink(
                role: .board,
                route: .init(
                    url: configuration.url, connectTimeout: TimeAmount(configuration.connectTimeout), limits: reader,
                    tls: tls),
                worker: configuration.worker, patience: patience, backoff: configuration.backoff,
                eventLoop: eventLoop, logger: logger)
        }

        func call<T: Sendable>(
            _ command: RedisCommand, _ read: @escaping @Sendable (RESPValue) -> T?
        ) -> EventLoopFuture<T> {
            let promise = eventLoop.makePromise(of: T.self)
            eventLoop.execute { self.send(command, promise, read) }
            return promise.futureResult
        }

        private func send<T: Sendable>(
            _ command: RedisCommand, _ promise: EventLoopPromise<T>, _ read: @escaping @Sendable (RESPValue) -> T?
        ) {
            guard let connection = link.connection else {
                return promise.fail(
                    link.lastError ?? BusError(.unavailable, "Redis at \(address) is not connected yet."))
            }
            let address = address
            connection.send(command, patience: patience) { result in
                switch result {
                case .failure(let error): promise.fail(error)
                case .success(.error(let text)):
                    promise.fail(BusError(.refused, "Redis at \(address) refused the board's script: \(text)"))
                case .success(let reply):
                    if let value = read(reply) {
                        promise.succeed(value)
                    } else {
                        promise.fail(
                            BusError(
                                .protocolViolation,
                                "Redis at \(address) answered the board's script with \(reply.kind)."))
                    }
                }
            }
        }
    }
}

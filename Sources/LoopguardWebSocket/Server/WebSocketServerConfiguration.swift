public import NIOSSL

/// Options of a ``WebSocketServer``.
public struct WebSocketServerConfiguration: Sendable {
    public var limits = Limits()
    public var keepAlive = KeepAlive()
    public var outbound = Outbound()
    public var inbound = Inbound()
    /// Which pages may connect. Default: those of the same host.
    public var allowedOrigins = OriginPolicy.sameOrigin
    /// Serves TLS with this context; nil = plain TCP. Default nil.
    public var tls: NIOSSLContext?

    public static let defaults = WebSocketServerConfiguration()
    public init() {}

    /// What one client, and all of them, may take.
    public struct Limits: Sendable {
        /// Open connections; one more is answered 503. Default 10,000.
        public var maxConnections = 10_000
        /// Open connections from one address; 0 = no limit. Default 0.
        public var maxConnectionsPerIP = 0
        /// Largest message, in bytes, all fragments together; a larger one is answered with close code 1009. Default 1 MiB.
        public var maxMessageBytes = 1 << 20
        /// Fragments of a message, empty ones included; more is answered with close code 1008. Default 1,024.
        public var maxFragments = 1_024
        /// Request line and headers of a handshake, in bytes; more is answered 431. Default 16 KiB.
        public var maxHeaderBytes = 16 << 10
        /// From the accept to the complete request (and TLS handshake). Default 10 s.
        public var handshakeTimeout = Duration.seconds(10)
        /// For the peer's part in a close handshake; then the connection is cut. Default 5 s.
        public var closeTimeout = Duration.seconds(5)
        /// Length of the kernel's queue of connections that wait to be accepted. Default 4,096 (the kernel may allow less).
        public var backlog = 4_096

        public init() {}
    }

    /// Finds peers that are gone without a word. One timer a loop, not one a connection.
    public struct KeepAlive: Sendable {
        /// A ping is sent when nothing has come for this long. Default 25 s: proxies commonly cut idle connections after 60 s.
        public var pingInterval = Duration.seconds(25)
        /// Anything must come within this time of a ping; else the connection is cut. Default 10 s.
        public var pongTimeout = Duration.seconds(10)

        public init() {}
    }

    /// What waits to be sent to a client.
    public struct Outbound: Sendable {
        /// Limit for one connection, in bytes; a broadcast that would go over it meets `slowConsumer`. Default 1 MiB.
        public var maxQueueBytes = 1 << 20
        /// `send` suspends while more than this waits, in bytes. Default 128 KiB.
        public var sendMarkBytes = 128 << 10
        /// The oldest broadcast that waits may be this old; then `slowConsumer` applies. Default 30 s.
        public var maxQueueAge = Duration.seconds(30)
        /// What happens to a client that reads too slowly. Default ``SlowConsumerPolicy/disconnect``.
        public var slowConsumer = SlowConsumerPolicy.disconnect

        public init() {}
    }

    /// What has come and waits for the handler. Over either limit the connection is no longer read, so TCP slows the peer.
    public struct Inbound: Sendable {
        /// Messages. Default 64.
        public var maxQueueMessages = 64
        /// Bytes. Default 1 MiB. (One read more may come on top.)
        public var maxQueueBytes = 1 << 20

        public init() {}
    }

    /// - Throws: ``WebSocketError`` with code `.invalidConfiguration` naming the option, its value and what is allowed.
    public func validate() throws(WebSocketError) {
        func check(_ name: String, _ value: some Comparable & Sendable, _ ok: Bool, _ allowed: String)
            throws(WebSocketError)
        {
            guard ok else { throw WebSocketError(.invalidConfiguration, "\(name) is \(value): choose \(allowed).") }
        }
        func check(duration value: Duration, _ name: String) throws(WebSocketError) {
            try check(name, value, value >= .milliseconds(1) && value <= .seconds(86_400), "1 ms to 24 h")
        }
        let anInt32 = 1...Int(Int32.max)
        try check("maxConnections", limits.maxConnections, limits.maxConnections >= 1, "at least 1")
        try check(
            "maxConnectionsPerIP", limits.maxConnectionsPerIP, limits.maxConnectionsPerIP >= 0, "0 (no limit) or more")
        try check(
            "maxMessageBytes", limits.maxMessageBytes, (1...(1 << 30)).contains(limits.maxMessageBytes),
            "1 byte to 1 GiB")
        try check("maxFragments", limits.maxFragments, limits.maxFragments >= 1, "at least 1")
        try check(
            "maxHeaderBytes", limits.maxHeaderBytes, (256...(1 << 20)).contains(limits.maxHeaderBytes),
            "256 bytes to 1 MiB")
        try check("backlog", limits.backlog, anInt32.contains(limits.backlog), "at least 1")
        try check(duration: limits.handshakeTimeout, "handshakeTimeout")
        try check(duration: limits.closeTimeout, "closeTimeout")
        try check(duration: keepAlive.pingInterval, "pingInterval")
        try check(duration: keepAlive.pongTimeout, "pongTimeout")
        try check(duration: outbound.maxQueueAge, "maxQueueAge")
        try check("maxQueueBytes", outbound.maxQueueBytes, anInt32.contains(outbound.maxQueueBytes), "1 byte to 2 GiB")
        try check("sendMarkBytes", outbound.sendMarkBytes, anInt32.contains(outbound.sendMarkBytes), "1 byte to 2 GiB")
        try check("inbound maxQueueMessages", inbound.maxQueueMessages, inbound.maxQueueMessages >= 1, "at least 1")
        try check("inbound maxQueueBytes", inbound.maxQueueBytes, inbound.maxQueueBytes >= 1, "at least 1")
    }
}

/// What happens when a client reads broadcasts more slowly than they come. Every drop is counted by its reason.
public struct SlowConsumerPolicy: Hashable, Sendable, CustomStringConvertible {
    public let description: String

    /// Close with 1013: the client reconnects and catches up.
    public static let disconnect = SlowConsumerPolicy(description: "disconnect")
    /// The oldest waiting broadcasts give way.
    public static let dropOldest = SlowConsumerPolicy(description: "dropOldest")
    /// Of each topic only the latest waits: right for a dashboard.
    public static let latestOnly = SlowConsumerPolicy(description: "latestOnly")
    /// The new broadcast is not queued.
    public static let dropNewest = SlowConsumerPolicy(description: "dropNewest")

    /// All policies, for option parsing.
    public static let all: [SlowConsumerPolicy] = [.disconnect, .dropOldest, .latestOnly, .dropNewest]
}

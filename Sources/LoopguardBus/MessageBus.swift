/// Carries messages of topics between connections, workers and hosts.
///
/// **Deliver only what comes back from the bus**: a publisher's own clients get its message through `deliver` like
/// everybody else, so all workers see one order per topic.
///
/// Any thread. `deliver` (given at `start`) is called in order per topic, never concurrently with itself.
public protocol MessageBus: Sendable {
    /// Starts delivering. Call once, before the first `subscribe`.
    func start(deliver: @escaping @Sendable (BusMessage) -> Void) async throws

    /// Publishes to all subscribers of `topic` on all workers, and returns where the message stands in the topic.
    ///
    /// - Throws: ``BusError`` with code `.unavailable` when the broker is away (nothing was published, or it is not
    ///   known), `.overloaded` when too many publishes are in flight, `.invalidTopic`, `.messageTooLarge`.
    @discardableResult
    func publish(topic: String, payload: [UInt8], headers: BusHeaders) async throws -> BusPosition

    /// Begins delivery of `topic` to this process; returns once the broker has confirmed it, or, with the broker away,
    /// at once: the subscription is then made after the reconnect. Idempotent.
    func subscribe(topic: String) async throws

    /// Ends delivery. Idempotent.
    func unsubscribe(topic: String) async

    /// Takes or renews the lease `name` for `owner`; true = this owner holds it for the next `ttlMilliseconds`.
    func lease(_ name: String, owner: String, ttlMilliseconds: Int) async throws -> Bool

    /// Reads what `topic` still remembers after `position`, so that a client can resume where it stopped; nil reads from
    /// the oldest message that is left.
    ///
    /// The default, for buses without a history, answers ``BusHistory/none``.
    ///
    /// - Parameter limit: The most messages to return (the oldest first); the bus may cap it further.
    /// - Throws: ``BusError`` as `publish`.
    func history(topic: String, after position: BusPosition?, limit: Int) async throws -> BusHistory

    /// Whether publishing is expected to work now. Never blocks.
    var status: BusStatus { get }

    /// Unsubscribes and closes. Idempotent.
    func shutdown() async
}

extension MessageBus {
    public func history(topic: String, after position: BusPosition?, limit: Int) async throws -> BusHistory { .none }
}

/// A message as it came back from the bus.
public struct BusMessage: Sendable, Equatable {
    public var topic: String
    public var payload: [UInt8]
    public var headers: BusHeaders
    public var position: BusPosition

    public init(topic: String, payload: [UInt8], headers: BusHeaders, position: BusPosition) {
        self.topic = topic
        self.payload = payload
        self.headers = headers
        self.position = position
    }
}

/// What travels beside the payload.
public struct BusHeaders: Sendable, Equatable {
    /// Correlation ID of the publishing connection, for the other workers' logs.
    public var correlation: String?
    /// Publishing worker, such as `host-1/2`.
    public var origin: String?
    /// True when the payload is to be sent as a binary WebSocket message.
    public var isBinary: Bool

    public init(correlation: String? = nil, origin: String? = nil, isBinary: Bool = false) {
        self.correlation = correlation
        self.origin = origin
        self.isBinary = isBinary
    }
}

/// Place in a topic: offsets count up from 1 within an epoch; a new epoch means that the broker lost its state.
public struct BusPosition: Sendable, Hashable {
    public var epoch: String
    public var offset: UInt64

    public init(epoch: String, offset: UInt64) {
        self.epoch = epoch
        self.offset = offset
    }
}

/// State of the bus for readiness and metrics.
public struct BusStatus: Sendable, Equatable {
    /// True when the last known state of all connections to the broker is good.
    public var isAvailable: Bool
    /// One sentence for people: `connected to 127.0.0.1:6379`, or the last error and the next attempt.
    public var detail: String
    public var reconnects: UInt64
    public var published: UInt64
    public var publishFailed: UInt64
    public var delivered: UInt64
    /// Messages that were missing on the live path and read from the topic's history.
    public var repaired: UInt64
    /// Messages known to have been lost (history too short).
    public var lost: UInt64

    public init(
        isAvailable: Bool, detail: String, reconnects: UInt64 = 0, published: UInt64 = 0, publishFailed: UInt64 = 0,
        delivered: UInt64 = 0, repaired: UInt64 = 0, lost: UInt64 = 0
    ) {
        self.isAvailable = isAvailable
        self.detail = detail
        self.reconnects = reconnects
        self.published = published
        self.publishFailed = publishFailed
        self.delivered = delivered
        self.repaired = repaired
        self.lost = lost
    }
}

import DequeModule
import Synchronization

/// A ``MessageBus`` within one process: the embedded default when there is no Redis.
///
/// Behaves as the Redis bus does: same validation, offsets from 1, a history, leases, one order per topic.
///
/// Any thread. `deliver` is called on whichever publishing thread gets there first, one message at a time, in the order of
/// publication of the whole bus; it should only hand the message on, since other publishers' messages wait meanwhile.
public final class LocalBus: MessageBus {
    private struct State: ~Copyable {
        var topics: LocalTopics
        var leases = LeaseTable<ContinuousClock.Instant>()
        var deliver: (@Sendable (BusMessage) -> Void)?
        var pending: Deque<BusMessage> = []
        /// True while one thread hands messages to `deliver`; the others only queue theirs. This, and not the lock, keeps
        /// the order, so `deliver` is never called with the lock held.
        var isDelivering = false
        var isClosed = false
        var published: UInt64 = 0
        var publishFailed: UInt64 = 0
        var delivered: UInt64 = 0
    }

    private let configuration: Configuration
    private let now: @Sendable () -> ContinuousClock.Instant
    private let state: Mutex<State>

    /// Makes a bus.
    ///
    /// - Parameters:
    ///   - configuration: Limits.
    ///   - epoch: Names this life of the bus in positions; by default random.
    ///   - now: Time for leases; by default the continuous clock.
    /// - Throws: ``BusError`` with code `.invalidConfiguration`.
    public init(
        configuration: Configuration = .defaults, epoch: String? = nil,
        now: @escaping @Sendable () -> ContinuousClock.Instant = { ContinuousClock.now }
    ) throws(BusError) {
        try configuration.validate()
        self.configuration = configuration
        self.now = now
        self.state = Mutex(
            State(
                topics: LocalTopics(
                    epoch: epoch ?? String(UInt64.random(in: .min ... .max), radix: 16),
                    historyMessages: configuration.historyMessages, historyBytes: configuration.historyBytes,
                    maximumTopics: configuration.maximumTopics)))
    }

    public func start(deliver: @escaping @Sendable (BusMessage) -> Void) async throws {
        try state.withLock { state throws(BusError) in
            if state.isClosed { throw Self.closedError }
            state.deliver = deliver
        }
    }

    @discardableResult
    public func publish(topic: String, payload: [UInt8], headers: BusHeaders) async throws -> BusPosition {
        try BusLimits.validate(topic: topic)
        try BusLimits.validate(headers: headers)
        try BusLimits.validate(payloadBytes: payload.count, limit: configuration.maximumPayloadBytes)
        let (position, mustDeliver) = try state.withLock { state throws(BusError) -> (BusPosition, Bool) in
            do throws(BusError) {
                return try append(topic: topic, payload: payload, headers: headers, to: &state)
            } catch {
                state.publishFailed += 1
                throw error
            }
        }
        if mustDeliver { deliverPending() }
        return position
    }

    private func append(
        topic: String, payload: [UInt8], headers: BusHeaders, to state: inout State
    ) throws(BusError) -> (BusPosition, Bool) {
        if state.isClosed { throw Self.closedError }
        guard state.pending.count < configuration.maximumPendingDeliveries else {
            throw BusError(
                .overloaded,
                "\(state.pending.count) messages wait for delivery already; publish less or try again later.")
        }
        guard let message = state.topics.append(topic: topic, payload: payload, headers: headers) else {
            throw BusError(
                .overloaded,
                "\(configuration.maximumTopics) topics are in use, the most that this bus is configured for.")
        }
        state.published += 1
        guard state.topics.subscribed.contains(topic), state.deliver != nil else { return (message.position, false) }
        state.pending.append(message)
        if state.isDelivering { return (message.position, false) }
        state.isDelivering = true
        return (message.position, true)
    }

    private func deliverPending() {
        while true {
            let next = state.withLock { state -> (BusMessage, @Sendable (BusMessage) -> Void)? in
                while let message = state.pending.popFirst() {
                    // Unsubscribed or shut down since: delivery has ended.
                    guard let deliver = state.deliver, state.topics.subscribed.contains(message.topic) else { continue }
                    state.delivered += 1
                    return (message, deliver)
                }
                state.isDelivering = false
                return nil
            }
            guard let (message, deliver) = next else { return }
            deliver(message)
        }
    }

    public func subscribe(topic: String) async throws {
        try BusLimits.validate(topic: topic)
        try state.withLock { state throws(BusError) in
            if state.isClosed { throw Self.closedError }
            guard state.topics.subscribed.count < configuration.maximumTopics || state.topics.subscribed.contains(topic)
            else {
                throw BusError(
                    .overloaded,
                    "\(configuration.maximumTopics) topics are subscribed, the most that this bus is configured for.")
            }
            state.topics.subscribe(topic)
        }
    }

    public func unsubscribe(topic: String) async {
        state.withLock { $0.topics.unsubscribe(topic) }
    }

    public func history(topic: String, after position: BusPosition?, limit: Int) async throws -> BusHistory {
        try BusLimits.validate(topic: topic)
        return try state.withLock { state throws(BusError) in
            if state.isClosed { throw Self.closedError }
            return state.topics.history(topic: topic, after: position, limit: limit)
        }
    }

    public func lease(_ name: String, owner: String, ttlMilliseconds: Int) async throws -> Bool {
        try BusLimits.validate(lease: name, owner: owner, ttlMilliseconds: ttlMilliseconds)
        let instant = now()
        return try state.withLock { state throws(BusError) in
            if state.isClosed { throw Self.closedError }
            if state.leases.count >= configuration.maximumLeases { state.leases.purge(now: instant) }
            guard state.leases.count < configuration.maximumLeases else {
                throw BusError(
                    .overloaded, "\(configuration.maximumLeases) leases are held, the most this bus is configured for.")
            }
            return state.leases.take(name, owner: owner, ttl: .milliseconds(ttlMilliseconds), now: instant)
        }
    }

    public var status: BusStatus {
        state.withLock { state in
            BusStatus(
                isAvailable: !state.isClosed, detail: state.isClosed ? "shut down" : "in memory, this process only",
                published: state.published, publishFailed: state.publishFailed, delivered: state.delivered)
        }
    }

    public func shutdown() async {
        state.withLock { state in
            state.isClosed = true
            state.deliver = nil
            state.pending.removeAll()
        }
    }

    private static let closedError = BusError(.closed, "The bus has been shut down.")
}

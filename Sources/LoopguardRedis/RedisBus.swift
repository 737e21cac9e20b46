public import Logging
public import LoopguardBus
public import NIOCore
import NIOSSL

/// A ``MessageBus`` over Redis, for several workers and hosts.
///
/// One subscriber and one pipelined publisher connection, on the given event loop. A message is published, remembered and
/// given its place by one script; subscribers notice what they missed by the offsets and read it from the topic's history,
/// so `deliver` sees each message once and in order across reconnects, or ``BusStatus/lost`` counts it.
///
/// Any thread. `deliver` is called on the event loop; it must not block.
/// Call ``shutdown()`` when done: the connections live until then.
public final class RedisBus: MessageBus {
    private let core: RedisBusCore
    private let shared: RedisBusShared
    private let configuration: Configuration

    /// Makes a bus; ``start(deliver:)`` connects.
    ///
    /// - Parameters:
    ///   - configuration: Address, limits and times.
    ///   - eventLoop: A loop of a `MultiThreadedEventLoopGroup` that never runs users' code: when it stalls, Redis cuts the
    ///     worker off.
    ///   - logger: Connections at `info`, losses at `warning`, each delivery at `debug`.
    ///   - onStatusChange: Called on the event loop whenever availability or detail changes.
    /// - Throws: ``BusError`` with code `.invalidConfiguration`.
    public init(
        configuration: Configuration, eventLoop: any EventLoop, logger: Logger,
        onStatusChange: (@Sendable (BusStatus) -> Void)? = nil
    ) throws(BusError) {
        try configuration.validate()
        var tls: NIOSSLContext?
        if configuration.url.usesTLS {
            do {
                tls = try NIOSSLContext(configuration: configuration.effectiveTLS)
            } catch {
                throw BusError(
                    .invalidConfiguration, "The TLS settings for Redis cannot be used; do the named files exist?",
                    cause: error)
            }
        }
        self.configuration = configuration
        shared = RedisBusShared(
            maximumInFlight: configuration.maximumInFlight, maximumInFlightBytes: configuration.maximumInFlightBytes)
        core = RedisBusCore(
            configuration: configuration, tls: tls, eventLoop: eventLoop, shared: shared, logger: logger,
            onStatusChange: onStatusChange)
    }

    /// Connects, and returns as soon as it is known whether Redis can be reached. With Redis away the bus starts all the
    /// same and keeps trying; ``status`` tells.
    ///
    /// - Throws: ``BusError`` with code `.closed` after a shutdown.
    public func start(deliver: @escaping @Sendable (BusMessage) -> Void) async throws {
        let started = core.eventLoop.makePromise(of: Void.self)
        core.eventLoop.execute { self.core.start(deliver: deliver, started: started) }
        try await started.futureResult.get()
    }

    @discardableResult
    public func publish(topic: String, payload: [UInt8], headers: BusHeaders) async throws -> BusPosition {
        try await publish(topic: topic, payload: payload, headers: headers, idempotencyKey: nil)
    }

    /// Publishes, safe to be repeated: a second publish with the same key on the same topic, within the configured
    /// lifetime, returns the place of the first and publishes nothing. So a publish whose outcome is unknown
    /// (`.unavailable` in mid-flight) can be retried.
    ///
    /// - Parameter idempotencyKey: 1 to 255 bytes, no control characters.
    /// - Throws: ``BusError`` as ``MessageBus/publish(topic:payload:headers:)``; `.invalidHeaders` for the key.
    @discardableResult
    public func publish(
        topic: String, payload: [UInt8], headers: BusHeaders, idempotencyKey: String?
    ) async throws -> BusPosition {
        try BusLimits.validate(topic: topic)
        try BusLimits.validate(payloadBytes: payload.count, limit: configuration.maximumPayloadBytes)
        if let idempotencyKey {
            do { try BusLimits.validate(topic: idempotencyKey) } catch {
                throw BusError(.invalidHeaders, "The idempotency key must have 1 to 255 printable bytes.")
            }
        }
        let envelope = try BusEnvelope(headers: headers, payload: payload).encoded()
        do {
            let position: BusPosition = try await command(bytes: envelope.count) { core, completion in
                core.publish(
                    topic: topic, envelope: envelope, idempotencyKey: idempotencyKey, completion: completion)
            }
            shared.update { $0.published += 1 }
            return position
        } catch {
            shared.update { $0.publishFailed += 1 }
            throw error
        }
    }

    public func subscribe(topic: String) async throws {
        try BusLimits.validate(topic: topic)
        let subscribed = core.eventLoop.makePromise(of: Void.self)
        core.eventLoop.execute { self.core.subscribe(topic, subscribed) }
        try await subscribed.futureResult.get()
    }

    public func unsubscribe(topic: String) async {
        let done = core.eventLoop.makePromise(of: Void.self)
        core.eventLoop.execute {
            self.core.unsubscribe(topic)
            done.succeed()
        }
        try? await done.futureResult.get()
    }

    /// Reads what Redis still remembers of `topic` after `position`; see ``MessageBus/history(topic:after:limit:)``.
    /// At most `historyPage` messages at once.
    public func history(topic: String, after position: BusPosition?, limit: Int) async throws -> BusHistory {
        try BusLimits.validate(topic: topic)
        return try await command { core, completion in
            core.history(topic: topic, after: position, limit: limit, completion: completion)
        }
    }

    public func lease(_ name: String, owner: String, ttlMilliseconds: Int) async throws -> Bool {
        try BusLimits.validate(lease: name, owner: owner, ttlMilliseconds: ttlMilliseconds)
        return try await command { core, completion in
            core.lease(name, owner: owner, ttlMilliseconds: ttlMilliseconds, completion: completion)
        }
    }

    public var status: BusStatus { shared.status }

    /// Waits for commands in flight (at most their deadline), then closes both connections.
    public func shutdown() async {
        let done = core.eventLoop.makePromise(of: Void.self)
        let eventLoop = core.eventLoop
        let core = core
        let isFirst = shared.close {
            eventLoop.execute {
                core.shutdown()
                done.succeed()
            }
        }
        if !isFirst { done.succeed() }
        try? await done.futureResult.get()
    }

    /// Goes through the gate to the loop and back.
    private func command<Value: Sendable>(
        bytes: Int = 0,
        _ body: @escaping @Sendable (RedisBusCore, @escaping (Result<Value, BusError>) -> Void) -> Void
    ) async throws -> Value {
        try shared.enter(bytes: bytes)
        defer { shared.leave(bytes: bytes) }
        let promise = core.eventLoop.makePromise(of: Value.self)
        core.eventLoop.execute {
            body(self.core) { result in promise.completeWith(result.mapError { $0 as any Error }) }
        }
        return try await promise.futureResult.get()
    }
}

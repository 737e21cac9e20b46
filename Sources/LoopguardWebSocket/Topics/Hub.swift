public import Logging
public import Loopguard
public import LoopguardBus
public import LoopguardCore
import NIOCore
import Synchronization

/// Topics of one worker: who listens here, and one subscription per topic on the bus.
///
/// What is published reaches local subscribers through the bus, like everybody else's, so all workers see one order per
/// topic. A broadcast is encoded once; each loop with subscribers gets one task, each connection one flush a tick.
///
/// Any thread.
public final class Hub: Sendable {
    private struct State {
        var registry: TopicRegistry
        /// The last operation on the bus, per topic: the next one waits for it.
        var operations: [String: Operation] = [:]
        var lastOperation: UInt64 = 0
        /// Topics whose subscription the bus has confirmed, and whose end has not been asked for.
        var subscribed: Set<String> = []
    }
    private struct Operation {
        var id: UInt64
        var isSubscribe: Bool
        var task: Task<Void, any Error>
    }

    private let bus: any MessageBus
    private let group: GuardedEventLoopGroup
    private let logger: Logger
    private let workerName: String
    private let loops: [LoopTopics]
    private let state: Mutex<State>
    private let published = Atomic<UInt64>(0)
    private let received = Atomic<UInt64>(0)

    /// - Parameter workerName: travels with published messages and tells workers' logs where one came from.
    public init(bus: any MessageBus, group: GuardedEventLoopGroup, logger: Logger, workerName: String) {
        self.bus = bus
        self.group = group
        self.logger = logger
        self.workerName = workerName
        loops = group.loops.map(LoopTopics.init)
        state = Mutex(State(registry: TopicRegistry(loops: group.loops.count)))
    }

    /// Starts the bus. Call once, before anything else.
    public func start() async throws {
        try await bus.start { [weak self] message in self?.deliver(message) }
    }

    /// Has the topic's messages sent to the connection, from now on: what is published after the return arrives.
    ///
    /// Idempotent. The connection leaves by itself when it closes.
    ///
    /// - Throws: ``BusError`` when the bus refuses; ``WebSocketError`` with code `.closed` when the connection has gone.
    public func join(_ topic: String, _ connection: WebSocketConnection) async throws {
        let subscription = retain(topic)
        do {
            try await subscription?.value
        } catch {
            release(topic)
            throw error
        }
        let topics = loops[connection.loop.index]
        let added = await Self.on(connection) { io -> LoopTopics.Added? in
            let added = topics.add(topic, connection)
            switch added {
            case .already: return added
            case .more: break
            case .first:
                guard io.onClose({ [weak self] in self?.connectionClosed(connection) }) else {
                    _ = topics.removeAll(connection)
                    return nil
                }
            }
            self.state.withLock { $0.registry.activate(topic, loop: topics.loop.index) }
            return added
        }
        switch added {
        case .first, .more: return
        case .already: release(topic)
        case nil:
            release(topic)
            throw WebSocketError(.closed, "The connection is closed.")
        }
    }

    /// Ends that. Idempotent.
    public func leave(_ topic: String, _ connection: WebSocketConnection) async {
        let topics = loops[connection.loop.index]
        let wasThere = await Self.on(connection) { _ in
            guard topics.remove(topic, connection) else { return false }
            self.state.withLock { $0.registry.deactivate(topic, loop: topics.loop.index) }
            return true
        }
        if wasThere { release(topic) }
    }

    /// Publishes to the topic's subscribers on all workers, and returns where the message stands.
    ///
    /// The correlation ID of the running task travels with it.
    ///
    /// - Throws: ``BusError``.
    @discardableResult
    public func publish(_ topic: String, _ message: WebSocketMessage) async throws -> BusPosition {
        let headers = BusHeaders(
            correlation: CorrelationID.current?.description, origin: workerName, isBinary: message.kind == .binary)
        let position = try await bus.publish(topic: topic, payload: message.bytes, headers: headers)
        published.add(1, ordering: .relaxed)
        return position
    }

    /// Subscribers on this worker.
    public func subscribers(of topic: String) -> Int { state.withLock { $0.registry.subscribers(of: topic) } }

    /// Topics with subscribers on this worker.
    public var topics: Int { state.withLock { $0.registry.topics } }

    /// Topics, subscribers, published, received and delivered messages.
    public var metrics: [MetricSample] {
        let (topics, subscriptions) = state.withLock { ($0.registry.topics, $0.registry.subscriptions) }
        let delivered = loops.reduce(0) { $0 + $1.delivered }
        let prefix = "loopguard_topics_"
        return [
            MetricSample(
                name: prefix + "open", help: "Topics with subscribers on this worker.", kind: .gauge,
                value: Double(topics)),
            MetricSample(
                name: prefix + "subscribers", help: "Subscribed connections, over all topics.", kind: .gauge,
                value: Double(subscriptions)),
            MetricSample(
                name: prefix + "published_messages_total", help: "Messages published by this worker.", kind: .counter,
                value: Double(published.load(ordering: .relaxed))),
            MetricSample(
                name: prefix + "received_messages_total", help: "Messages received from the bus.", kind: .counter,
                value: Double(received.load(ordering: .relaxed))),
            MetricSample(
                name: prefix + "delivered_messages_total", help: "Messages given to connections.", kind: .counter,
                value: Double(delivered)),
        ]
    }

    // MARK: delivery

    private func deliver(_ message: BusMessage) {
        received.add(1, ordering: .relaxed)
        // Guarded, since the metadata is made before the level is looked at.
        if logger.logLevel <= .debug {
            var metadata: Logger.Metadata = [
                "topic": "\(message.topic)", "offset": "\(message.position.offset)",
                "origin": "\(message.headers.origin ?? "?")",
            ]
            if let correlation = message.headers.correlation { metadata["correlation"] = "\(correlation)" }
            logger.debug("delivering a message of the bus", metadata: metadata)
        }
        let targets = state.withLock { $0.registry.perLoop(of: message.topic) }
        guard targets.contains(where: { $0 > 0 }) else { return }
        // Another worker's word for it that the text is UTF-8 is not enough: browsers close on text that is not.
        let isText = !message.headers.isBinary && UTF8Validator.isValid(message.payload)
        let frame = FrameEncoder.encodeOnce(
            WebSocketMessage(kind: isText ? .text : .binary, payload: ByteBuffer(bytes: message.payload)))
        for (index, subscribers) in targets.enumerated() where subscribers > 0 {
            loops[index].post(.init(topic: message.topic, frame: frame), subscribers: subscribers)
        }
    }

    // MARK: subscriptions

    private func connectionClosed(_ connection: WebSocketConnection) {
        let topics = loops[connection.loop.index]
        for topic in topics.removeAll(connection) {
            state.withLock { $0.registry.deactivate(topic, loop: topics.loop.index) }
            release(topic)
        }
    }

    /// Counts a subscriber in; returns what it has to wait for.
    private func retain(_ topic: String) -> Task<Void, any Error>? {
        state.withLock { state in
            state.registry.retain(topic)
            if state.subscribed.contains(topic) { return nil }
            if let pending = state.operations[topic], pending.isSubscribe { return pending.task }
            return enqueue(topic, &state, isSubscribe: true) { [bus] in try await bus.subscribe(topic: topic) }
        }
    }

    private func release(_ topic: String) {
        state.withLock { state in
            guard state.registry.release(topic) else { return }
            state.subscribed.remove(topic)
            _ = enqueue(topic, &state, isSubscribe: false) { [weak self, bus] in
                // Somebody may have come in the meantime: then its subscription stands behind this in the line.
                guard let self, !self.state.withLock({ $0.registry.isWanted(topic) }) else { return }
                await bus.unsubscribe(topic: topic)
            }
        }
    }

    /// Bus operations of one topic run one after the other, so the last one decides.
    private func enqueue(
        _ topic: String, _ state: inout State, isSubscribe: Bool, _ work: @escaping @Sendable () async throws -> Void
    ) -> Task<Void, any Error> {
        state.lastOperation += 1
        let id = state.lastOperation
        let previous = state.operations[topic]?.task
        let task = Task {
            _ = await previous?.result
            let result: Result<Void, any Error>
            do {
                try await work()
                result = .success(())
            } catch {
                result = .failure(error)
            }
            self.state.withLock { state in
                // With a later operation in line, that one decides.
                guard state.operations[topic]?.id == id else { return }
                state.operations[topic] = nil
                if isSubscribe, case .success = result { state.subscribed.insert(topic) }
            }
            try result.get()
        }
        state.operations[topic] = Operation(id: id, isSubscribe: isSubscribe, task: task)
        return task
    }

    private static func on<T: Sendable>(
        _ connection: WebSocketConnection, _ body: @escaping @Sendable (ConnectionIO) -> T
    ) async -> T {
        if connection.loop.eventLoop.inEventLoop { return body(connection.io) }
        return await withCheckedContinuation { continuation in
            connection.loop.eventLoop.execute { continuation.resume(returning: body(connection.io)) }
        }
    }
}

import LoopguardBus

/// A bus on which this worker itself listens to some topics, besides its clients: those topics stay subscribed when the
/// last client has left.
final class TappedBus: MessageBus {
    private let base: any MessageBus
    private let topics: Set<String>
    private let tap: @Sendable (BusMessage) -> Void

    /// - Parameter tap: gets the messages of `topics`, before the clients; must not block.
    init(_ base: any MessageBus, topics: Set<String>, tap: @escaping @Sendable (BusMessage) -> Void) {
        self.base = base
        self.topics = topics
        self.tap = tap
    }

    func start(deliver: @escaping @Sendable (BusMessage) -> Void) async throws {
        let topics = topics
        let tap = tap
        try await base.start { message in
            if topics.contains(message.topic) { tap(message) }
            deliver(message)
        }
        for topic in topics { try await base.subscribe(topic: topic) }
    }

    func publish(topic: String, payload: [UInt8], headers: BusHeaders) async throws -> BusPosition {
        try await base.publish(topic: topic, payload: payload, headers: headers)
    }

    func subscribe(topic: String) async throws { try await base.subscribe(topic: topic) }

    func unsubscribe(topic: String) async {
        guard !topics.contains(topic) else { return }
        await base.unsubscribe(topic: topic)
    }

    func lease(_ name: String, owner: String, ttlMilliseconds: Int) async throws -> Bool {
        try await base.lease(name, owner: owner, ttlMilliseconds: ttlMilliseconds)
    }

    func history(topic: String, after position: BusPosition?, limit: Int) async throws -> BusHistory {
        try await base.history(topic: topic, after: position, limit: limit)
    }

    var status: BusStatus { base.status }

    func shutdown() async { await base.shutdown() }
}

import DequeModule

/// The topics of a ``LocalBus`` and what they remember. A value without a lock or a clock.
///
/// Same meaning as on Redis: offsets count from 1 within an epoch, the history is a ring, and a topic that was forgotten
/// begins again under a new epoch.
struct LocalTopics: Sendable {
    private struct Topic {
        var epoch: String
        var top: UInt64 = 0
        var history: Deque<BusMessage> = []
        var lastUse: UInt64 = 0
    }

    private let epoch: String
    private let historyMessages: Int
    private let historyBytes: Int
    private let maximumTopics: Int

    private var topics: [String: Topic] = [:]
    private(set) var subscribed: Set<String> = []
    /// Counts up whenever topics are forgotten; part of the epoch of topics made afterwards, so that a forgotten topic that
    /// comes back cannot be taken for the old one.
    private var generation = 0
    private var uses: UInt64 = 0
    /// Remembered payload bytes of all topics.
    private(set) var bytes = 0
    /// Stored messages of all topics, oldest first. Holds stale entries (already forgotten by their topic's ring), which are
    /// skipped and, when they prevail, swept.
    private var order: Deque<(topic: String, position: BusPosition)> = []
    private var stored = 0

    init(epoch: String, historyMessages: Int, historyBytes: Int, maximumTopics: Int) {
        self.epoch = epoch
        self.historyMessages = historyMessages
        self.historyBytes = historyBytes
        self.maximumTopics = maximumTopics
    }

    var count: Int { topics.count }

    mutating func subscribe(_ topic: String) { subscribed.insert(topic) }
    mutating func unsubscribe(_ topic: String) { subscribed.remove(topic) }

    /// Gives the message its place; nil when there are too many topics and all of them are subscribed.
    mutating func append(topic name: String, payload: [UInt8], headers: BusHeaders) -> BusMessage? {
        if topics[name] == nil {
            guard makeRoom() else { return nil }
            topics[name] = Topic(epoch: generation == 0 ? epoch : "\(epoch).\(generation)")
        }
        guard var topic = topics.removeValue(forKey: name) else { return nil }
        uses &+= 1
        topic.lastUse = uses
        topic.top += 1
        let position = BusPosition(epoch: topic.epoch, offset: topic.top)
        let message = BusMessage(topic: name, payload: payload, headers: headers, position: position)
        topic.history.append(message)
        stored += 1
        bytes += payload.count
        while topic.history.count > historyMessages, let old = topic.history.popFirst() { forgot(old) }
        topics[name] = topic
        order.append((name, position))
        trimBytes()
        sweepOrder()
        return message
    }

    func history(topic name: String, after position: BusPosition?, limit: Int) -> BusHistory {
        guard let topic = topics[name] else { return .none }
        let top = BusPosition(epoch: topic.epoch, offset: topic.top)
        let sameEpoch = position.map { $0.epoch == topic.epoch } ?? false
        let after = sameEpoch ? position?.offset ?? 0 : 0
        let first = topic.history.first?.position.offset ?? topic.top + 1
        let rest = topic.history.drop { $0.position.offset <= after }
        return BusHistory(
            messages: Array(rest.prefix(max(0, limit))), top: top,
            isComplete: (sameEpoch || position == nil) && after >= first - 1 && after <= topic.top,
            hasMore: rest.count > limit)
    }

    // MARK: - Bounds

    private mutating func forgot(_ message: BusMessage) {
        bytes -= message.payload.count
        stored -= 1
    }

    /// Forgets the least recently used sixteenth of the topics at once, so that a flood of new names costs little each.
    private mutating func makeRoom() -> Bool {
        guard topics.count >= maximumTopics else { return true }
        let idle = topics.filter { !subscribed.contains($0.key) }.sorted { $0.value.lastUse < $1.value.lastUse }
        guard !idle.isEmpty else { return false }
        for (name, topic) in idle.prefix(max(1, maximumTopics / 16)) {
            for message in topic.history { forgot(message) }
            topics[name] = nil
        }
        generation += 1
        return true
    }

    private mutating func trimBytes() {
        while bytes > historyBytes, let entry = order.popFirst() {
            guard topics[entry.topic]?.history.first?.position == entry.position,
                let old = topics[entry.topic]?.history.popFirst()
            else { continue }
            forgot(old)
        }
    }

    private mutating func sweepOrder() {
        guard order.count > 2 * stored + 1024 else { return }
        let topics = topics
        order.removeAll { entry in
            guard let topic = topics[entry.topic], topic.epoch == entry.position.epoch else { return true }
            return entry.position.offset < topic.history.first?.position.offset ?? .max
        }
    }
}

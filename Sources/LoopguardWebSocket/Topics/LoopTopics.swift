import Loopguard
import NIOCore
import Synchronization

/// Subscribers on one loop.
final class LoopTopics: @unchecked Sendable {
    // SAFETY: `subscribers` and `topics` are used on the event loop only; `mail` has a lock; the rest is atomic.
    struct Delivery: Sendable {
        var topic: String
        var frame: ByteBuffer
    }

    private struct Subscribers {
        var list: [WebSocketConnection] = []
        var index: [ObjectIdentifier: Int] = [:]
    }
    private struct Mail {
        var deliveries: [Delivery] = []
        var isScheduled = false
        /// Of all recipients together.
        var bytes = 0
    }

    let loop: GuardedLoop
    private var subscribers: [String: Subscribers] = [:]
    private var topics: [ObjectIdentifier: Set<String>] = [:]
    private let mail = Mutex(Mail())
    private let deliveredCount = Atomic<UInt64>(0)
    // What waits, for who asks while the loop is stuck: written under the lock of `mail`, read without it.
    private let waitingBroadcasts = Atomic<Int>(0)
    private let waitingBytes = Atomic<Int>(0)
    // The most that was taken at once since the watchdog began to suspect the loop. Written by the loop; the watchdog sets zero.
    private let mostBroadcasts = Atomic<Int>(0)
    private let mostBytes = Atomic<Int>(0)

    init(loop: GuardedLoop) {
        self.loop = loop
        loop.addBurdenSource(self)
    }

    /// Messages given to connections.
    var delivered: UInt64 { deliveredCount.load(ordering: .relaxed) }

    // MARK: any thread

    /// Has a broadcast delivered on the loop; many of them in one loop task.
    ///
    /// - Parameter subscribers: its recipients on the loop, as far as is known.
    func post(_ delivery: Delivery, subscribers: Int) {
        let mustWake = mail.withLock { mail in
            mail.deliveries.append(delivery)
            mail.bytes &+= delivery.frame.readableBytes &* subscribers
            waitingBroadcasts.store(mail.deliveries.count, ordering: .relaxed)
            waitingBytes.store(mail.bytes, ordering: .relaxed)
            defer { mail.isScheduled = true }
            return !mail.isScheduled
        }
        if mustWake { loop.eventLoop.execute { self.deliver() } }
    }

    // MARK: on the loop

    private func deliver() {
        let (deliveries, bytes) = mail.withLock { mail in
            mail.isScheduled = false
            defer {
                mail.deliveries = []
                mail.bytes = 0
                waitingBroadcasts.store(0, ordering: .relaxed)
                waitingBytes.store(0, ordering: .relaxed)
            }
            return (mail.deliveries, mail.bytes)
        }
        if deliveries.count > mostBroadcasts.load(ordering: .relaxed) {
            mostBroadcasts.store(deliveries.count, ordering: .relaxed)
        }
        if bytes > mostBytes.load(ordering: .relaxed) { mostBytes.store(bytes, ordering: .relaxed) }
        let now = NIODeadline.now()
        var count = 0
        for delivery in deliveries {
            guard let list = subscribers[delivery.topic]?.list else { continue }
            for connection in list { connection.io.offer(delivery.frame, topic: delivery.topic, now: now) }
            count += list.count
        }
        deliveredCount.add(UInt64(count), ordering: .relaxed)
    }

    enum Added {
        case first
        case more
        case already
    }

    /// `.first` when it is the connection's first topic.
    func add(_ topic: String, _ connection: WebSocketConnection) -> Added {
        let key = ObjectIdentifier(connection)
        guard topics[key]?.contains(topic) != true else { return .already }
        let isFirst = topics[key] == nil
        topics[key, default: []].insert(topic)
        var entry = subscribers[topic] ?? Subscribers()
        entry.index[key] = entry.list.count
        entry.list.append(connection)
        subscribers[topic] = entry
        return isFirst ? .first : .more
    }

    /// False when it was not there.
    func remove(_ topic: String, _ connection: WebSocketConnection) -> Bool {
        let key = ObjectIdentifier(connection)
        // The key stays, empty, until the connection closes: it has its close hook already.
        guard topics[key]?.remove(topic) != nil else { return false }
        unlist(topic, key)
        return true
    }

    /// Removes the connection from all topics, and returns them.
    func removeAll(_ connection: WebSocketConnection) -> Set<String> {
        let key = ObjectIdentifier(connection)
        let all = topics.removeValue(forKey: key) ?? []
        for topic in all { unlist(topic, key) }
        return all
    }

    private func unlist(_ topic: String, _ key: ObjectIdentifier) {
        guard let index = subscribers[topic]?.index.removeValue(forKey: key), let last = subscribers[topic]?.list.last
        else { return }
        // The last one takes the free place: no search, no shifting.
        if ObjectIdentifier(last) != key {
            subscribers[topic]?.list[index] = last
            subscribers[topic]?.index[ObjectIdentifier(last)] = index
        }
        subscribers[topic]?.list.removeLast()
        if subscribers[topic]?.list.isEmpty == true { subscribers[topic] = nil }
    }
}

extension LoopTopics: LoopBurdenSource {
    func restartBurden() {
        mostBroadcasts.store(0, ordering: .relaxed)
        mostBytes.store(0, ordering: .relaxed)
    }

    var burden: LoopBurden {
        LoopBurden(
            broadcasts: max(mostBroadcasts.load(ordering: .relaxed), waitingBroadcasts.load(ordering: .relaxed)),
            bytes: max(mostBytes.load(ordering: .relaxed), waitingBytes.load(ordering: .relaxed)))
    }

    /// What has been given to connections is counted there.
    var queuedBytes: Int { 0 }
}

import DequeModule
import LoopguardBus
import NIOCore

/// The topics that this worker is subscribed to, and how far each is: a value, driven by events.
///
/// ```
/// new → positioning → positioned → subscribing → subscribed
///         (HMGET)                   (SUBSCRIBE)     │ connection lost: → positioned
/// ```
///
/// The position is read before the subscription, so that nothing that is published in between can hide.
struct SubscriptionTable {
    typealias Tracker = TopicTracker<ArraySlice<UInt8>>

    enum Phase: Sendable, Equatable {
        case new, positioning, positioned, subscribing, subscribed
    }

    struct Entry {
        var phase = Phase.new
        /// False while it lingers: nothing is delivered any more, but the subscription is still there.
        var isWanted = true
        /// Set anew whenever the topic is unsubscribed, so that an older linger deadline is void.
        var linger: UInt64 = 0
        var tracker: Tracker
        /// A live message came since the last comparison with the broker.
        var wasHeard = false
        /// Callers of `subscribe` that wait for the confirmation.
        var waiters: [() -> Void] = []
    }

    private let limits: Tracker.Limits
    private let lingerTime: TimeAmount
    private(set) var entries: [String: Entry] = [:]
    private var newTopics: Deque<String> = []
    private var positioned: Deque<String> = []
    /// SUBSCRIBE commands on the way per topic: only the last confirmation counts, since an UNSUBSCRIBE may stand between.
    private var confirmationsDue: [String: Int] = [:]
    private var lingering: Deque<(deadline: NIODeadline, topic: String, linger: UInt64)> = []
    private var lastLinger: UInt64 = 0

    init(limits: Tracker.Limits, linger: TimeAmount) {
        self.limits = limits
        self.lingerTime = linger
    }

    // MARK: - Callers

    /// Wants the topic. Returns true when it is subscribed already; otherwise `waiter` is called later.
    mutating func subscribe(_ topic: String, waiter: (() -> Void)?) -> Bool {
        if entries[topic] == nil {
            entries[topic] = Entry(tracker: Tracker(position: nil, limits: limits))
            newTopics.append(topic)
        }
        entries[topic]?.isWanted = true
        if entries[topic]?.phase == .subscribed { return true }
        if let waiter { entries[topic]?.waiters.append(waiter) }
        return false
    }

    /// Does not want the topic any more. Delivery ends now, the subscription after the linger time.
    mutating func unsubscribe(_ topic: String, now: NIODeadline) {
        guard entries[topic]?.isWanted == true else { return }
        lastLinger += 1
        entries[topic]?.isWanted = false
        entries[topic]?.linger = lastLinger
        lingering.append((now + lingerTime, topic, lastLinger))
    }

    /// When to call ``lingered(now:)`` next.
    var nextLinger: NIODeadline? { lingering.first?.deadline }

    /// Topics whose linger time is over: forgotten here; those returned are to be unsubscribed from.
    mutating func lingered(now: NIODeadline) -> [String] {
        var topics: [String] = []
        while let first = lingering.first, first.deadline <= now {
            lingering.removeFirst()
            guard let entry = entries[first.topic], !entry.isWanted, entry.linger == first.linger else { continue }
            if drop(first.topic) { topics.append(first.topic) }
        }
        return topics
    }

    /// Takes all who wait, on any topic: they shall not wait for a broker that is away.
    mutating func takeWaiters() -> [() -> Void] {
        var all: [() -> Void] = []
        for (topic, entry) in entries where !entry.waiters.isEmpty {
            all += entry.waiters
            entries[topic]?.waiters = []
        }
        return all
    }

    private mutating func drop(_ topic: String) -> Bool {
        let phase = entries.removeValue(forKey: topic)?.phase
        return phase == .subscribing || phase == .subscribed
    }

    // MARK: - Towards the broker

    /// Topics whose position is to be read now.
    mutating func takeNew() -> [String] {
        var topics: [String] = []
        while let topic = newTopics.popFirst() {
            guard entries[topic]?.phase == .new else { continue }
            entries[topic]?.phase = .positioning
            topics.append(topic)
        }
        return topics
    }

    /// The position came, or (nil) Redis answered with something else.
    mutating func positioned(_ topic: String, at position: TrackedPosition?) {
        guard entries[topic]?.phase == .positioning else { return }
        entries[topic]?.tracker = Tracker(position: position, limits: limits)
        entries[topic]?.phase = .positioned
        positioned.append(topic)
    }

    /// The position could not be read since the connection is gone: again later.
    mutating func positionFailed(_ topic: String) {
        guard entries[topic]?.phase == .positioning else { return }
        entries[topic]?.phase = .new
        newTopics.append(topic)
    }

    /// Topics to subscribe to now, at most `limit`: call again until empty.
    mutating func takePositioned(limit: Int) -> [String] {
        var topics: [String] = []
        while topics.count < limit, let topic = positioned.popFirst() {
            guard entries[topic]?.phase == .positioned else { continue }
            entries[topic]?.phase = .subscribing
            confirmationsDue[topic, default: 0] += 1
            topics.append(topic)
        }
        return topics
    }

    /// Redis confirmed a subscription. Returns what to do, and whom to tell.
    mutating func confirmed(_ topic: String) -> (actions: [Tracker.Action], waiters: [() -> Void]) {
        if let due = confirmationsDue[topic] {
            confirmationsDue[topic] = due > 1 ? due - 1 : nil
            if due > 1 { return ([], []) }
        }
        guard entries[topic]?.phase == .subscribing else { return ([], []) }
        entries[topic]?.phase = .subscribed
        let waiters = entries[topic]?.waiters ?? []
        entries[topic]?.waiters = []
        return (entries[topic]?.tracker.verify() ?? [], waiters)
    }

    /// The subscriber connection is gone: everything is to be subscribed to again; what lingers is dropped.
    mutating func subscriberLost() {
        confirmationsDue = [:]
        lingering = []
        positioned = []
        for (topic, entry) in entries {
            guard entry.isWanted else {
                entries[topic] = nil
                continue
            }
            guard entry.phase != .new, entry.phase != .positioning else { continue }
            entries[topic]?.tracker.disconnected()
            if entry.tracker.position == nil {
                entries[topic]?.phase = .new
                newTopics.append(topic)
            } else {
                entries[topic]?.phase = .positioned
                positioned.append(topic)
            }
        }
    }

    // MARK: - Messages

    /// A live message. Nil: not subscribed, to be ignored.
    mutating func live(_ topic: String, _ item: Tracker.Item) -> [Tracker.Action]? {
        guard entries[topic]?.phase == .subscribed else { return nil }
        entries[topic]?.wasHeard = true
        return entries[topic]?.tracker.live(item)
    }

    func isWanted(_ topic: String) -> Bool { entries[topic]?.isWanted ?? false }

    /// Whether this request of the topic's tracker still waits for its answer.
    func isCurrent(_ topic: String, _ fetch: Tracker.Fetch) -> Bool {
        entries[topic]?.tracker.isCurrent(fetch) ?? false
    }

    mutating func history(_ topic: String, _ history: Tracker.History) -> [Tracker.Action] {
        entries[topic]?.tracker.history(history) ?? []
    }

    /// True when the topic is to be tried again later.
    mutating func historyFailed(_ topic: String, _ fetch: Tracker.Fetch) -> Bool {
        entries[topic]?.tracker.historyFailed(fetch.id) ?? false
    }

    mutating func retry(_ topic: String) -> [Tracker.Action] {
        guard entries[topic]?.phase == .subscribed else { return [] }
        return entries[topic]?.tracker.retry() ?? []
    }

    /// Compares quiet topics with the broker. On a busy one the next message shows a gap anyway.
    mutating func verifyQuiet() -> [(topic: String, actions: [Tracker.Action])] {
        var result: [(topic: String, actions: [Tracker.Action])] = []
        for (topic, entry) in entries where entry.phase == .subscribed && entry.isWanted {
            entries[topic]?.wasHeard = false
            guard !entry.wasHeard, !entry.tracker.isRepairing else { continue }
            result.append((topic, entries[topic]?.tracker.verify() ?? []))
        }
        return result
    }
}

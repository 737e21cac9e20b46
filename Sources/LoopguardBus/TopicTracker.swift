/// Turns what arrives from one topic — live messages that may be missing, doubled or cut off by a reconnect, and pieces of
/// the topic's history — into a delivery that is in order, without doubles, and complete as far as the broker remembers.
/// What it does not remember any more is counted as lost.
///
/// A value, driven by events; the owner performs the returned actions in their order. The owner must:
///
/// - read the position *before* it subscribes and pass it to `init`, so that nothing in between can hide;
/// - call ``verify()`` after every confirmed (re)subscription, before it passes further live messages;
/// - answer each ``Action/fetch(_:)`` with ``history(_:)`` or ``historyFailed(_:)``.
///
/// What cannot be seen from here: a broker that fell back to an older state *and* has counted past our offset again before
/// we could look (asynchronous replication). A broker that fell back and has not, is recognised by its top.
public struct TopicTracker<Body: Sendable>: Sendable {
    /// One message and its place.
    public struct Item: Sendable {
        public var position: BusPosition
        public var body: Body

        public init(position: BusPosition, body: Body) {
            self.position = position
            self.body = body
        }
    }

    /// Limits of a tracker.
    public struct Limits: Sendable {
        /// Live messages that are kept while the history is read; over this, they are dropped and read again from the
        /// history. Default 256.
        public var bufferedMessages = 256
        /// Answers in a row that bring nothing new, after which a hole counts as lost. Default 3.
        public var fruitlessFetches = 3

        public init() {}
    }

    /// A wish to read the topic's history.
    public struct Fetch: Sendable, Hashable {
        /// Names the request; an answer to an older one is ignored.
        public var id: UInt64
        /// The epoch that `after` counts in; nil when the topic did not exist yet. When the topic's epoch is a different
        /// one by now, the history is to be read from its beginning.
        public var epoch: String?
        /// Read messages with a larger offset than this.
        public var after: UInt64
    }

    /// The answer to a ``Fetch``, read at one moment.
    public struct History: Sendable {
        public var id: UInt64
        /// The newest position of the topic; nil when the broker does not know the topic.
        public var top: BusPosition?
        /// The messages behind the position that was asked for, ascending, all of the epoch of `top`.
        public var items: [Item]
        /// True when there are more than `items`, because the answer was limited.
        public var hasMore: Bool

        public init(id: UInt64, top: BusPosition?, items: [Item], hasMore: Bool) {
            self.id = id
            self.top = top
            self.items = items
            self.hasMore = hasMore
        }
    }

    /// What the owner must do.
    public enum Action: Sendable {
        /// Hand on. `repaired`: it was read from the history, since the live path did not bring it (in time).
        case deliver(Item, repaired: Bool)
        /// A message that was delivered already was skipped.
        case duplicate(BusPosition)
        /// Read the history and pass the answer.
        case fetch(Fetch)
        /// So many messages are gone for good, at this place of the order.
        case lost(UInt64)
        /// The broker lost its state and counts anew.
        case restarted(epoch: String)
    }

    /// Last delivered place; the epoch is nil as long as the topic does not exist. Nil altogether: not known, the first live
    /// message sets it.
    public internal(set) var position: TrackedPosition?
    public let limits: Limits

    /// The request that is under way.
    var fetching: UInt64?
    /// True from a gap (or `verify`) until the history has closed it.
    public internal(set) var isRepairing = false
    /// Live messages that came while repairing, as they came.
    var buffer: [Item] = []
    /// So many messages of the buffer came before the request that is under way, so they are not newer than its answer. Of
    /// the others that cannot be said.
    var bufferedBeforeFetch = 0
    /// A message was dropped because the buffer was full.
    var hasOverflowed = false
    var fruitless = 0
    /// Epochs that are over, and how far they were delivered; the newest last. The history may show a new epoch before the
    /// last live messages of the old one have arrived.
    var past: [TrackedPosition] = []
    var lastID: UInt64 = 0

    /// A tracker for a new subscription.
    ///
    /// - Parameter position: What the broker said just before the subscription; nil when it could not be asked.
    public init(position: TrackedPosition?, limits: Limits = Limits()) {
        self.position = position
        self.limits = limits
    }

    /// A message arrived on the live path.
    public mutating func live(_ item: Item) -> [Action] {
        if isRepairing {
            guard buffer.count < limits.bufferedMessages else {
                hasOverflowed = true
                return []
            }
            buffer.append(item)
            return []
        }
        guard let current = position else {
            position = TrackedPosition(epoch: item.position.epoch, offset: item.position.offset)
            return [.deliver(item, repaired: false)]
        }
        if current.epoch == nil { position?.epoch = item.position.epoch }
        var actions: [Action] = []
        guard position?.epoch == item.position.epoch else {
            // A new epoch; or the last words of an old one, since the history can be ahead of the live path; or a broker that
            // was restored from a snapshot. Only the history knows.
            isRepairing = true
            buffer.append(item)
            fetch(&actions)
            return actions
        }
        let offset = position?.offset ?? 0
        if item.position.offset <= offset { return [.duplicate(item.position)] }
        if item.position.offset - 1 == offset {
            position?.offset = item.position.offset
            return [.deliver(item, repaired: false)]
        }
        isRepairing = true
        buffer.append(item)
        fetch(&actions)
        return actions
    }

    /// The subscription was (re)made, or it is time to compare with the broker: reads the history after the last delivered
    /// message. Nothing to do when no position is known yet.
    public mutating func verify() -> [Action] {
        guard position != nil else { return [] }
        isRepairing = true
        var actions: [Action] = []
        fetch(&actions)
        return actions
    }

    /// The connection is gone: an answer is not to be expected. The gap stays; ``verify()`` follows.
    public mutating func disconnected() {
        fetching = nil
    }

    /// The history could not be read. Returns whether this was the current request; the owner then calls ``retry()``
    /// after a while, or ``verify()`` after a reconnect.
    public mutating func historyFailed(_ id: UInt64) -> Bool {
        guard fetching == id else { return false }
        fetching = nil
        return true
    }

    /// Asks again after a failure, if there is still something to repair and nothing under way.
    public mutating func retry() -> [Action] {
        guard isRepairing, fetching == nil else { return [] }
        return verify()
    }

    /// Whether `fetch` is still the one to be answered.
    public func isCurrent(_ fetch: Fetch) -> Bool { fetching == fetch.id }

    mutating func fetch(_ actions: inout [Action]) {
        lastID &+= 1
        bufferedBeforeFetch = buffer.count
        fetching = lastID
        actions.append(.fetch(Fetch(id: lastID, epoch: position?.epoch, after: position?.offset ?? 0)))
    }

    /// Begins counting in another epoch; in one that is known, where it was left. A topic that begins to exist is no
    /// restart.
    mutating func restart(_ epoch: String, _ actions: inout [Action]) {
        if let position, position.epoch != nil {
            actions.append(.restarted(epoch: epoch))
            past.append(position)
            if past.count > Self.pastEpochs { past.removeFirst() }
        }
        let known = past.firstIndex { $0.epoch == epoch }.map { past.remove(at: $0).offset }
        position = TrackedPosition(epoch: epoch, offset: known ?? 0)
    }

    /// Epochs that are remembered after their end. Each needs a loss of the broker's state within one round trip.
    static var pastEpochs: Int { 4 }
}

extension TopicTracker.Item: Equatable where Body: Equatable {}
extension TopicTracker.Action: Equatable where Body: Equatable {}

/// A place in a topic that may not exist yet.
public struct TrackedPosition: Sendable, Hashable {
    /// Nil: the topic does not exist yet.
    public var epoch: String?
    public var offset: UInt64

    public init(epoch: String?, offset: UInt64) {
        self.epoch = epoch
        self.offset = offset
    }
}

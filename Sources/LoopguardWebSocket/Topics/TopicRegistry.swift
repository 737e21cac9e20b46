/// Counts subscribers per topic over all loops, and says when the bus must be told. A value: the order of events decides.
struct TopicRegistry: Sendable {
    private struct Entry {
        /// Joined, or about to.
        var total = 0
        /// Subscribers on each loop that get deliveries.
        var perLoop: [Int]
    }

    private var entries: [String: Entry] = [:]
    private let loops: Int

    init(loops: Int) { self.loops = loops }

    /// A subscriber is coming.
    mutating func retain(_ topic: String) {
        entries[topic, default: Entry(perLoop: Array(repeating: 0, count: loops))].total += 1
    }

    /// It is there: deliveries go to its loop.
    mutating func activate(_ topic: String, loop: Int) { entries[topic]?.perLoop[loop] += 1 }

    /// It has left its loop.
    mutating func deactivate(_ topic: String, loop: Int) { entries[topic]?.perLoop[loop] -= 1 }

    /// It is gone. True for the last one: the bus may be unsubscribed.
    mutating func release(_ topic: String) -> Bool {
        guard var entry = entries[topic] else { return false }
        entry.total -= 1
        entries[topic] = entry.total > 0 ? entry : nil
        return entry.total <= 0
    }

    func isWanted(_ topic: String) -> Bool { entries[topic] != nil }

    /// Subscribers by loop; empty when there are none.
    func perLoop(of topic: String) -> [Int] { entries[topic]?.perLoop ?? [] }

    func subscribers(of topic: String) -> Int { entries[topic]?.perLoop.reduce(0, +) ?? 0 }
    var topics: Int { entries.count }
    var subscriptions: Int { entries.values.reduce(0) { $0 + $1.perLoop.reduce(0, +) } }
}

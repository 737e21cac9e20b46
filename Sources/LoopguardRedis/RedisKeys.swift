/// Names of keys and channels.
///
/// A topic's keys carry the hash tag `{pNN}`, so that Redis Cluster keeps those that one script touches in one place, and
/// sharded channels need no migration. The letter before it tells the kinds apart, whatever a topic is called.
struct RedisKeys: Sendable {
    let prefix: String

    /// Partitions over which topics are spread.
    static let partitions: UInt64 = 128

    /// Hash with the topic's epoch (`e`) and its newest offset (`o`).
    func meta(_ topic: String) -> String { "\(prefix):m:\(Self.tagged(topic))" }
    /// Stream of the topic's newest messages; an entry's ID is `<offset>-0`.
    func stream(_ topic: String) -> String { "\(prefix):s:\(Self.tagged(topic))" }
    func channel(_ topic: String) -> String { channelPrefix + Self.tagged(topic) }
    /// Remembers where a publish with this idempotency key ended up. In the topic's partition.
    func idempotency(_ key: String, topic: String) -> String { "\(prefix):i:\(Self.tagged(topic)):\(key)" }
    /// Hash with the notes of all hosts.
    var board: String { "\(prefix):h:{hosts}" }
    func lease(_ name: String) -> String { "\(prefix):l:\(name)" }
    func probe(_ worker: String) -> String { "\(prefix):probe:\(worker)" }

    private var channelPrefix: String { "\(prefix):c:" }

    /// The topic of a channel; nil when it is not one of ours.
    func topic(ofChannel channel: String) -> String? {
        guard channel.hasPrefix(channelPrefix) else { return nil }
        let rest = channel.dropFirst(channelPrefix.count)
        guard rest.hasPrefix("{p"), let end = rest.firstIndex(of: "}") else { return nil }
        let topic = rest[rest.index(after: end)...]
        return topic.first == "." ? String(topic.dropFirst()) : nil
    }

    private static func tagged(_ topic: String) -> String { "{p\(partition(topic))}.\(topic)" }

    /// FNV-1a: the same in every process and release, which Swift's own hash is not.
    static func partition(_ topic: String) -> UInt64 {
        var hash: UInt64 = 0xcbf2_9ce4_8422_2325
        for byte in topic.utf8 {
            hash ^= UInt64(byte)
            hash &*= 0x0000_0100_0000_01b3
        }
        return hash % partitions
    }
}

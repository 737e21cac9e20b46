import LoopguardBus
import Testing

@testable import LoopguardRedis

@Suite struct RedisKeysTests {
    private let keys = RedisKeys(prefix: "lg")

    @Test func partitionsAreStable() {
        // FNV-1a of the empty string and of "a", modulo 128: a change would be a migration.
        let empty: UInt64 = 0xcbf2_9ce4_8422_2325
        let letter: UInt64 = 0xaf63_dc4c_8601_ec8c
        #expect(RedisKeys.partition("") == empty % 128)
        #expect(RedisKeys.partition("a") == letter % 128)
        #expect(keys.channel("a") == "lg:c:{p12}.a")
        let used = Set((0..<5000).map { RedisKeys.partition("room-\($0)") })
        #expect(used.count == 128)
    }

    @Test(arguments: ["a", "}", "{p1}.x", "x:m:y", "Raum ü", ".", "c:{p1}."])
    func topicsComeBackFromChannels(_ topic: String) {
        #expect(keys.topic(ofChannel: keys.channel(topic)) == topic)
        let all = [keys.meta(topic), keys.stream(topic), keys.channel(topic), keys.idempotency("k", topic: topic)]
        #expect(Set(all).count == 4)
        #expect(Set(all.map { $0.drop { $0 != "{" }.prefix { $0 != "}" } }).count == 1, "one hash tag")
    }

    @Test(arguments: ["", "lg:c:", "lg:c:{p1}", "lg:c:{p1}x", "other:c:{p1}.x", "lg:probe:1"])
    func foreignChannelsAreNoTopics(_ channel: String) {
        #expect(keys.topic(ofChannel: channel) == nil)
    }
}

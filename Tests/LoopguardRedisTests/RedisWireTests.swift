import LoopguardBus
import Testing

@testable import LoopguardRedis

@Suite struct RedisWireTests {
    private func item(_ text: String) -> SubscriptionTable.Tracker.Item? { RedisWire.liveItem(Array(text.utf8)) }

    @Test func liveMessage() throws {
        let item = try #require(self.item("18446744073709551615:e1:a:b"))
        #expect(item.position == BusPosition(epoch: "e1", offset: .max))
        #expect(Array(item.body) == Array("a:b".utf8))
        let empty = try #require(self.item("1:e:"))
        #expect(empty.body.isEmpty)
    }

    @Test(arguments: [
        "", ":", "::", "1", "1:", "1:e", "0:e:x", "-1:e:x", "x:e:x", "1::x", "1:e e:x", "18446744073709551616:e:x",
        "1:" + String(repeating: "e", count: 65) + ":x", String(repeating: "1", count: 30),
    ])
    func foreignMessages(_ text: String) { #expect(item(text) == nil) }

    @Test func history() throws {
        func entry(_ id: String) -> RESPValue {
            .array([.bulk(Array(id.utf8)), .array([.bulk([100]), .bulk([1, 0, 9])])])
        }
        func reply(_ entries: [RESPValue]) -> RESPValue {
            .array([.bulk(Array("e".utf8)), .bulk(Array("7".utf8)), .array(entries)])
        }
        let part = try #require(RedisWire.history(reply([entry("5-0"), entry("6-0")]), id: 3, limit: 2))
        #expect(part.id == 3 && part.hasMore && part.top == BusPosition(epoch: "e", offset: 7))
        #expect(part.items.map(\.position.offset) == [5, 6])
        let whole = try #require(RedisWire.history(reply([entry("6-0"), entry("7-0")]), id: 3, limit: 2))
        #expect(!whole.hasMore)
        let unknown = try #require(
            RedisWire.history(.array([.bulk([]), .bulk([48]), .array([])]), id: 1, limit: 2))
        #expect(unknown.top == nil)
        for bad in [
            .null, .array([]), reply([.null]), reply([entry("x-0")]), reply([.array([.bulk([49]), .array([])])]),
        ] {
            #expect(RedisWire.history(bad, id: 1, limit: 2) == nil)
        }
    }

    @Test func positions() {
        #expect(RedisWire.trackedPosition(.array([.null, .null])) == TrackedPosition(epoch: nil, offset: 0))
        #expect(
            RedisWire.trackedPosition(.array([.bulk([101]), .bulk([55])])) == TrackedPosition(epoch: "e", offset: 7))
        for bad in [.null, .array([.bulk([101]), .null]), .error("x"), .array([.bulk([10]), .bulk([55])])]
            as [RESPValue]
        {
            #expect(RedisWire.trackedPosition(bad) == nil)
        }
    }
}

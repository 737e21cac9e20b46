import LoopguardBus
import NIOCore
import Testing

@testable import LoopguardRedis

@Suite struct SubscriptionTableTests {
    private func table() -> SubscriptionTable { SubscriptionTable(limits: .init(), linger: .seconds(2)) }

    private func item(_ offset: UInt64) -> SubscriptionTable.Tracker.Item {
        .init(position: BusPosition(epoch: "e", offset: offset), body: [])
    }

    private func subscribed(_ topic: String) -> SubscriptionTable {
        var table = table()
        _ = table.subscribe(topic, waiter: nil)
        _ = table.takeNew()
        table.positioned(topic, at: TrackedPosition(epoch: nil, offset: 0))
        _ = table.takePositioned(limit: 9)
        _ = table.confirmed(topic)
        return table
    }

    @Test func wayOfATopic() {
        var table = table()
        var told = 0
        let before = table.subscribe("t", waiter: { told += 1 })
        #expect(!before)
        #expect(table.takePositioned(limit: 9) == [])
        #expect(table.takeNew() == ["t"])
        #expect(table.takeNew() == [])
        table.positioned("t", at: TrackedPosition(epoch: nil, offset: 0))
        #expect(table.takePositioned(limit: 9) == ["t"])
        #expect(table.live("t", item(1)) == nil, "not confirmed")
        let (actions, waiters) = table.confirmed("t")
        #expect(actions.count == 1, "the history is read")
        for waiter in waiters { waiter() }
        #expect(told == 1)
        let after = table.subscribe("t", waiter: nil)
        #expect(after)
        #expect(table.live("t", item(1))?.count == 0, "kept until the history is there")
    }

    @Test func lostSubscriberBeginsAgainFromItsPosition() {
        var table = subscribed("t")
        table.subscriberLost()
        #expect(table.takeNew() == [], "the position is known")
        #expect(table.takePositioned(limit: 9) == ["t"])
        #expect(table.confirmed("t").actions.count == 1)
    }

    @Test func lostPublisherReadsThePositionAgain() {
        var table = table()
        _ = table.subscribe("t", waiter: nil)
        #expect(table.takeNew() == ["t"])
        table.positionFailed("t")
        #expect(table.takeNew() == ["t"])
        table.positioned("t", at: nil)
        #expect(table.takePositioned(limit: 9) == ["t"])
        #expect(table.confirmed("t").actions.isEmpty, "the first live message tells")
        table.subscriberLost()
        #expect(table.takeNew() == ["t"], "still unknown")
    }

    @Test func batchesAreLimited() {
        var table = table()
        for number in 0..<5 { _ = table.subscribe("\(number)", waiter: nil) }
        for topic in table.takeNew() { table.positioned(topic, at: nil) }
        #expect(table.takePositioned(limit: 2) == ["0", "1"])
        #expect(table.takePositioned(limit: 2) == ["2", "3"])
        #expect(table.takePositioned(limit: 2) == ["4"])
    }

    @Test func lingerEndsUnlessWantedAgain() {
        var table = subscribed("t")
        table.unsubscribe("t", now: at(0))
        #expect(!table.isWanted("t"))
        #expect(table.nextLinger == at(2000))
        _ = table.subscribe("t", waiter: nil)
        #expect(table.isWanted("t"))
        #expect(table.lingered(now: at(2000)) == [], "wanted again")
        table.unsubscribe("t", now: at(3000))
        table.unsubscribe("t", now: at(4000))
        #expect(table.lingered(now: at(4999)) == [])
        #expect(table.lingered(now: at(5000)) == ["t"])
        #expect(table.entries.isEmpty)
    }

    @Test func whatLingersIsDroppedWithTheConnection() {
        var table = subscribed("t")
        table.unsubscribe("t", now: at(0))
        table.subscriberLost()
        #expect(table.entries.isEmpty)
        #expect(table.lingered(now: at(9000)) == [])
    }

    @Test func onlyTheLastOfSeveralConfirmationsCounts() {
        var table = table()
        _ = table.subscribe("t", waiter: nil)
        for topic in table.takeNew() { table.positioned(topic, at: TrackedPosition(epoch: nil, offset: 0)) }
        _ = table.takePositioned(limit: 9)
        // SUBSCRIBE is on its way; UNSUBSCRIBE and another SUBSCRIBE follow.
        table.unsubscribe("t", now: at(0))
        #expect(table.lingered(now: at(2000)) == ["t"])
        _ = table.subscribe("t", waiter: nil)
        for topic in table.takeNew() { table.positioned(topic, at: TrackedPosition(epoch: nil, offset: 0)) }
        #expect(table.takePositioned(limit: 9) == ["t"])
        #expect(table.confirmed("t").actions.isEmpty, "of the first")
        #expect(table.confirmed("t").actions.count == 1)
    }

    @Test func onlyQuietTopicsAreCompared() throws {
        var table = subscribed("t")
        #expect(table.verifyQuiet().isEmpty, "its history is on the way")
        let fetch = table.retry("t")
        #expect(fetch.isEmpty)
        _ = table.history("t", .init(id: 1, top: nil, items: [], hasMore: false))
        #expect(table.live("t", item(1))?.count == 1)
        #expect(table.verifyQuiet().isEmpty, "just heard")
        #expect(table.verifyQuiet().map(\.topic) == ["t"])
    }

    @Test func waitersAreTakenAtOnce() {
        var table = table()
        _ = table.subscribe("a", waiter: {})
        _ = table.subscribe("b", waiter: {})
        #expect(table.takeWaiters().count == 2)
        #expect(table.takeWaiters().isEmpty)
    }
}

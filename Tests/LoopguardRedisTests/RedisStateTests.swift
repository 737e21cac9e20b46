import LoopguardBus
import NIOCore
import Testing

@testable import LoopguardRedis

private func at(_ milliseconds: Int64) -> NIODeadline { .uptimeNanoseconds(0) + .milliseconds(milliseconds) }

@Suite struct BackoffTests {
    @Test func limitDoublesUpToTheCap() {
        var backoff = Backoff()
        let limits = (0..<10).map { _ in backoff.next(random: .max) }
        let expected: [Double] = [0.1, 0.2, 0.4, 0.8, 1.6, 3.2, 5, 5, 5, 5]
        for (limit, expected) in zip(limits, expected) {
            #expect(abs(limit / .seconds(1) - expected) < 1e-6)
            #expect(limit <= .seconds(5))
        }
    }

    @Test func jitterIsFull() {
        var backoff = Backoff()
        #expect(backoff.next(random: 0) == .zero)
        #expect(backoff.next(random: 1 << 63) == .milliseconds(100))
        var random = SeededGenerator(seed: 1)
        for _ in 0..<1000 {
            let wait = backoff.next(random: random.next())
            #expect(wait >= .zero && wait < .seconds(5))
        }
    }

    @Test func onlyAStableConnectionResets() {
        var backoff = Backoff()
        for _ in 0..<4 { _ = backoff.next(random: 0) }
        backoff.connectionEnded(after: .milliseconds(9_999))
        #expect(backoff.attempts == 4)
        backoff.connectionEnded(after: .seconds(10))
        #expect(backoff.attempts == 0)
    }
}

@Suite struct RedisLinkStateTests {
    @Test func lifeOfALink() {
        var state = RedisLinkState(backoff: Backoff())
        #expect(state.start() == .connect(attempt: 1))
        #expect(state.start() == nil)
        #expect(state.ended(attempt: 1, now: at(0), random: 1 << 63) == .wait(until: at(50), attempt: 1))
        #expect(state.ended(attempt: 1, now: at(0), random: 0) == nil, "ended already")
        #expect(state.waited(attempt: 1) == .connect(attempt: 2))
        #expect(state.waited(attempt: 1) == nil)
        let late = state.connected(attempt: 1, now: at(60))
        #expect(!late, "an older attempt")
        let connected = state.connected(attempt: 2, now: at(60))
        #expect(connected && state.isReady && state.reconnects == 0)
        #expect(state.ended(attempt: 2, now: at(70), random: 1 << 63) == .wait(until: at(170), attempt: 2))
        #expect(state.waited(attempt: 2) == .connect(attempt: 3))
        let again = state.connected(attempt: 3, now: at(200))
        #expect(again && state.reconnects == 1)
        // It lived for 10 s, so the wait begins at the base again.
        #expect(state.ended(attempt: 3, now: at(10_200), random: 1 << 63) == .wait(until: at(10_250), attempt: 3))
    }

    @Test func closedIsClosed() {
        var state = RedisLinkState(backoff: Backoff())
        _ = state.start()
        state.close()
        let connected = state.connected(attempt: 1, now: at(0))
        #expect(!connected)
        #expect(state.ended(attempt: 1, now: at(0), random: 0) == nil)
        #expect(state.waited(attempt: 1) == nil)
        #expect(state.start() == nil)
    }
}

@Suite struct LivenessProbeTests {
    private func probe() -> LivenessProbe { LivenessProbe(interval: .seconds(5), now: at(0)) }

    @Test func healthyConnectionIsProbedForEver() {
        var probe = probe()
        for number in 1...100 as ClosedRange<UInt64> {
            #expect(probe.nextTick == at(Int64(number) * 5000))
            #expect(probe.tick(now: probe.nextTick) == .probe(number))
            probe.probeAccepted(number, now: at(Int64(number) * 5000 + 1))
            probe.heard(now: at(Int64(number) * 5000 + 2))
            probe.probeReturned(number)
        }
    }

    @Test func silenceIsNoticedWithinTwoIntervals() {
        var probe = probe()
        #expect(probe.tick(now: at(5000)) == .probe(1))
        probe.heard(now: at(5001))
        probe.probeReturned(1)
        #expect(probe.tick(now: at(10_000)) == .probe(2))
        #expect(probe.tick(now: at(15_000)) == .silent(.milliseconds(9999)))
    }

    @Test func acceptedProbeThatDoesNotReturnIsNoticedThoughPingsAreAnswered() {
        var probe = probe()
        #expect(probe.tick(now: at(5000)) == .probe(1))
        probe.probeAccepted(1, now: at(5001))
        probe.heard(now: at(9999))
        #expect(probe.tick(now: at(10_000)) == .probe(1), "one interval is not over yet")
        probe.heard(now: at(14_999))
        #expect(probe.tick(now: at(15_000)) == .wedged(.milliseconds(9999)))
    }

    @Test func probeThatRedisNeverAcceptedProvesNothing() {
        var probe = probe()
        for tick in 1...5 as ClosedRange<Int64> {
            #expect(probe.tick(now: at(5000 * tick)) == .probe(UInt64(tick)))
            probe.heard(now: at(5000 * tick + 1))
        }
    }

    @Test func probeThatReturnsBeforeItsAcceptanceIsFine() {
        var probe = probe()
        #expect(probe.tick(now: at(5000)) == .probe(1))
        probe.probeReturned(1)
        probe.probeAccepted(1, now: at(5002))
        probe.heard(now: at(5002))
        #expect(probe.tick(now: at(10_000)) == .probe(2))
        probe.heard(now: at(10_001))
        #expect(probe.tick(now: at(15_000)) == .probe(3))
    }

    @Test func noVerdictWhenWeWereHeldUpOurselves() {
        var probe = probe()
        // The loop stalled for 30 s; the answers wait in the socket.
        #expect(probe.tick(now: at(35_000)) == .probe(1))
        #expect(probe.tick(now: at(40_000)) == .silent(.seconds(40)), "but then nothing came")
    }
}

@Suite struct RedisHandshakeTests {
    private func handshake(_ url: String, _ role: RedisHandshake.Role = .subscriber) throws -> RedisHandshake {
        RedisHandshake(url: try RedisURL(url), role: role, worker: "host 1/ü\n2")
    }

    @Test func commandsInOrder() throws {
        #expect(try handshake("redis://h").commands.map(\.name) == ["PING", "CLIENT SETNAME"])
        #expect(
            try handshake("redis://u:p@h/2", .publisher).commands.map(\.name) == [
                "AUTH", "PING", "SELECT", "CLIENT SETNAME", "SCRIPT LOAD", "SCRIPT LOAD", "SCRIPT LOAD", "INFO",
            ])
        #expect(
            RedisHandshake.clientName(worker: "host 1/ü\n2", role: .subscriber) == "loopguard-host_1/___2-subscriber")
    }

    @Test func publisherLearnsDigests() throws {
        let digest = String(repeating: "a", count: 40)
        let replies: [RESPValue] =
            [.simpleString("PONG"), .error("NOPERM no SETNAME")] + Array(repeating: .bulk(Array(digest.utf8)), count: 3)
            + [.bulk(Array("# Stats\r\nevicted_clients:3\r\n".utf8))]
        let outcome = try handshake("redis://h", .publisher).judge(replies)
        #expect(outcome.digests.count == RedisScript.allCases.count)
        #expect(outcome.digests[.lease] == digest)
        #expect(outcome.statistics.evictedClients == 3)
    }

    @Test(arguments: [
        ("redis://h", ["NOAUTH Authentication required."], BusError.Code.refused, "demands a password"),
        ("redis://:p@h", ["WRONGPASS invalid"], .refused, "refused user or password"),
        ("redis://:p@h", ["ERR AUTH <password> called without any"], .refused, "does it have a password at all"),
        ("redis://h", ["LOADING Redis is loading"], .unavailable, "not ready yet"),
        ("redis://h/9", ["", "ERR DB index is out of range"], .refused, "refused database 9"),
        ("redis://h", ["NOPERM this user has no permissions"], .refused, "may not do what the bus needs"),
        ("redis://h", ["DENIED Redis is running in protected mode"], .refused, "protected mode"),
    ])
    func refusalsAreExplained(_ url: String, _ errors: [String], _ code: BusError.Code, _ text: String) throws {
        let replies = errors.map { $0.isEmpty ? RESPValue.simpleString("OK") : .error($0) }
        let error = #expect(throws: BusError.self) { try handshake(url).judge(replies) }
        #expect(error?.code == code)
        #expect(error?.message.contains(text) == true)
        #expect(error?.message.contains(":p@") == false)
    }
}

@Suite struct RedisStatisticsTests {
    private func statistics(_ connections: UInt64?, _ output: UInt64?, _ evicted: UInt64?) -> RedisStatistics {
        var statistics = RedisStatistics()
        statistics.connections = connections
        statistics.outputBufferDisconnections = output
        statistics.evictedClients = evicted
        return statistics
    }

    @Test func causesAreToldApart() {
        let before = statistics(10, 1, 1)
        func text(_ after: RedisStatistics) -> String { RedisStatistics.explanation(before: before, after: after) }
        #expect(text(statistics(2, 0, 0)).contains("restarted"))
        #expect(text(statistics(11, 2, 1)).contains("output buffer was full"))
        #expect(text(statistics(11, 1, 2)).contains("evicted"))
        #expect(text(statistics(11, nil, nil)).contains("does not count"))
        #expect(text(statistics(11, 1, 1)).contains("CLIENT KILL"))
    }

    @Test func infoIsRead() {
        let info =
            "# Stats\r\ntotal_connections_received:7\r\nclient_output_buffer_limit_disconnections:2\r\nbad\r\nx:y\r\n"
        #expect(RedisStatistics(info) == statistics(7, 2, nil))
    }
}

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

@Suite struct RedisConfigurationTests {
    typealias Change = @Sendable (inout RedisBus.Configuration) -> Void

    static let wrong: [(String, Change)] = [
        ("maximumInFlight", { $0.maximumInFlight = 0 }), ("linger", { $0.linger = .seconds(-1) }),
        ("commandDeadline", { $0.commandDeadline = .zero }), ("historyPage", { $0.historyPage = 1000 }),
        ("topicLifetime", { $0.topicLifetime = .seconds(1) }), ("keyPrefix", { $0.keyPrefix = "a{b" }),
        ("worker", { $0.worker = "" }), ("base", { $0.backoff.cap = .zero }),
    ]

    @Test(arguments: wrong)
    func wrongValuesAreNamed(_ name: String, _ change: Change) {
        let error = #expect(throws: BusError.self) { try RedisBus.Configuration.defaults(change).validate() }
        #expect(error?.code == .invalidConfiguration)
        #expect(error?.message.contains(name) == true)
    }

    @Test func defaultsAreValid() throws { try RedisBus.Configuration.defaults.validate() }
}

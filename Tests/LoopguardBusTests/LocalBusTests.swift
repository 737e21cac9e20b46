import LoopguardBus
import Synchronization
import Testing

/// What arrives.
private final class Inbox: Sendable {
    private let messages = Mutex<[BusMessage]>([])
    var all: [BusMessage] { messages.withLock { $0 } }
    func append(_ message: BusMessage) { messages.withLock { $0.append(message) } }
}

@Suite struct LocalBusTests {
    private func bus(_ change: (inout LocalBus.Configuration) -> Void = { _ in }) throws -> LocalBus {
        try LocalBus(configuration: .defaults(change), epoch: "e")
    }

    private func offsets(_ history: BusHistory) -> [UInt64] { history.messages.map(\.position.offset) }

    @Test func offsetsCountFromOnePerTopic() async throws {
        let bus = try bus()
        #expect(try await bus.publish(topic: "a", payload: [], headers: .init()) == BusPosition(epoch: "e", offset: 1))
        #expect(try await bus.publish(topic: "a", payload: [], headers: .init()).offset == 2)
        #expect(try await bus.publish(topic: "b", payload: [], headers: .init()).offset == 1)
    }

    @Test func manyThreadsSeeOneOrder() async throws {
        let bus = try bus()
        let inbox = Inbox()
        try await bus.start { inbox.append($0) }
        try await bus.subscribe(topic: "t")
        try await withThrowingTaskGroup(of: Void.self) { group in
            for writer in 0..<8 as Range<UInt8> {
                group.addTask {
                    for number in 0..<200 as Range<UInt8> {
                        try await bus.publish(topic: "t", payload: [writer, number], headers: .init())
                    }
                }
            }
            try await group.waitForAll()
        }
        #expect(inbox.all.map(\.position.offset) == Array(1...1600))
        for writer in 0..<8 as Range<UInt8> {
            let own = inbox.all.filter { $0.payload[0] == writer }.map(\.payload[1])
            #expect(own == Array(0..<200))
        }
        #expect(bus.status.delivered == 1600)
    }

    @Test func historyIsARing() async throws {
        let bus = try bus { $0.historyMessages = 3 }
        for _ in 1...5 { try await bus.publish(topic: "t", payload: [1], headers: .init()) }
        let top = BusPosition(epoch: "e", offset: 5)
        let whole = try await bus.history(topic: "t", after: nil, limit: 10)
        #expect(offsets(whole) == [3, 4, 5])
        #expect(whole.top == top)
        #expect(!whole.isComplete, "1 and 2 are missing")
        let resumed = try await bus.history(topic: "t", after: BusPosition(epoch: "e", offset: 3), limit: 10)
        #expect(offsets(resumed) == [4, 5])
        #expect(resumed.isComplete)
        let limited = try await bus.history(topic: "t", after: BusPosition(epoch: "e", offset: 2), limit: 2)
        #expect(offsets(limited) == [3, 4])
        #expect(limited.hasMore)
        let late = try await bus.history(topic: "t", after: BusPosition(epoch: "e", offset: 1), limit: 10)
        #expect(!late.isComplete)
        let other = try await bus.history(topic: "t", after: BusPosition(epoch: "old", offset: 5), limit: 10)
        #expect(!other.isComplete)
        #expect(offsets(other) == [3, 4, 5])
        #expect(try await bus.history(topic: "unknown", after: nil, limit: 10) == .none)
    }

    @Test func historyIsBoundedInBytesOverAllTopics() async throws {
        let bus = try bus { $0.historyBytes = 10 }
        for topic in ["a", "b", "a"] {
            try await bus.publish(topic: topic, payload: [1, 2, 3, 4], headers: .init())
        }
        #expect(
            offsets(try await bus.history(topic: "a", after: nil, limit: 9)) == [2], "the oldest of the bus is gone")
        #expect(offsets(try await bus.history(topic: "b", after: nil, limit: 9)) == [1])
    }

    @Test func idleTopicsAreForgottenAndComeBackUnderANewEpoch() async throws {
        let bus = try bus { $0.maximumTopics = 2 }
        try await bus.subscribe(topic: "kept")
        for topic in ["kept", "idle", "new"] { try await bus.publish(topic: topic, payload: [], headers: .init()) }
        #expect(try await bus.history(topic: "idle", after: nil, limit: 1) == .none)
        let again = try await bus.publish(topic: "idle", payload: [], headers: .init())
        #expect(again.offset == 1)
        #expect(again.epoch != "e")
        #expect(
            try await bus.publish(topic: "kept", payload: [], headers: .init()) == BusPosition(epoch: "e", offset: 2))
    }

    @Test func tooManySubscribedTopicsAreRefused() async throws {
        let bus = try bus { $0.maximumTopics = 1 }
        try await bus.subscribe(topic: "a")
        try await bus.publish(topic: "a", payload: [], headers: .init())
        await #expect { try await bus.publish(topic: "b", payload: [], headers: .init()) } throws: {
            ($0 as? BusError)?.code == .overloaded
        }
        await #expect { try await bus.subscribe(topic: "b") } throws: { ($0 as? BusError)?.code == .overloaded }
        #expect(bus.status.publishFailed == 1)
    }

    @Test func leaseExpiresByTheInjectedClock() async throws {
        let time = Mutex(ContinuousClock.now)
        let bus = try LocalBus(now: { time.withLock { $0 } })
        #expect(try await bus.lease("l", owner: "a", ttlMilliseconds: 100))
        #expect(try await !bus.lease("l", owner: "b", ttlMilliseconds: 100))
        time.withLock { $0 += .milliseconds(99) }
        #expect(try await !bus.lease("l", owner: "b", ttlMilliseconds: 100))
        #expect(try await bus.lease("l", owner: "a", ttlMilliseconds: 100), "renewed")
        time.withLock { $0 += .milliseconds(99) }
        #expect(try await !bus.lease("l", owner: "b", ttlMilliseconds: 100))
        time.withLock { $0 += .milliseconds(1) }
        #expect(try await bus.lease("l", owner: "b", ttlMilliseconds: 100))
        #expect(try await !bus.lease("l", owner: "a", ttlMilliseconds: 100))
    }

    @Test func leasesAreBounded() async throws {
        let time = Mutex(ContinuousClock.now)
        let bus = try LocalBus(configuration: .defaults { $0.maximumLeases = 2 }, now: { time.withLock { $0 } })
        #expect(try await bus.lease("1", owner: "a", ttlMilliseconds: 10))
        #expect(try await bus.lease("2", owner: "a", ttlMilliseconds: 10))
        await #expect { try await bus.lease("3", owner: "a", ttlMilliseconds: 10) } throws: {
            ($0 as? BusError)?.code == .overloaded
        }
        time.withLock { $0 += .milliseconds(10) }
        #expect(try await bus.lease("3", owner: "a", ttlMilliseconds: 10))
    }

    @Test func wrongLimitsAreNamed() {
        #expect { try LocalBus(configuration: .defaults { $0.maximumTopics = 0 }) } throws: { error in
            (error as? BusError)?.code == .invalidConfiguration && "\(error)".contains("maximumTopics")
        }
    }
}

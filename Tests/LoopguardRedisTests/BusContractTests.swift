import LoopguardBus
import LoopguardRedis
import Testing

/// What every bus promises, checked on all of them alike.
@Suite(.serialized, .timeLimit(.minutes(1))) struct BusContractTests {
    enum Kind: CaseIterable, Sendable {
        case local, redis
    }

    /// Two workers that see each other: two buses on one Redis, or one bus in memory twice.
    private func withWorkers(_ kind: Kind, _ body: (Worker, Worker) async throws -> Void) async throws {
        switch kind {
        case .local:
            let bus = try LocalBus()
            let worker = Worker(bus: bus, inbox: Inbox())
            try await bus.start { worker.inbox.append($0) }
            try await body(worker, worker)
            await bus.shutdown()
        case .redis:
            try await RedisServer.with { server in
                try await server.withBus { first, firstInbox in
                    try await server.withBus { second, secondInbox in
                        try await body(
                            Worker(bus: first, inbox: firstInbox), Worker(bus: second, inbox: secondInbox))
                    }
                }
            }
        }
    }

    @Test(arguments: Kind.allCases)
    func workersSeeOneOrder(_ kind: Kind) async throws {
        try await withWorkers(kind) { first, second in
            try await first.bus.subscribe(topic: "t")
            try await second.bus.subscribe(topic: "t")
            try await withThrowingTaskGroup(of: Void.self) { group in
                for (name, bus) in [(1, first.bus), (2, second.bus)] as [(UInt8, any MessageBus)] {
                    for task in 0..<4 as Range<UInt8> {
                        group.addTask {
                            for number in 0..<25 as Range<UInt8> {
                                try await bus.publish(topic: "t", payload: [name, task, number], headers: .init())
                            }
                        }
                    }
                }
                try await group.waitForAll()
            }
            for worker in [first, second] {
                try await eventually("200 messages") { worker.inbox.all.count == 200 }
                #expect(worker.inbox.offsets == Array(1...200))
            }
            let same = first.inbox.all == second.inbox.all
            #expect(same)
            for (name, task) in [(1, 0), (2, 3)] as [(UInt8, UInt8)] {
                let own = first.inbox.all.map(\.payload).filter { $0[0] == name && $0[1] == task }.map { $0[2] }
                #expect(own == Array(0..<25))
            }
        }
    }

    @Test(arguments: Kind.allCases)
    func ownMessageComesBackAsItWas(_ kind: Kind) async throws {
        try await withWorkers(kind) { worker, _ in
            try await worker.bus.subscribe(topic: "Raum ü/1")
            let payloads: [[UInt8]] = [
                Array(UInt8.min...UInt8.max), [], (0..<(1 << 20)).map { UInt8(truncatingIfNeeded: $0 &* 31) },
            ]
            let headers = BusHeaders(correlation: "c-1", origin: "host-1/2", isBinary: true)
            var positions: [BusPosition] = []
            for payload in payloads {
                positions.append(try await worker.bus.publish(topic: "Raum ü/1", payload: payload, headers: headers))
            }
            try await eventually("three messages") { worker.inbox.all.count == 3 }
            let expected = zip(payloads, positions).map {
                BusMessage(topic: "Raum ü/1", payload: $0, headers: headers, position: $1)
            }
            let same = worker.inbox.all == expected
            #expect(same)
            #expect(positions.map(\.offset) == [1, 2, 3])
            #expect(Set(positions.map(\.epoch)).count == 1)
            #expect(worker.bus.status.published == 3)
            #expect(worker.bus.status.delivered == 3)
            #expect(worker.bus.status.isAvailable)
        }
    }

    @Test(arguments: Kind.allCases)
    func onlySubscribedTopicsAreDelivered(_ kind: Kind) async throws {
        try await withWorkers(kind) { worker, other in
            try await worker.bus.subscribe(topic: "kept")
            try await worker.bus.subscribe(topic: "left")
            try await worker.bus.subscribe(topic: "left")  // Idempotent.
            try await other.bus.publish(topic: "left", payload: [1], headers: .init())
            try await eventually("the first") { worker.inbox.all.count == 1 }
            await worker.bus.unsubscribe(topic: "left")
            await worker.bus.unsubscribe(topic: "left")
            await worker.bus.unsubscribe(topic: "never there")
            try await other.bus.publish(topic: "left", payload: [2], headers: .init())
            try await other.bus.publish(topic: "unheard", payload: [3], headers: .init())
            try await other.bus.publish(topic: "kept", payload: [4], headers: .init())
            try await eventually("the last") { worker.inbox.all.last?.payload == [4] }
            try await worker.bus.subscribe(topic: "left")
            try await other.bus.publish(topic: "left", payload: [5], headers: .init())
            try await eventually("again") { worker.inbox.all.last?.payload == [5] }
            #expect(worker.inbox.all.map(\.payload) == [[1], [4], [5]])
        }
    }

    @Test(arguments: Kind.allCases)
    func badArgumentsAreRefused(_ kind: Kind) async throws {
        try await withWorkers(kind) { worker, _ in
            let bus = worker.bus
            for topic in ["", "a\nb", "\u{0}", String(repeating: "x", count: 256)] {
                #expect(
                    await code { try await bus.publish(topic: topic, payload: [], headers: .init()) } == .invalidTopic)
                #expect(await code { try await bus.subscribe(topic: topic) } == .invalidTopic)
                #expect(await code { try await bus.lease(topic, owner: "o", ttlMilliseconds: 1) } == .invalidTopic)
                #expect(await code { try await bus.history(topic: topic, after: nil, limit: 1) } == .invalidTopic)
            }
            let tooLarge = [UInt8](repeating: 0, count: (1 << 20) + 1)
            #expect(
                await code { try await bus.publish(topic: "t", payload: tooLarge, headers: .init()) }
                    == .messageTooLarge)
            let badHeaders = BusHeaders(correlation: "a\r\nb")
            #expect(
                await code { try await bus.publish(topic: "t", payload: [], headers: badHeaders) } == .invalidHeaders)
            #expect(await code { try await bus.lease("l", owner: "o", ttlMilliseconds: 0) } == .invalidConfiguration)
            let longest = String(repeating: "x", count: 255)
            let position = try await bus.publish(topic: longest, payload: [], headers: .init())
            #expect(position.offset == 1)
        }
    }

    @Test(arguments: Kind.allCases)
    func leaseIsExclusiveRenewableAndExpires(_ kind: Kind) async throws {
        try await withWorkers(kind) { first, second in
            #expect(try await first.bus.lease("leader", owner: "a", ttlMilliseconds: 60_000))
            #expect(try await !second.bus.lease("leader", owner: "b", ttlMilliseconds: 60_000))
            #expect(try await second.bus.lease("another", owner: "b", ttlMilliseconds: 60_000))
            // Renewing sets the time anew, here to a shorter one.
            #expect(try await first.bus.lease("leader", owner: "a", ttlMilliseconds: 20))
            try await eventually("the lease expires") {
                try await second.bus.lease("leader", owner: "b", ttlMilliseconds: 60_000)
            }
            #expect(try await !first.bus.lease("leader", owner: "a", ttlMilliseconds: 20))
        }
    }

    @Test(arguments: Kind.allCases)
    func historyResumesOrSaysThatItCannot(_ kind: Kind) async throws {
        try await withWorkers(kind) { worker, _ in
            var positions: [BusPosition] = []
            for number in 1...5 as ClosedRange<UInt8> {
                positions.append(try await worker.bus.publish(topic: "t", payload: [number], headers: .init()))
            }
            let whole = try await worker.bus.history(topic: "t", after: nil, limit: 10)
            #expect(whole.messages.map(\.payload) == [[1], [2], [3], [4], [5]])
            #expect(whole.messages.map(\.position) == positions)
            #expect(whole.isComplete && !whole.hasMore && whole.top == positions[4])
            let part = try await worker.bus.history(topic: "t", after: positions[1], limit: 2)
            #expect(part.messages.map(\.payload) == [[3], [4]])
            #expect(part.isComplete && part.hasMore)
            let nothing = try await worker.bus.history(topic: "t", after: positions[4], limit: 2)
            #expect(nothing.messages.isEmpty && nothing.isComplete && !nothing.hasMore)
            let foreign = BusPosition(epoch: "other", offset: 3)
            #expect(try await !worker.bus.history(topic: "t", after: foreign, limit: 9).isComplete)
            let future = BusPosition(epoch: positions[0].epoch, offset: 9)
            #expect(try await !worker.bus.history(topic: "t", after: future, limit: 9).isComplete)
            #expect(try await worker.bus.history(topic: "unknown", after: nil, limit: 9) == .none)
        }
    }

    @Test(arguments: Kind.allCases)
    func nothingGoesAfterShutdown(_ kind: Kind) async throws {
        try await withWorkers(kind) { worker, _ in
            let bus = worker.bus
            try await bus.subscribe(topic: "t")
            await bus.shutdown()
            await bus.shutdown()  // Idempotent.
            #expect(await code { try await bus.publish(topic: "t", payload: [], headers: .init()) } == .closed)
            #expect(await code { try await bus.subscribe(topic: "u") } == .closed)
            #expect(await code { try await bus.lease("l", owner: "o", ttlMilliseconds: 1) } == .closed)
            #expect(await code { try await bus.history(topic: "t", after: nil, limit: 1) } == .closed)
            #expect(await code { try await bus.start { _ in } } == .closed)
            await bus.unsubscribe(topic: "t")
            #expect(!bus.status.isAvailable)
        }
    }
}

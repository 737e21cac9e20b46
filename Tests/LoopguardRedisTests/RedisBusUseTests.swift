import Foundation
import LoopguardBus
import LoopguardRedis
import NIOConcurrencyHelpers
import Testing

/// Publishing and subscribing beyond the contract of all buses.
@Suite(.serialized, .timeLimit(.minutes(1))) struct RedisBusUseTests {
    // MARK: - Publishing

    @Test func repeatedPublishWithAKeyIsOne() async throws {
        try await RedisServer.with { server in
            try await server.withBus { bus, inbox in
                try await bus.subscribe(topic: "t")
                var positions: [BusPosition] = []
                for _ in 0..<3 {
                    positions.append(
                        try await bus.publish(topic: "t", payload: [1], headers: .init(), idempotencyKey: "k"))
                }
                positions.append(try await bus.publish(topic: "t", payload: [2], headers: .init(), idempotencyKey: "l"))
                #expect(positions.map(\.offset) == [1, 1, 1, 2])
                try await eventually("delivery") { inbox.all.last?.payload == [2] }
                #expect(inbox.all.map(\.payload) == [[1], [2]])
            }
        }
    }

    @Test func forgottenScriptsAreSentAgain() async throws {
        try await RedisServer.with { server in
            try await server.withBus { bus, _ in
                try server.command("SCRIPT FLUSH")
                try await publish(bus, 1)
                #expect(try await bus.publish(topic: "t", payload: [], headers: .init()).offset == 2)
                #expect(bus.status.reconnects == 0)
            }
        }
    }

    @Test func lostStateBeginsANewEpoch() async throws {
        try await RedisServer.with { server in
            try await server.withBus { first, _ in
                try await server.withBus { second, inbox in
                    try await second.subscribe(topic: "t")
                    try await publish(first, 1)
                    try await publish(first, 2)
                    try await eventually("two") { inbox.all.count == 2 }
                    try server.command("FLUSHALL")
                    try await publish(first, 3)
                    try await publish(first, 4)
                    try await eventually("four") { inbox.all.count == 4 }
                    #expect(inbox.offsets == [1, 2, 1, 2])
                    #expect(inbox.all[1].position.epoch != inbox.all[2].position.epoch)
                    #expect(second.status.lost == 0)
                }
            }
        }
    }

    @Test func streamAheadOfTheCounterBeginsANewEpoch() async throws {
        try await RedisServer.with { server in
            try await server.withBus { bus, _ in
                for number in 1...5 as ClosedRange<UInt8> { try await publish(bus, number) }
                // As after a restore of only some keys: the counter stands behind the stream.
                let keys = try server.command("KEYS *:m:*").split(separator: "\r\n")
                let meta = try #require(keys.last)
                try server.command("HSET \(meta) o 2 e old")
                let position = try await bus.publish(topic: "t", payload: [6], headers: .init())
                #expect(position.offset == 1)
                #expect(position.epoch != "old")
                #expect(try await bus.history(topic: "t", after: nil, limit: 9).messages.map(\.payload) == [[6]])
            }
        }
    }

    /// Starts publishes against a stopped Redis, lets it go on once `refused` of them were refused, and counts the outcomes.
    private func publishAgainstStopped(
        _ count: Int, bytes: Int, refused: Int, _ bus: RedisBus, _ server: RedisServer
    ) async throws -> [BusError.Code?: Int] {
        server.kill(SIGSTOP)
        let outcomes = NIOLockedValueBox<[BusError.Code?: Int]>([:])
        return try await withThrowingTaskGroup(of: Void.self) { group in
            for _ in 0..<count {
                group.addTask {
                    let code = await code {
                        try await bus.publish(
                            topic: "t", payload: [UInt8](repeating: 1, count: bytes), headers: .init())
                    }
                    outcomes.withLockedValue { $0[code, default: 0] += 1 }
                }
            }
            try await eventually("refusals") { outcomes.withLockedValue { $0[.overloaded] == refused } }
            server.kill(SIGCONT)
            try await group.waitForAll()
            return outcomes.withLockedValue { $0 }
        }
    }

    @Test func tooMuchInFlightIsRefused() async throws {
        try await RedisServer.with { server in
            try await server.withBus({
                $0.maximumInFlight = 5
                $0.commandDeadline = .seconds(30)
            }) { bus, _ in
                let outcomes = try await publishAgainstStopped(20, bytes: 1, refused: 15, bus, server)
                #expect(outcomes == [.overloaded: 15, nil: 5])
                try await publish(bus, 1)
            }
        }
    }

    @Test func tooManyBytesInFlightAreRefused() async throws {
        try await RedisServer.with { server in
            try await server.withBus({
                $0.maximumInFlightBytes = 2500
                $0.commandDeadline = .seconds(30)
            }) { bus, _ in
                let outcomes = try await publishAgainstStopped(4, bytes: 1000, refused: 2, bus, server)
                #expect(outcomes == [.overloaded: 2, nil: 2])
                // One that alone is over the limit passes when nothing else is on its way.
                try await bus.publish(topic: "t", payload: [UInt8](repeating: 1, count: 9000), headers: .init())
            }
        }
    }

    // MARK: - Subscriptions

    @Test func manyTopicsAreSubscribedInBatches() async throws {
        try await RedisServer.with { server in
            try await server.withBus { first, _ in
                try await server.withBus { second, inbox in
                    try await withThrowingTaskGroup(of: Void.self) { group in
                        for number in 0..<1200 { group.addTask { try await second.subscribe(topic: "room-\(number)") } }
                        try await group.waitForAll()
                    }
                    let info = try server.command("INFO commandstats")
                    let start = try #require(info.range(of: "cmdstat_subscribe:calls=")?.upperBound)
                    let calls = try #require(Int(info[start...].prefix { $0.isNumber }))
                    #expect(calls < 120, "one command for many channels")
                    try server.command("CLIENT KILL TYPE pubsub")
                    for number in 0..<1200 { try await publish(first, 7, topic: "room-\(number)") }
                    try await eventually("one of each") { inbox.all.count >= 1200 }
                    #expect(Set(inbox.all.map(\.topic)).count == 1200)
                    #expect(inbox.all.count == 1200)
                    #expect(second.status.lost == 0)
                }
            }
        }
    }

    @Test func unsubscribeLingers() async throws {
        try await RedisServer.with { server in
            try await server.withBus({ $0.linger = .milliseconds(150) }) { bus, inbox in
                try await bus.subscribe(topic: "t")
                await bus.unsubscribe(topic: "t")
                #expect(try server.command("PUBSUB CHANNELS").contains("}.t\r"), "a reloaded page finds it still there")
                try await publish(bus, 1)
                try await bus.subscribe(topic: "t")
                try await publish(bus, 2)
                try await eventually("the second") { inbox.all.map(\.payload) == [[2]] }
                await bus.unsubscribe(topic: "t")
                try await eventually("unsubscribed") { try !server.command("PUBSUB CHANNELS").contains("}.t\r") }
                #expect(try server.command("CLIENT LIST").contains("loopguard-test-subscriber"))
            }
        }
    }

    @Test func quietTopicIsComparedWithRedis() async throws {
        try await RedisServer.with { server in
            try await server.withBus({ $0.positionCheckInterval = .milliseconds(30) }) { bus, inbox in
                try await bus.subscribe(topic: "t")
                try await publish(bus, 1)
                try await eventually("the first") { inbox.all.count == 1 }
                // A message that was remembered, but never published on the channel.
                let keys = try server.command("KEYS *:m:*").split(separator: "\r\n")
                let meta = try #require(keys.last)
                let stream = meta.replacing(":m:", with: ":s:")
                try server.command("XADD \(stream) 2-0 d \"\\x01\\x00\\x07\"")
                try server.command("HSET \(meta) o 2")
                try await eventually("the second") { inbox.all.map(\.payload) == [[1], [7]] }
                #expect(bus.status.repaired == 1)
            }
        }
    }
}

import Logging
import Loopguard
import LoopguardBus
import LoopguardCore
import LoopguardWebSocket
import Synchronization
import Testing

@Suite(.serialized) struct HubTests {
    @Test func joinAndLeave() async throws {
        try await ServerFixture.run(
            routes: { server, hub in
                server.route("/topics") { connection, _ in
                    for try await message in connection.messages {
                        let text = message.text ?? ""
                        let topic = String(text.dropFirst())
                        switch text.first {
                        case "+": try await hub.join(topic, connection)
                        case "-": await hub.leave(topic, connection)
                        default: break
                        }
                        try await connection.send(text: "ok \(hub.subscribers(of: topic))")
                    }
                }
            },
            { server in
                let client = try await server.client { Clients([try RawClient.open("/topics", port: $0)]) }
                func ask(_ text: String) async throws -> String {
                    try await server.client { _ in
                        try client.all[0].send(RawClient.text(text))
                        return try client.all[0].readFrame().text
                    }
                }
                #expect(try await ask("+a") == "ok 1")
                #expect(try await ask("+a") == "ok 1", "idempotent")
                #expect(try await ask("+b") == "ok 1")
                #expect(server.bus.subscribed == ["a", "b"])
                try await server.hub.publish("a", .text("for a"))
                #expect(try await server.client { _ in try client.all[0].readFrame().text } == "for a")
                #expect(try await ask("-a") == "ok 0")
                #expect(try await ask("-a") == "ok 0", "idempotent")
                await server.eventually("the last leave unsubscribes") { server.bus.subscribed == ["b"] }
                try await server.hub.publish("a", .text("for nobody"))
                try await server.hub.publish("b", .binary([1, 2]))
                let frame = try await server.client { _ in try client.all[0].readFrame() }
                #expect(frame.opcode == 2 && frame.payload == [1, 2])
                client.all.removeAll()
            })
    }

    @Test func aRefusedSubscriptionIsTheJoinersErrorAndIsTriedAgain() async throws {
        let errors = Mutex<[String]>([])
        try await ServerFixture.run(
            routes: { server, hub in
                server.route("/join") { connection, _ in
                    for try await message in connection.messages {
                        do {
                            try await hub.join(message.text ?? "", connection)
                            try await connection.send(text: "joined")
                        } catch let error as BusError {
                            errors.withLock { $0.append(error.code.description) }
                            try await connection.send(text: "refused")
                        }
                    }
                }
            },
            { server in
                server.bus.failSubscribing(BusError(.unavailable, "away"))
                try await server.client { port in
                    let client = try RawClient.open("/join", port: port)
                    try client.send(RawClient.text("t"))
                    #expect(try client.readFrame().text == "refused")
                    server.bus.failSubscribing(nil)
                    try client.send(RawClient.text("t"))
                    #expect(try client.readFrame().text == "joined")
                }
                #expect(errors.withLock { $0 } == ["unavailable"])
            })
    }

    /// Connections come and go as fast as they can; in the end the bus has exactly the topics that have subscribers.
    @Test func joinsAndLeavesMayRace() async throws {
        try await ServerFixture.run(loops: 2) { server in
            for _ in 0..<8 {
                try await server.client { port in
                    let clients = try (0..<12).map { try RawClient.open("/ws/rooms/\($0 % 3)", port: port) }
                    for (index, client) in clients.enumerated() where index % 2 == 0 { client.reset() }
                    for (index, client) in clients.enumerated() where index % 2 == 1 { _ = try client.readFrame() }
                    // Those that stay get messages: their subscription has survived the others' leaving.
                    for (index, client) in clients.enumerated() where index % 2 == 1 {
                        try client.send(RawClient.text("mine \(index)"))
                        while try client.readFrame().text != "mine \(index)" {}
                    }
                }
            }
            await server.eventually("nothing is subscribed any more") { server.bus.subscribed.isEmpty }
        }
    }

    @Test func theCorrelationIDTravels() async throws {
        try await ServerFixture.run { server in
            try await server.client { port in
                let client = try RawClient.open("/ws/rooms/a", port: port, headers: ["X-Correlation-ID: tab-a"])
                _ = try client.readFrame()
                try client.send(RawClient.text("hello"))
                #expect(try client.readFrame().text == "hello")
            }
            let line = server.log.lines("delivering a message of the bus").first
            #expect(line?.level == .debug)
            #expect(line?.metadata["correlation"] == "tab-a")
            #expect(line?.metadata["topic"] == "room.a")
            #expect(server.hub.metrics.count == 5)
        }
    }
}

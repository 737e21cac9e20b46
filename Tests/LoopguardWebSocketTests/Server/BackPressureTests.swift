import Loopguard
import LoopguardBus
import LoopguardCore
import LoopguardWebSocket
import Synchronization
import Testing

/// Clients that do not keep up, and handlers that do not.
@Suite(.serialized) struct BackPressureTests {
    /// Broadcasts to a client that does not read, until the policy has had to act.
    private static func flood(
        _ policy: SlowConsumerPolicy,
        _ check: @escaping @Sendable (ServerFixture, Clients, _ sent: Int) async throws -> Void
    ) async throws {
        try await ServerFixture.run(
            configure: {
                $0.outbound.maxQueueBytes = 64 << 10
                $0.outbound.slowConsumer = policy
            },
            { server in
                let clients = try await server.client { port in
                    let clients = Clients([
                        try RawClient.open("/ws/rooms/a", port: port, receiveBuffer: 4_096),
                        try RawClient.open("/ws/echo", port: port),
                    ])
                    _ = try clients.all[0].readFrame()
                    return clients
                }
                let filler = String(repeating: ".", count: 16_000)
                var sent = 0
                let hasActed: @Sendable () -> Bool = {
                    server.server.metrics.contains {
                        $0.name == "loopguard_websocket_dropped_messages_total" && $0.value >= 3
                    }
                }
                // The kernel's own buffers come first: some megabytes.
                while !hasActed(), sent < 3_000 {
                    for _ in 0..<10 {
                        try await server.hub.publish("room.a", .text("\(sent):" + filler))
                        sent += 1
                    }
                    try await Task.sleep(for: .milliseconds(1))
                }
                #expect(hasActed(), "the policy did not act")
                // A slow client is nobody else's problem.
                try await server.client { _ in
                    try clients.all[1].send(RawClient.text("alive"))
                    #expect(try clients.all[1].readFrame().text == "alive")
                }
                try await check(server, clients, sent)
                clients.all.removeAll()
            })
    }

    private static func numbers(_ client: RawClient, until last: Int) throws -> [Int] {
        var numbers: [Int] = []
        while numbers.last != last, let number = Int(try client.readFrame().text.prefix { $0 != ":" }) {
            numbers.append(number)
        }
        return numbers
    }

    @Test func disconnect() async throws {
        try await Self.flood(.disconnect) { server, clients, _ in
            let close = try await server.client { _ in try? clients.all[0].readUntilClose().code }
            // A client that reads on in time sees the code; else it is cut.
            #expect(close == 1013 || close == nil)
            await server.eventually("it is gone") {
                server.metric("loopguard_websocket_closed_total", ["code": "1013"]) == 1
            }
            #expect(server.metric("loopguard_websocket_dropped_messages_total", ["reason": "disconnected"]) >= 3)
        }
    }

    @Test func dropOldest() async throws {
        try await Self.flood(.dropOldest) { server, clients, sent in
            let numbers = try await server.client { _ in try Self.numbers(clients.all[0], until: sent - 1) }
            #expect(numbers == numbers.sorted() && Set(numbers).count == numbers.count)
            #expect(
                Double(sent - numbers.count)
                    == server.metric("loopguard_websocket_dropped_messages_total", ["reason": "oldest"]))
        }
    }

    @Test func latestOnly() async throws {
        try await Self.flood(.latestOnly) { server, clients, sent in
            let numbers = try await server.client { _ in try Self.numbers(clients.all[0], until: sent - 1) }
            #expect(numbers == numbers.sorted())
            #expect(
                Double(sent - numbers.count)
                    == server.metric("loopguard_websocket_dropped_messages_total", ["reason": "superseded"]))
        }
    }

    @Test func dropNewest() async throws {
        try await Self.flood(.dropNewest) { server, clients, sent in
            let dropped = server.metric("loopguard_websocket_dropped_messages_total", ["reason": "newest"])
            let count = sent - Int(dropped)
            let numbers = try await server.client { _ in
                try (0..<count).map { _ in Int(try clients.all[0].readFrame().text.prefix { $0 != ":" }) ?? -1 }
            }
            #expect(numbers == numbers.sorted() && numbers.first == 0 && Set(numbers).count == count)
        }
    }

    /// A handler that does not read stops the peer by TCP, and the mailbox stays bounded.
    @Test func aSlowHandlerSlowsItsPeer() async throws {
        let gate = Mutex(false)
        try await ServerFixture.run(
            configure: { $0.inbound.maxQueueMessages = 8 },
            routes: { server, _ in
                server.route("/slow") { connection, _ in
                    while !gate.withLock({ $0 }) { try await Task.sleep(for: .milliseconds(5)) }
                    var count = 0
                    for try await message in connection.messages {
                        count += 1
                        if message.count == 4 { try await connection.send(text: "\(count)") }
                    }
                }
            },
            { server in
                let client = try await server.client { Clients([try RawClient.open("/slow", port: $0)]) }
                // More than all buffers take: the sender blocks until the handler begins.
                async let sending: Void = server.client { _ in
                    let chunk = RawClient.frame(2, [UInt8](repeating: 1, count: 64_000))
                    for _ in 0..<300 { try client.all[0].send(chunk) }
                    try client.all[0].send(RawClient.text("done"))
                }
                let received: @Sendable () -> Double = { server.metric("loopguard_websocket_received_bytes_total") }
                var last = -1.0
                while received() != last || last == 0 {
                    last = received()
                    try await Task.sleep(for: .milliseconds(50))
                }
                #expect(last < 300 * 64_000, "the server has read everything although nobody took it")
                gate.withLock { $0 = true }
                try await sending
                let answer = try await server.client { _ in try client.all[0].readFrame().text }
                #expect(answer == "301")
                client.all.removeAll()
            })
    }

    /// `send` waits for a client that does not read, instead of queueing without end.
    @Test func sendSuspends() async throws {
        let sent = Atomic<Int>(0)
        try await ServerFixture.run(
            routes: { server, _ in
                server.route("/flood") { connection, _ in
                    let message = WebSocketMessage.binary([UInt8](repeating: 1, count: 60_000))
                    for _ in 0..<400 {
                        try await connection.send(message)
                        sent.add(1, ordering: .relaxed)
                    }
                }
            },
            { server in
                let client = try await server.client {
                    Clients([try RawClient.open("/flood", port: $0, receiveBuffer: 4_096)])
                }
                var last = -1
                while sent.load(ordering: .relaxed) != last || last == 0 {
                    last = sent.load(ordering: .relaxed)
                    try await Task.sleep(for: .milliseconds(50))
                }
                #expect(last < 400)
                let frames = try await server.client { _ in
                    var frames = 0
                    while try client.all[0].readFrame().opcode == 2 { frames += 1 }
                    return frames
                }
                #expect(frames == 400)
                client.all.removeAll()
            })
    }

    @Test func twoReadersAreRefused() async throws {
        try await ServerFixture.run(
            routes: { server, _ in
                server.route("/two") { connection, _ in
                    try await withThrowingTaskGroup(of: Bool.self) { group in
                        for _ in 0..<2 {
                            group.addTask {
                                do {
                                    _ = try await connection.nextMessage()
                                    return false
                                } catch let error as WebSocketError { return error.code == .concurrentRead }
                            }
                        }
                        let refused = try await group.next()
                        try await connection.send(text: "\(refused == true)")
                        group.cancelAll()
                    }
                }
            },
            { server in
                try await server.client { port in
                    let client = try RawClient.open("/two", port: port)
                    #expect(try client.readFrame().text == "true")
                }
            })
    }
}

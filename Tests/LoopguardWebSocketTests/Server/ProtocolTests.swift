import Logging
import Loopguard
import LoopguardWebSocket
import Synchronization
import Testing

/// What a client sees on the wire when it, or the server, breaks off.
@Suite(.serialized) struct ProtocolTests {
    @Test func violationsAreAnsweredWithTheirCode() async throws {
        try await ServerFixture.run(
            configure: {
                $0.limits.maxMessageBytes = 1_000
                $0.limits.maxFragments = 3
            },
            { server in
                let cases: [(bytes: [UInt8], code: Int)] = [
                    ([0x81, 0x01, 0x61], 1002),  // unmasked
                    ([0xC1], 1002),
                    (RawClient.frame(3, []), 1002),
                    (RawClient.frame(1, [0xFF]), 1007),
                    (RawClient.frame(8, [3, 0xE8, 0xFF]), 1007),
                    (RawClient.frame(2, [UInt8](repeating: 0, count: 1_001)), 1009),
                    (
                        RawClient.text("", final: false)
                            + (0..<3).flatMap { _ in RawClient.frame(0, [], final: false) },
                        1008
                    ),
                ]
                for (bytes, code) in cases {
                    try await server.client { port in
                        let client = try RawClient.open("/ws/echo", port: port)
                        // What came before the violation is answered, what comes after is not.
                        try client.send(RawClient.text("before") + bytes + RawClient.text("after"))
                        #expect(try client.readFrame().text == "before")
                        let close = try client.readFrame()
                        #expect(close.opcode == 8 && close.code == code, "\(close)")
                        #expect(!close.reason.isEmpty)
                        #expect(try client.isAtEnd(), "the server ends TCP, without a reset")
                    }
                }
                await server.eventually("all have ended") { server.server.connections == 0 }
                let lines = server.log.lines("WebSocket closed")
                #expect(lines.count == cases.count)
                #expect(lines.allSatisfy { $0.level == .notice && $0.metadata["initiator"] == "server" })
                #expect(server.metric("loopguard_websocket_closed_total", ["code": "1002"]) == 3)
            })
    }

    @Test func controlFramesBetweenFragmentsAreAnsweredAtOnce() async throws {
        try await ServerFixture.run { server in
            try await server.client { port in
                let client = try RawClient.open("/ws/echo", port: port)
                try client.send(RawClient.text("he", final: false) + RawClient.frame(9, Array("now".utf8)))
                let pong = try client.readFrame()
                #expect(pong.opcode == 10 && pong.text == "now")
                try client.send(RawClient.frame(0, Array("llo".utf8)))
                #expect(try client.readFrame().text == "hello")
            }
        }
    }

    @Test func frameByteByByte() async throws {
        try await ServerFixture.run { server in
            try await server.client { port in
                let client = try RawClient.open("/ws/echo", port: port)
                for byte in RawClient.text("slow ü") + RawClient.close(1000) { try client.send([byte]) }
                #expect(try client.readFrame().text == "slow ü")
                #expect(try client.readFrame().code == 1000)
            }
        }
    }

    @Test func whatAHandlerDoesDecidesTheCode() async throws {
        struct Broken: Error {}
        try await ServerFixture.run(
            routes: { server, _ in
                server.route("/return") { connection, _ in try await connection.send(text: "bye") }
                server.route("/throw") { _, _ in throw Broken() }
                server.route("/refuse") { connection, _ in
                    _ = try await connection.nextMessage()
                    await connection.close(.policyViolation, reason: "not like that")
                    await connection.close(.normal, reason: "ignored")
                }
                server.route("/private") { connection, _ in
                    await connection.close(WebSocketCloseCode(rawValue: 4001), reason: "Unauthorized: Invalid Token")
                }
            },
            { server in
                let expected = [("/return", 1000), ("/throw", 1011), ("/refuse", 1008), ("/private", 4001)]
                for (path, code) in expected {
                    try await server.client { port in
                        let client = try RawClient.open(path, port: port)
                        try client.send(RawClient.text("x"))
                        let close = try client.readUntilClose()
                        #expect(close.code == code)
                        try client.send(RawClient.close(code))
                        #expect(try client.isAtEnd())
                    }
                }
                await server.eventually("all have ended") { server.server.connections == 0 }
                let errors = server.log.lines("the WebSocket handler failed")
                #expect(errors.count == 1 && errors[0].level == .error && errors[0].metadata["route"] == "/throw")
            })
    }

    @Test func correlationIDsAreTakenMintedAndReturned() async throws {
        let seen = Mutex<[String]>([])
        try await ServerFixture.run(
            routes: { server, _ in
                server.route("/id") { connection, context in
                    context.logger.info("handling")
                    try await connection.send(text: context.correlationID.description)
                }
            },
            { server in
                try await server.client { port in
                    let given = try RawClient.open("/id", port: port, headers: ["X-Correlation-ID: abc-123"])
                    #expect(given.head.lowercased().contains("x-correlation-id: abc-123"))
                    #expect(try given.readFrame().text == "abc-123")
                    let invalid = try RawClient.open("/id", port: port, headers: ["X-Correlation-ID: a b"])
                    let minted = try invalid.readFrame().text
                    #expect(minted != "a b" && invalid.head.contains(minted))
                    seen.withLock { $0.append(minted) }
                }
                await server.eventually("all have ended") { server.server.connections == 0 }
                #expect(server.log.lines("handling").first?.metadata["correlation"] == "abc-123")
                #expect(server.log.lines("WebSocket closed").contains { $0.metadata["correlation"] == "abc-123" })
                let line = server.log.lines("the client's X-Correlation-ID is not valid; minted one").first
                #expect(line?.level == .debug)
                #expect(line?.metadata["correlation"] == seen.withLock { .string($0[0]) })
            })
    }
}

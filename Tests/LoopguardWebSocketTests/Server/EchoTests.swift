import Loopguard
import Testing

@Suite(.serialized) struct EchoTests {
    @Test func echoesTextAndBinaryOfAllLengthForms() async throws {
        try await ServerFixture.run { server in
            try await server.client { port in
                let client = try RawClient.open("/ws/echo", port: port)
                for size in [0, 1, 125, 126, 65_535, 65_536, 300_000] {
                    let payload = (0..<size).map { UInt8(truncatingIfNeeded: $0 &* 31) }
                    try client.send(RawClient.frame(2, payload))
                    let frame = try client.readFrame()
                    #expect(frame.opcode == 2 && frame.isFinal && !frame.isMasked && frame.payload == payload)
                }
                try client.send(RawClient.text("grüße"))
                #expect(try client.readFrame().text == "grüße")
                try client.send(RawClient.close(1000, "bye"))
                let close = try client.readFrame()
                #expect(close.opcode == 8 && close.code == 1000)
                #expect(try client.isAtEnd())
            }
        }
    }

    @Test func theFirstFrameMayComeWithTheRequest() async throws {
        try await ServerFixture.run { server in
            try await server.client { port in
                let client = try RawClient(port: port)
                try client.send(Array(RawClient.request("/ws/echo").utf8) + RawClient.text("early"))
                #expect(try client.readHead().hasPrefix("HTTP/1.1 101"))
                #expect(try client.readFrame().text == "early")
            }
        }
    }

    @Test func messagesBeforeACloseFrameAreAnsweredFirst() async throws {
        try await ServerFixture.run { server in
            try await server.client { port in
                let client = try RawClient.open("/ws/echo", port: port)
                try client.send((0..<50).flatMap { RawClient.text("\($0)") } + RawClient.close(1001))
                for index in 0..<50 { #expect(try client.readFrame().text == "\(index)") }
                #expect(try client.readFrame().code == 1001)
                #expect(try client.isAtEnd())
            }
        }
    }
}

@Suite(.serialized) struct RoomTests {
    @Test func aRoomReachesBothLoopsInOneOrder() async throws {
        try await ServerFixture.run(loops: 2) { server in
            let received = try await server.client { port in
                let clients = try (0..<6).map { _ in try RawClient.open("/ws/rooms/a", port: port) }
                for client in clients { #expect(try client.readFrame().text == "joined") }
                for index in 0..<20 {
                    for (number, client) in clients.enumerated() {
                        try client.send(RawClient.text("\(number):\(index)"))
                    }
                }
                return try clients.map { client in try (0..<120).map { _ in try client.readFrame().text } }
            }
            #expect(Set(received).count == 1, "the clients saw different orders")
            for number in 0..<6 {
                let own = received[0].filter { $0.hasPrefix("\(number):") }
                #expect(own == (0..<20).map { "\(number):\($0)" })
            }
            #expect(server.group.loops.count == 2)
            await server.eventually("the bus subscription ends with the last subscriber") {
                server.bus.subscribed.isEmpty
            }
        }
    }
}

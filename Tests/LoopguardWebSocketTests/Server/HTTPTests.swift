import LoopguardWebSocket
import Testing

@Suite(.serialized) struct HTTPTests {
    @Test func plainHTTPIsAnsweredAndClosed() async throws {
        try await ServerFixture.run(
            configure: { $0.limits.maxHeaderBytes = 1_000 },
            { server in
                let cases: [(request: String, status: Int, holds: String)] = [
                    ("GET / HTTP/1.1\r\nHost: a\r\n\r\n", 200, "hello"),
                    ("HEAD / HTTP/1.1\r\nHost: a\r\n\r\n", 200, "content-length: 6"),
                    ("POST / HTTP/1.1\r\nHost: a\r\n\r\n", 405, "allow: get, head"),
                    ("GET /nope HTTP/1.1\r\nHost: a\r\n\r\n", 404, "/ws/echo"),
                    ("GET /ws/echo HTTP/1.1\r\nHost: a\r\n\r\n", 426, "sec-websocket-version: 13"),
                    ("GET / HTTP/1.1\r\n\r\n", 400, "host"),
                    ("nonsense\r\n\r\n", 400, "well-formed"),
                    ("GET / HTTP/2.0\r\nHost: a\r\n\r\n", 400, "well-formed"),
                    (
                        "GET / HTTP/1.1\r\nHost: a\r\nX: \(String(repeating: "x", count: 2_000))\r\n\r\n", 431,
                        "too large"
                    ),
                    ("GET /\(String(repeating: "x", count: 2_000)) HTTP/1.1\r\nHost: a\r\n\r\n", 431, "too large"),
                    ("GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello", 413, "bodies"),
                    (
                        "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nExpect: 100-continue\r\n\r\n", 405,
                        "allow: get, head"
                    ),
                    (RawClient.request("/ws/echo", headers: ["Origin: https://evil.example"]), 403, "origin"),
                    (RawClient.request("/ws/echo").replacing("dGhlIHNhbXBsZSBub25jZQ==", with: "short"), 400, "key"),
                ]
                for (request, status, holds) in cases {
                    let answer = try await server.client { port in
                        let client = try RawClient(port: port)
                        try client.send(request)
                        return String(decoding: try client.readAll(), as: UTF8.self)
                    }
                    #expect(answer.hasPrefix("HTTP/1.1 \(status) "), "\(request.prefix(60)) → \(answer.prefix(200))")
                    #expect(answer.lowercased().contains(holds.lowercased()), "\(answer)")
                    #expect(answer.lowercased().contains("close\r\n"), "\(answer)")
                    #expect(answer.lowercased().contains("x-correlation-id: "))
                }
            })
    }

    @Test func headHasNoBody() async throws {
        try await ServerFixture.run { server in
            let answer = try await server.client { port in
                let client = try RawClient(port: port)
                try client.send("HEAD / HTTP/1.1\r\nHost: a\r\n\r\n")
                return String(decoding: try client.readAll(), as: UTF8.self)
            }
            #expect(answer.hasSuffix("\r\n\r\n"))
        }
    }

    @Test func overTheLimitsTheAnswerIs503() async throws {
        try await ServerFixture.run(
            configure: {
                $0.limits.maxConnections = 3
                $0.limits.maxConnectionsPerIP = 2
            },
            { server in
                try await server.client { port in
                    let open = try (0..<2).map { _ in try RawClient.open("/ws/echo", port: port) }
                    let third = try RawClient(port: port)
                    try third.send(RawClient.request("/ws/echo"))
                    let head = try third.readHead().lowercased()
                    #expect(head.hasPrefix("http/1.1 503") && head.contains("retry-after: "))
                    _ = try third.readAll()
                    third.close()
                    for client in open {
                        try client.send(RawClient.close(1000))
                        _ = try client.readUntilClose()
                    }
                }
                await server.eventually("room again") { server.server.connections == 0 }
                _ = try await server.client { try RawClient.open("/ws/echo", port: $0).head }
                #expect(server.metric("loopguard_websocket_refused_total", ["reason": "max_connections_per_ip"]) == 1)
            })
    }

    @Test func subprotocolsAreAgreedOn() async throws {
        try await ServerFixture.run(
            routes: { server, _ in
                server.route("/sub", options: RouteOptions(subprotocols: ["b"])) { connection, _ in
                    try await connection.send(text: connection.subprotocol ?? "none")
                }
            },
            { server in
                try await server.client { port in
                    let client = try RawClient.open("/sub", port: port, headers: ["Sec-WebSocket-Protocol: a, b"])
                    #expect(client.head.lowercased().contains("sec-websocket-protocol: b"))
                    #expect(try client.readFrame().text == "b")
                    let none = try RawClient.open("/sub", port: port, headers: ["Sec-WebSocket-Protocol: a"])
                    #expect(!none.head.lowercased().contains("sec-websocket-protocol"))
                }
            })
    }

    @Test func configurationIsChecked() {
        func error(_ change: (inout WebSocketServerConfiguration) -> Void) -> String? {
            var configuration = WebSocketServerConfiguration.defaults
            change(&configuration)
            do throws(WebSocketError) {
                try configuration.validate()
                return nil
            } catch {
                return error.message
            }
        }
        #expect(error { _ in } == nil)
        #expect(error { $0.limits.maxConnections = 0 }?.contains("maxConnections is 0") == true)
        #expect(error { $0.keepAlive.pongTimeout = .zero }?.contains("pongTimeout") == true)
        #expect(error { $0.outbound.maxQueueBytes = -1 }?.contains("maxQueueBytes") == true)
    }
}

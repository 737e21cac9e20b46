import Glibc
import Logging
import Loopguard
import LoopguardWebSocket
import NIOCore
import NIOPosix
import Synchronization
import Testing

/// However a connection ends, nothing of it stays. `ServerFixture.run` asserts that connections, handlers, loops' counts and
/// topics are back at zero.
@Suite(.serialized) struct LifetimeTests {
    @Test func allEndsLeaveNothing() async throws {
        try await ServerFixture.run(
            configure: {
                $0.keepAlive.pingInterval = .milliseconds(100)
                $0.keepAlive.pongTimeout = .milliseconds(100)
            },
            { server in
                // Clean.
                try await server.client { port in
                    let client = try RawClient.open("/ws/rooms/a", port: port)
                    try client.send(RawClient.close(1000))
                    #expect(try client.readUntilClose().code == 1000)
                }
                // Reset; mid-frame; end of stream without a close frame.
                try await server.client { port in
                    let reset = try RawClient.open("/ws/rooms/a", port: port)
                    _ = try reset.readFrame()
                    reset.reset()
                    let midFrame = try RawClient.open("/ws/rooms/b", port: port)
                    _ = try midFrame.readFrame()
                    try midFrame.send(Array(RawClient.text("never complete").dropLast(3)))
                    midFrame.close()
                    let ended = try RawClient.open("/ws/rooms/c", port: port)
                    _ = try ended.readFrame()
                    ended.shutdownWriting()
                    #expect(try ended.readAll().isEmpty)
                }
                await server.eventually("four have ended") { server.server.connections == 0 }
                // Half-open: never answers a ping. Pinged, then cut.
                let opcodes = try await server.client { port in
                    let silent = try RawClient.open("/ws/rooms/d", port: port)
                    _ = try silent.readFrame()
                    var opcodes: [UInt8] = []
                    while let frame = try? silent.readFrame() { opcodes.append(frame.opcode) }
                    return opcodes
                }
                #expect(opcodes == [9])
                await server.eventually("all have ended") {
                    server.server.connections == 0 && server.server.handlers == 0
                }
                let lines = server.log.lines("WebSocket closed")
                #expect(lines.count == 5)
                #expect(lines.filter { $0.level == .debug && $0.metadata["code"] == "1000" }.count == 1)
                let lost = lines.filter { $0.level == .notice && $0.metadata["code"] == "1006" }
                #expect(lost.count == 4)
                #expect(lost.contains { $0.metadata["reason"]?.description.contains("no pong") == true })
                #expect(
                    server.log.lines("the WebSocket handler failed").isEmpty,
                    "a peer that goes is not a handler's error")
            })
    }

    @Test func clientsThatSayNothingAreEnded() async throws {
        try await ServerFixture.run(
            configure: { $0.limits.handshakeTimeout = .milliseconds(100) },
            { server in
                try await server.client { port in
                    let silent = try RawClient(port: port)
                    #expect(String(decoding: try silent.readAll(), as: UTF8.self).hasPrefix("HTTP/1.1 408 "))
                    let slow = try RawClient(port: port)
                    try slow.send("GET /ws/echo HTTP/1.1\r\nHost: a\r\n")
                    #expect(String(decoding: try slow.readAll(), as: UTF8.self).hasPrefix("HTTP/1.1 408 "))
                }
                #expect(server.metric("loopguard_websocket_refused_total", ["reason": "handshake_timeout"]) == 2)
            })
    }

    @Test func aPeerThatDoesNotAnswerTheCloseFrameIsCut() async throws {
        try await ServerFixture.run(
            configure: { $0.limits.closeTimeout = .milliseconds(100) },
            routes: { server, _ in server.route("/bye") { _, _ in } },
            { server in
                try await server.client { port in
                    let client = try RawClient.open("/bye", port: port)
                    #expect(try client.readFrame().code == 1000)
                    #expect(try client.isAtEnd())
                }
            })
    }

    /// A handler that does not look at its messages, and one that only sleeps, both end with their connection.
    @Test func handlersThatDoNotReadEndAsWell() async throws {
        try await ServerFixture.run(
            configure: { $0.limits.closeTimeout = .milliseconds(100) },
            routes: { server, _ in
                server.route("/sleep") { _, _ in try await Task.sleep(for: .seconds(600)) }
                server.route("/push") { connection, _ in
                    while true {
                        try await connection.send(text: "tick")
                        try await Task.sleep(for: .milliseconds(5))
                    }
                }
            },
            { server in
                try await server.client { port in
                    let sleeping = try RawClient.open("/sleep", port: port)
                    let pushed = try RawClient.open("/push", port: port)
                    #expect(try pushed.readFrame().text == "tick")
                    sleeping.reset()
                    try pushed.send(RawClient.close(1001))
                    #expect(try pushed.readUntilClose().code == 1001)
                }
                await server.eventually("the handlers end") { server.server.handlers == 0 }
                #expect(server.log.lines("the WebSocket handler failed").isEmpty)
            })
    }

    @Test func handlersRunOnTheirLoopWithTheirScope() async throws {
        let seen = Mutex<[Bool]>([])
        try await ServerFixture.run(
            routes: { server, _ in
                server.route("/where/{x}") { connection, context in
                    for try await message in connection.messages {
                        let scope = HandlerScope.current
                        let isRight =
                            scope === context.scope && scope?.route == "/where/{x}"
                            && scope?.connection == connection.id
                            && CorrelationID.current == connection.correlationID
                        seen.withLock { $0.append(isRight && scope?.messageNumber == UInt64(message.text ?? "")) }
                    }
                }
            },
            { server in
                try await server.client { port in
                    let client = try RawClient.open("/where/1", port: port)
                    for number in 1...3 { try client.send(RawClient.text("\(number)")) }
                    try client.send(RawClient.close(1000))
                    _ = try client.readUntilClose()
                }
                #expect(seen.withLock { $0 } == [true, true, true])
            })
    }

    @Test func drainClosesEverybodyWithItsCode() async throws {
        try await ServerFixture.run { server in
            let clients = try await server.client { port in
                Clients(try (0..<150).map { _ in try RawClient.open("/ws/echo", port: port) })
            }
            async let report = server.server.drain(deadline: .seconds(4), code: .serviceRestart)
            let codes = try await server.client { _ in
                try clients.all.map { client in
                    let close = try client.readUntilClose()
                    try client.send(RawClient.close(close.code ?? 0))
                    return close.code
                }
            }
            #expect(codes.allSatisfy { $0 == 1012 })
            #expect(await report == DrainReport(closedCleanly: 150, timedOut: 0, unsentBytes: 0))
            // The socket is closed: nobody gets in.
            await #expect(throws: RawClient.Failure.self) { try await server.client { _ = try RawClient(port: $0) } }
        }
    }

    @Test func aDrainDoesNotWaitForever() async throws {
        try await ServerFixture.run(
            configure: { $0.limits.closeTimeout = .seconds(60) },
            { server in
                let clients = try await server.client { port in
                    Clients([try RawClient.open("/ws/echo", port: port), try RawClient(port: port)])
                }
                let report = await server.server.drain(deadline: .milliseconds(50), code: .serviceRestart)
                #expect(report.timedOut == 1 && report.closedCleanly <= 1)
                #expect(server.server.connections == 0)
                clients.all.removeAll()
            })
    }

    /// The very thing that this library is about must not keep a server from stopping.
    @Test func aBlockedLoopDoesNotHoldUpADrain() async throws {
        let gate = DispatchlessGate()
        try await ServerFixture.run(
            loops: 2,
            routes: { server, _ in
                server.route("/block") { connection, _ in
                    try await connection.send(text: "blocking")
                    try await Task.sleep(for: .milliseconds(1))
                    gate.wait()
                }
            },
            { server in
                let clients = try await server.client { port in
                    let clients = Clients([
                        try RawClient.open("/block", port: port), try RawClient.open("/ws/echo", port: port),
                    ])
                    _ = try clients.all[0].readFrame()
                    return clients
                }
                await server.eventually("the loop is blocked") {
                    server.group.loops.contains { $0.busyFor > .milliseconds(20) }
                }
                async let report = server.server.drain(deadline: .milliseconds(500), code: .serviceRestart)
                try await server.client { _ in
                    #expect(try clients.all[1].readFrame().code == 1012, "the other loop's clients are told")
                    try clients.all[1].send(RawClient.close(1012))
                    clients.all[1].close()
                }
                #expect(await report == DrainReport(closedCleanly: 1, timedOut: 1, unsentBytes: 0))
                gate.open()
                clients.all.removeAll()
            })
    }

    @Test func acceptingPauses() async throws {
        try await ServerFixture.run { server in
            server.server.pauseAccepting()
            let waiting = try await server.client { port in Clients([try RawClient(port: port)]) }
            try await server.client { _ in try waiting.all[0].send(RawClient.request("/ws/echo")) }
            // The pause is in force once the acceptor has seen it; a connection that was faster is none of this test's.
            try await Task.sleep(for: .milliseconds(50))
            #expect(server.server.connections <= 1)
            server.server.resumeAccepting()
            let head = try await server.client { _ in try waiting.all[0].readHead() }
            #expect(head.hasPrefix("HTTP/1.1 101"))
            waiting.all.removeAll()
        }
    }

    @Test func aPortInUseIsSaidClearly() async throws {
        try await ServerFixture.run { server in
            try await ServerFixture.run { other in
                let error = await #expect(throws: LoopguardError.self) {
                    try await Self.second(other).start(.bind(host: "127.0.0.1", port: server.port))
                }
                #expect(error?.code == .bind)
                #expect(error?.message.contains("127.0.0.1:\(server.port)") == true)
                #expect(error?.message.contains("in use") == true)
                let unknown = await #expect(throws: LoopguardError.self) {
                    try await Self.second(other).start(.bind(host: "192.0.2.1", port: 0))
                }
                #expect(unknown?.code == .bind)
                await #expect(throws: LoopguardError.self) {
                    try await Self.second(other).start(.inherited(descriptor: 0))
                }
            }
        }
    }

    private static func second(_ fixture: ServerFixture) throws -> WebSocketServer {
        try WebSocketServer(
            group: fixture.group, control: fixture.group.nio.next(),
            pool: try OffloadPool(timers: fixture.group.nio.next()), logger: fixture.log.logger)
    }

    @Test func listensOnIPv6() async throws {
        try await ServerFixture.run { server in
            let second = try Self.second(server)
            do {
                let address = try await second.start(.bind(host: "::1", port: 0))
                #expect(address.protocol == .inet6)
            } catch let error as LoopguardError {
                // Containers without IPv6: then at least the error says so.
                #expect(error.code == .bind)
            }
            await second.shutdown()
        }
    }

    /// A shared listening socket: while all loops of one worker are stalled, the other takes the connections.
    @Test func aStalledWorkerLeavesConnectionsToOthers() async throws {
        var configuration = GuardedEventLoopGroup.Configuration.defaults
        configuration.loops = 1
        configuration.threshold = .milliseconds(20)
        let stalled = try await GuardedEventLoopGroup(configuration)
        try await ServerFixture.run { healthy in
            let pool = try OffloadPool(timers: healthy.group.nio.next())
            let worker = try WebSocketServer(
                group: stalled, control: healthy.group.nio.next(), pool: pool, logger: healthy.log.logger)
            let shared = try RawClient.listener()
            let other = try WebSocketServer(
                group: healthy.group, control: healthy.group.nio.next(), pool: pool, logger: healthy.log.logger)
            for server in [worker, other] {
                server.route("/who") { connection, _ in
                    try await connection.send(text: server === worker ? "stalled" : "healthy")
                }
            }
            let release = DispatchlessGate()
            stalled.loops[0].eventLoop.execute { release.wait() }
            await healthy.eventually("the loop counts as stalled") { stalled.loops[0].isStalled }
            _ = try await worker.start(.inherited(descriptor: shared))
            let address = try await other.start(.inherited(descriptor: dup(shared)))
            let port = try #require(address.port)
            let answers = try await healthy.client { _ in
                try (0..<20).map { _ in try RawClient.open("/who", port: port).readFrame().text }
            }
            #expect(answers.allSatisfy { $0 == "healthy" })
            release.open()
            await worker.shutdown()
            await other.shutdown()
            await pool.shutdown()
        }
        try await stalled.shutdown()
    }
}

/// Clients that outlive one blocking step of a test.
final class Clients: @unchecked Sendable {
    // SAFETY: a test uses it from one step at a time.
    var all: [RawClient]
    init(_ all: [RawClient]) { self.all = all }
}

/// Blocks a thread until it is opened, as a handler that misbehaves would.
final class DispatchlessGate: Sendable {
    private let isOpen = Atomic<Bool>(false)
    func open() { isOpen.store(true, ordering: .releasing) }
    func wait() { while !isOpen.load(ordering: .acquiring) { usleep(500) } }
}

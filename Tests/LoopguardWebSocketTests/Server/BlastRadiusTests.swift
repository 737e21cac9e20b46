import Glibc
import Logging
import Loopguard
import LoopguardBus
import LoopguardCore
import LoopguardWebSocket
import NIOCore
import NIOPosix
import Synchronization
import Testing

/// Whom a stall hurts, with a real watchdog on a real loop.
@Suite(.serialized, .timeLimit(.minutes(1))) struct BlastRadiusTests {
    private final class Reports: StallReporter {
        let ended = Mutex<[StallReport]>([])
        let seen = Mutex<[StallReport]>([])
        func stallSeen(_ report: StallReport) { seen.withLock { $0.append(report) } }
        func stallEnded(_ report: StallReport, isSuppressed: Bool) { ended.withLock { $0.append(report) } }
    }

    @Test func `broadcasts, bytes and pings that waited are counted`() async throws {
        let reports = Reports()
        var configuration = LoopguardRuntime.Configuration.defaults
        configuration.group.loops = 1
        configuration.group.threshold = .milliseconds(100)
        configuration.reporters = [reports]
        let runtime = try await LoopguardRuntime.start(configuration)
        let bus = TestBus()
        let hub = Hub(bus: bus, group: runtime.group, logger: Logger(label: "test"), workerName: "test")
        try await hub.start()
        var settings = WebSocketServerConfiguration.defaults
        settings.keepAlive.pingInterval = .milliseconds(1000)
        settings.keepAlive.pongTimeout = .seconds(30)
        let server = try WebSocketServer(runtime: runtime, configuration: settings, logger: Logger(label: "test"))
        server.route("/room") { connection, _ in
            try await hub.join("room", connection)
            try await connection.send(text: "joined")
            for try await message in connection.messages where message.text == "block" {
                try await connection.send(text: String(repeating: "x", count: 1000))
                usleep(2_500_000)
            }
        }
        let port = try #require(try await server.start(.bind(host: "127.0.0.1", port: 0)).port)
        let clients = try await NIOThreadPool.singleton.runIfActive {
            let clients = try (0..<3).map { _ in try RawClient.open("/room", port: port) }
            for client in clients { #expect(try client.readFrame().text == "joined") }
            return Clients(clients)
        }
        // The loop looks at its connections every 250 ms; it must have looked at these once.
        try await Task.sleep(for: .milliseconds(600))
        try await NIOThreadPool.singleton.runIfActive { try clients.all[0].send(RawClient.text("block")) }
        while reports.seen.withLock({ $0.isEmpty }) { try await Task.sleep(for: .milliseconds(2)) }
        for number in 0..<5 { try await hub.publish("room", .text("message \(number)")) }
        while reports.ended.withLock({ $0.isEmpty }) { try await Task.sleep(for: .milliseconds(2)) }
        let ended = try #require(reports.ended.withLock { $0.first })
        #expect(ended.blast.connections == 3)
        #expect(ended.blast.broadcastsWaiting == 5)
        // Five frames of 2 + 9 bytes for three clients, and the answer of 1004 bytes that the handler had queued.
        #expect(ended.blast.bytesWaiting == 5 * 11 * 3 + 1004)
        // Two had been silent when it began, the third had just spoken: that is known only after the stall.
        #expect((2...3).contains(ended.blast.pingsMissed), "\(ended.blast.pingsMissed)")
        // The later sample was taken after the broadcasts.
        let later = reports.seen.withLock { $0.last }
        #expect(later?.blast.broadcastsWaiting == 5)
        withExtendedLifetime(clients) {}
        await server.shutdown()
        await runtime.shutdown()
    }
}

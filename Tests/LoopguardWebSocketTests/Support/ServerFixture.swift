import Logging
import Loopguard
import LoopguardBus
import LoopguardCore
import LoopguardWebSocket
import NIOCore
import NIOPosix
import Synchronization
import Testing

/// Keeps log lines for assertions.
final class LogRecorder: Sendable {
    struct Line: Sendable {
        var level: Logger.Level
        var message: String
        var metadata: Logger.Metadata
    }
    private let state = Mutex<[Line]>([])
    var lines: [Line] { state.withLock { $0 } }
    func lines(_ message: String) -> [Line] { lines.filter { $0.message == message } }
    fileprivate func append(_ line: Line) { state.withLock { $0.append(line) } }

    var logger: Logger {
        var logger = Logger(label: "test") { _ in Handler(recorder: self) }
        logger.logLevel = .debug
        return logger
    }

    private struct Handler: LogHandler {
        let recorder: LogRecorder
        var metadata: Logger.Metadata = [:]
        var logLevel = Logger.Level.debug
        var metadataProvider: Logger.MetadataProvider?
        subscript(metadataKey key: String) -> Logger.Metadata.Value? {
            get { metadata[key] }
            set { metadata[key] = newValue }
        }
        init(recorder: LogRecorder) { self.recorder = recorder }
        func log(event: LogEvent) {
            recorder.append(
                Line(
                    level: event.level, message: event.message.description,
                    metadata: metadata.merging(event.metadata ?? [:]) { $1 }))
        }
    }
}

/// A running server on a free port, with what it needs.
struct ServerFixture: Sendable {
    let server: WebSocketServer
    let group: GuardedEventLoopGroup
    let hub: Hub
    let bus: TestBus
    let log: LogRecorder
    let port: Int

    /// Runs `body` with a server, and asserts afterwards that nothing has leaked.
    static func run(
        loops: Int = 2, configure: (inout WebSocketServerConfiguration) -> Void = { _ in },
        routes: (WebSocketServer, Hub) -> Void = { _, _ in }, _ body: @Sendable (ServerFixture) async throws -> Void
    ) async throws {
        var configuration = WebSocketServerConfiguration.defaults
        configuration.limits.closeTimeout = .milliseconds(400)
        configure(&configuration)
        var groupConfiguration = GuardedEventLoopGroup.Configuration.defaults
        groupConfiguration.loops = loops
        // Tests run beside builds: a slow machine must not count as a stalled loop.
        groupConfiguration.threshold = .seconds(5)
        let group = try await GuardedEventLoopGroup(groupConfiguration)
        let control = MultiThreadedEventLoopGroup(numberOfThreads: 1)
        let pool = try OffloadPool(timers: control.next())
        let log = LogRecorder()
        let bus = TestBus()
        let hub = Hub(bus: bus, group: group, logger: log.logger, workerName: "test")
        try await hub.start()
        let server = try WebSocketServer(
            configuration: configuration, group: group, control: control.next(), pool: pool, logger: log.logger)
        server.route("/ws/echo") { connection, _ in
            for try await message in connection.messages { try await connection.send(message) }
        }
        server.route("/ws/rooms/{room}") { connection, _ in
            let room = "room." + (connection.request.parameters["room"] ?? "")
            try await hub.join(room, connection)
            try await connection.send(.text("joined"))
            for try await message in connection.messages { try await hub.publish(room, message) }
        }
        server.get("/") { _ in .text("hello\n") }
        routes(server, hub)
        let address = try await server.start(.bind(host: "127.0.0.1", port: 0))
        let fixture = ServerFixture(
            server: server, group: group, hub: hub, bus: bus, log: log, port: try #require(address.port))
        do {
            try await body(fixture)
        } catch {
            await server.shutdown()
            throw error
        }
        await server.shutdown()
        await fixture.eventually("no connection and no handler is left") {
            server.connections == 0 && server.handlers == 0 && group.loops.allSatisfy { $0.connections == 0 }
        }
        #expect(hub.topics == 0, "a topic outlived its subscribers")
        try await group.shutdown()
        await pool.shutdown()
        try await control.shutdownGracefully()
    }

    /// Blocking calls of the raw client, off the cooperative threads.
    func client<T: Sendable>(_ body: @escaping @Sendable (Int) throws -> T) async throws -> T {
        let port = port
        return try await NIOThreadPool.singleton.runIfActive { try body(port) }
    }

    /// Waits for a condition that other threads bring about; fails after 5 s.
    func eventually(_ what: Comment, _ condition: @Sendable () -> Bool) async {
        let end = ContinuousClock.now + .seconds(5)
        while !condition(), .now < end { try? await Task.sleep(for: .milliseconds(2)) }
        #expect(condition(), what)
    }

    func metric(_ name: String, _ labels: [String: String] = [:]) -> Double {
        server.metrics.first { $0.name == name && $0.labels == labels }?.value ?? 0
    }
}

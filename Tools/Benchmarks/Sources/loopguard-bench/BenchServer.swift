import CBench
import CLoopguard
import Logging
import Loopguard
import LoopguardBus
import LoopguardWebSocket
import NIOCore
import NIOPosix

/// The servers that are compared: one loop each.
enum BenchServer {
    static func run(kind: String) async throws {
        cbench_flush_lines()
        switch kind {
        case "nio":
            let channel = try await NIOEchoServer.start(group: MultiThreadedEventLoopGroup(numberOfThreads: 1))
            print(channel.localAddress?.port ?? 0)
        case "memory":
            try await MemoryBenchmark.child()
        default:
            try await loopguard(isGuarded: kind == "loopguard")
        }
        try await Task.sleep(for: .seconds(600))
    }

    private static func loopguard(isGuarded: Bool) async throws {
        var configuration = LoopguardRuntime.Configuration.defaults
        configuration.group.loops = 1
        configuration.isWatchdogEnabled = isGuarded
        configuration.logger.logLevel = .error
        let runtime = try await LoopguardRuntime.start(configuration)
        var logger = Logger(label: "bench")
        logger.logLevel = .error
        let hub = Hub(bus: try LocalBus(), group: runtime.group, logger: logger, workerName: "bench")
        try await hub.start()
        let server = try WebSocketServer(runtime: runtime, logger: logger)
        server.route("/ws/echo") { connection, _ in
            for try await message in connection.messages { try await connection.send(message) }
        }
        server.route("/ws/rooms/{room}") { connection, _ in
            try await hub.join("bench", connection)
            for try await message in connection.messages { _ = try await hub.publish("bench", message) }
        }
        if !isGuarded {
            // Without their slots the loops' epoll_wait is the plain system call.
            for loop in runtime.group.loops {
                try await loop.eventLoop.submit { if let slot = lg_slot_current() { lg_slot_unbind(slot) } }.get()
            }
            try await runtime.control.submit { if let slot = lg_slot_current() { lg_slot_unbind(slot) } }.get()
        }
        print(try await server.start(.bind(host: "127.0.0.1", port: 0)).port ?? 0)
    }
}

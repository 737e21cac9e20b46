import Loopguard
import LoopguardWebSocket

/// `/ws/demo/…`.
enum DemoRoutes {
    static func register(on server: WebSocketServer) {
        add("sleep", to: server) { milliseconds, _ in demoSleepOnEventLoop(milliseconds: milliseconds) }
        add("spin", to: server) { milliseconds, _ in _ = demoSpinOnEventLoop(milliseconds: milliseconds) }
        add("lock", to: server) { milliseconds, _ in demoWaitForContendedLock(milliseconds: milliseconds) }
        add("read", to: server) { milliseconds, _ in _ = demoReadFromPipe(milliseconds: milliseconds) }
        add("dns", to: server) { milliseconds, _ in demoResolveNameBlocking(milliseconds: milliseconds) }
        add("offload", to: server) { milliseconds, context in
            try await context.offload("demo-sleep") { demoSleepOnPoolThread(milliseconds: milliseconds) }
        }
    }

    private static func add(
        _ name: String, to server: WebSocketServer,
        _ work: @escaping @Sendable (Int, HandlerContext) async throws -> Void
    ) {
        server.route("/ws/demo/\(name)") { connection, context in
            for try await message in connection.messages {
                guard message.kind == .text else {
                    await connection.close(.unsupportedData, reason: "text only")
                    continue
                }
                guard let request = DemoRequest(message.string) else {
                    try await connection.send(
                        text: #"{"error":"invalid","message":"send {\"ms\":200}, with 1 to 10000 milliseconds"}"#)
                    continue
                }
                let clock = ContinuousClock()
                let began = clock.now
                try await work(request.milliseconds, context)
                let took = (clock.now - began).components
                let tookMilliseconds = took.seconds * 1000 + took.attoseconds / 1_000_000_000_000_000
                try await connection.send(
                    text: #"{"did":"\#(name)","ms":\#(request.milliseconds),"took_ms":\#(tookMilliseconds)}"#)
            }
        }
    }
}

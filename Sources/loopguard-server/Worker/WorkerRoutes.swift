import Foundation
import Loopguard
import LoopguardWebSocket
import NIOCore
import NIOHTTP1

/// What the main port serves.
struct WorkerRoutes {
    let worker: Worker

    func register() {
        webSockets()
        pages()
        if worker.settings.demo { DemoRoutes.register(on: worker.server) }
    }

    private func webSockets() {
        let server = worker.server
        let room = RoomHandler(hub: worker.hub)
        server.route("/ws/echo") { connection, _ in
            for try await message in connection.messages { try await connection.send(message) }
        }
        server.route("/ws/rooms/{room}") { connection, _ in
            guard let name = connection.request.parameters["room"].flatMap(RoomName.init) else {
                await connection.close(
                    .policyViolation, reason: "room: 1 to \(RoomName.maximumCharacters) letters, digits, . _ -")
                while try await connection.nextMessage() != nil {}
                return
            }
            try await room.run(topic: name.topic, connection)
        }
        let secure = SecureHandler(
            room: room, verifier: worker.verifier, timers: worker.runtime.control,
            timeout: .seconds(worker.settings.auth.timeoutSeconds), acceptsCookies: worker.settings.origins != .any)
        server.route("/ws/secure") { connection, context in try await secure.run(connection, context) }
        let worker = worker
        server.route("/ws/dashboard") { connection, context in
            try await Self.dashboard(connection, context, worker)
        }
    }

    private static func dashboard(
        _ connection: WebSocketConnection, _ context: HandlerContext, _ worker: Worker
    ) async throws {
        let hello = DashboardMessages.Hello(
            worker: worker.index, host: worker.settings.hostName ?? Worker.hostName, pid: getpid(),
            connection: connection.id,
            correlation: context.correlationID.description, thresholdMs: worker.settings.watchdogMilliseconds,
            demo: worker.settings.demo)
        try await connection.send(text: String(decoding: DashboardMessages.encode(hello), as: UTF8.self))
        // Joined before the past is sent, so that nothing falls in between; the page sorts by number.
        try await worker.hub.join(DashboardMessages.topic, connection)
        for bytes in worker.feed.catchUp { try await connection.send(text: String(decoding: bytes, as: UTF8.self)) }
        // Tabs only listen; what they send is read and dropped, so that closes and pings are seen. Nothing that is binary
        // can ever make sense here.
        while let message = try await connection.nextMessage() {
            guard message.kind != .binary else {
                return await connection.close(.unsupportedData, reason: "text only")
            }
        }
    }

    private func pages() {
        let server = worker.server
        let worker = worker
        server.get("/") { _ in DashboardPage.answer() }
        server.get("/healthz") { _ in .text("ok\n") }
        server.get("/readyz") { _ in
            let reasons = worker.notReady
            return reasons.isEmpty
                ? .text("ready\n")
                : .text("not ready: \(reasons.joined(separator: "; "))\n", status: .serviceUnavailable)
        }
        for pattern in ["/debug", "/debug/**", "/metrics"] {
            server.get(pattern) { request in AdminRedirect.answer(request, admin: worker.admin) }
        }
    }
}

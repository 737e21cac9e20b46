import Loopguard
import LoopguardWebSocket

let runtime = try await LoopguardRuntime.start()
let server = try WebSocketServer(runtime: runtime)
server.route("/ws/hello/{name}") { connection, context in
    for try await _ in connection.messages {
        let name = connection.request.parameters["name"] ?? "you"
        let greeting = try await context.offload("compose") { composeSlowly(name) }
        try await connection.send(text: greeting)
    }
}
try await server.run(.bind(host: "127.0.0.1", port: 8080))

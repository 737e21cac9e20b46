/// CPU time of the server per message and per delivery: the steadiest figure on a shared machine.
enum ServerBenchmarks {
    static let kinds = ["loopguard", "loopguard-unwatched", "nio"]

    /// Per message echoed.
    static func echo(rounds: Int, connections: Int, messages: Int, inFlight: Int) throws -> [Measurement] {
        let result = try interleaved(
            rounds: rounds,
            kinds.map { kind in
                {
                    let server = try ServerProcess(kind: kind)
                    let load = LoadGenerator(port: server.port, path: "/ws/echo", connections: connections)
                    try load.echo(messages: max(inFlight, messages / 20), inFlight: inFlight)
                    let before = server.cpuNs()
                    try load.echo(messages: messages, inFlight: inFlight)
                    return Double(server.cpuNs() - before) / Double(messages * connections) / 1000
                }
            })
        return compare("echo, \(connections) connections, \(inFlight) in flight", result)
    }

    /// Per delivery of a broadcast.
    static func fanOut(rounds: Int, connections: Int, messages: Int, inFlight: Int) throws -> [Measurement] {
        let result = try interleaved(
            rounds: rounds,
            kinds.map { kind in
                {
                    let server = try ServerProcess(kind: kind)
                    let load = LoadGenerator(port: server.port, path: "/ws/rooms/bench", connections: connections)
                    try load.fanOut(messages: max(inFlight, messages / 20), inFlight: inFlight)
                    let before = server.cpuNs()
                    try load.fanOut(messages: messages, inFlight: inFlight)
                    return Double(server.cpuNs() - before) / Double(messages * connections) / 1000
                }
            })
        return compare("fan-out to \(connections), \(inFlight) in flight", result)
    }

    private static func compare(_ name: String, _ result: [Double]) -> [Measurement] {
        [
            Measurement(
                name: name, unit: "µs", value: result[0], baseline: result[2],
                baselineName: "NIO with its own WebSocket codec"),
            Measurement(
                name: "  the watchdog's share", unit: "µs", value: result[0], baseline: result[1],
                baselineName: "the same server, watchdog off"),
        ]
    }
}

import Glibc

/// Time and CPU time of the server per message and per delivery, with Loopguard, without it, and with plain NIO.
enum ServerBenchmarks {
    /// Guarded; not watched and without heartbeat; NIO's own WebSocket codec.
    static let kinds = ["loopguard", "loopguard-bare", "nio"]

    private struct Round {
        var cpuUs: Double
        var wallUs: Double
        var watchdogShare: Double
    }

    /// Per message echoed.
    static func echo(rounds: Int, connections: Int, messages: Int, inFlight: Int) throws -> [Measurement] {
        try compare(
            "echo, \(connections) connections, \(inFlight) in flight", rounds: rounds, per: messages * connections,
            path: "/ws/echo", connections: connections
        ) { load, share in
            try load.echo(messages: max(inFlight, messages / share), inFlight: inFlight)
        }
    }

    /// Per delivery of a broadcast.
    static func fanOut(rounds: Int, connections: Int, messages: Int, inFlight: Int) throws -> [Measurement] {
        try compare(
            "fan-out to \(connections), \(inFlight) in flight", rounds: rounds, per: messages * connections,
            path: "/ws/rooms/bench", connections: connections
        ) { load, share in
            try load.fanOut(messages: max(inFlight, messages / share), inFlight: inFlight)
        }
    }

    /// - Parameter run: does the given part of the work: 1 = all, 20 = a twentieth, to warm up.
    private static func compare(
        _ name: String, rounds: Int, per count: Int, path: String, connections: Int,
        _ run: (LoadGenerator, Int) throws -> Void
    ) throws -> [Measurement] {
        var all = kinds.map { _ in [Round]() }
        for round in 0..<rounds {
            // Every other round backwards: nobody is always the first.
            for index in round % 2 == 0 ? Array(kinds.indices) : kinds.indices.reversed() {
                let server = try ServerProcess(kind: kinds[index])
                let load = LoadGenerator(port: server.port, path: path, connections: connections)
                try run(load, 20)
                let before = (cpu: server.cpuNs(), watchdog: server.cpuNs(thread: "lg-watchdog"), wall: Clock.nowNs())
                try run(load, 1)
                let wall = Double(Clock.nowNs() - before.wall)
                all[index].append(
                    Round(
                        cpuUs: Double(server.cpuNs() - before.cpu) / Double(count) / 1000,
                        wallUs: wall / Double(count) / 1000,
                        watchdogShare: Double(server.cpuNs(thread: "lg-watchdog") - before.watchdog) / wall))
            }
        }
        func figures(_ figure: (Round) -> Double) -> [Rounds] { all.map { Rounds($0.map(figure)) } }
        let cpu = figures(\.cpuUs)
        let wall = figures(\.wallUs)
        let pairs = zip(all[0], all[1])
        // Round by round: what slows a round down slows both.
        let cpuRatio = Rounds(pairs.map { $0.cpuUs / $1.cpuUs })
        let wallRatio = Rounds(pairs.map { $0.wallUs / $1.wallUs })
        let bare = "the same server without watchdog and heartbeat"
        return [
            Measurement(
                name: name + ", CPU", unit: "µs", value: cpu[0].median, baseline: cpu[2].median,
                baselineName: "NIO with its own WebSocket codec", spread: cpu[0].spread),
            Measurement(
                name: "  CPU, ratio of each round's pair", unit: "×", value: cpuRatio.median, baseline: 1,
                baselineName: bare, spread: cpuRatio.spread, limit: .ratio(1.01)),
            Measurement(
                name: "  time, ratio of each round's pair", unit: "×", value: wallRatio.median, baseline: 1,
                baselineName: bare, spread: wallRatio.spread, limit: .ratio(1.01)),
            Measurement(
                name: "  time a message", unit: "µs", value: wall[0].median, baseline: wall[2].median,
                baselineName: "NIO with its own WebSocket codec", spread: wall[0].spread),
            Measurement(
                name: "  watchdog's thread, of a core", unit: "%",
                value: Rounds(all[0].map { $0.watchdogShare * 100 }).median, baseline: 0, baselineName: "",
                limit: .value(0.3)),
        ]
    }

    /// Wake-ups of the watchdog of a server that nobody talks to.
    static func idle(seconds: UInt32) throws -> Measurement {
        let server = try ServerProcess(kind: "loopguard")
        // It goes to sleep for good a second after the last activity.
        sleep(3)
        let before = server.switches(thread: "lg-watchdog")
        sleep(seconds)
        return Measurement(
            name: "idle: wake-ups of the watchdog in \(seconds) s", unit: "",
            value: Double(server.switches(thread: "lg-watchdog") - before), baseline: 0, baselineName: "",
            limit: .value(0))
    }
}

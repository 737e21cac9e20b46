/// The counters of `INFO stats` that explain why a subscriber was cut off. Missing ones (older Redis) are nil.
struct RedisStatistics: Sendable, Equatable {
    /// Clients cut off because their output buffer grew over its limit (Redis 7.0 does not tell yet).
    var outputBufferDisconnections: UInt64?
    /// Clients evicted by `maxmemory-clients` (Redis ≥ 7.0).
    var evictedClients: UInt64?
    /// Connections accepted since the server started; falls when it was restarted.
    var connections: UInt64?

    init() {}

    init(_ info: String) {
        for line in info.split(whereSeparator: \.isNewline) {
            guard let colon = line.firstIndex(of: ":") else { continue }
            let value = UInt64(line[line.index(after: colon)...])
            switch line[..<colon] {
            case "client_output_buffer_limit_disconnections": outputBufferDisconnections = value
            case "evicted_clients": evictedClients = value
            case "total_connections_received": connections = value
            default: break
            }
        }
    }

    /// Why the subscriber was disconnected without our doing, in a sentence for the log, from the counters before and after.
    static func explanation(before: RedisStatistics, after: RedisStatistics) -> String {
        if let old = before.connections, let new = after.connections, new < old {
            return "Redis was restarted in between."
        }
        if let old = before.outputBufferDisconnections, let new = after.outputBufferDisconnections, new > old {
            return
                "Redis has cut off a client whose output buffer was full: this worker read too slowly, most likely because "
                + "the loop of the bus stalled (see /debug/stalls), or client-output-buffer-limit pubsub is too small."
        }
        if let old = before.evictedClients, let new = after.evictedClients, new > old {
            return "Redis has evicted a client to save memory (maxmemory-clients)."
        }
        if after.outputBufferDisconnections == nil {
            return
                "This Redis does not count why. A full output buffer (client-output-buffer-limit pubsub), CLIENT KILL, "
                + "a restart or the network are the usual causes."
        }
        return "Neither a full output buffer nor eviction, says Redis: CLIENT KILL, a time-out or the network."
    }
}

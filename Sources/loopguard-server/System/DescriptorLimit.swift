import Foundation
import Logging

/// How many descriptors the process may have open; getrlimit(2), RLIMIT_NOFILE.
enum DescriptorLimit {
    /// Kept from the clients, so that they cannot take the descriptors that the admin address, Redis, the captures and the
    /// answers to refused connections need.
    static let reserve = 400

    /// Raises the limit as far as it must and may be: many systems begin with 1024.
    ///
    /// - Parameter wanted: connections that shall be possible.
    /// - Returns: connections that are possible; fewer than `wanted` is logged.
    static func connections(wanted: Int, logger: Logger) -> Int {
        let possible = connections(wanted: wanted, limit: raise(to: wanted + reserve))
        if possible < wanted {
            logger.warning(
                "fewer connections than --max-connections: the limit of open files is too low (ulimit -n)",
                metadata: ["max_connections": "\(possible)", "needed": "\(wanted + reserve)"])
        }
        return possible
    }

    /// At least half of a limit that is too small for the reserve.
    static func connections(wanted: Int, limit: Int) -> Int { max(1, min(wanted, max(limit - reserve, limit / 2))) }

    /// - Returns: the limit afterwards.
    private static func raise(to needed: Int) -> Int {
        var limit = rlimit()
        let resource = __rlimit_resource_t(RLIMIT_NOFILE.rawValue)
        guard getrlimit(resource, &limit) == 0 else { return .max }
        let before = limit.rlim_cur
        if before < rlim_t(needed), before < limit.rlim_max {
            limit.rlim_cur = min(rlim_t(needed), limit.rlim_max)
            if setrlimit(resource, &limit) != 0 { limit.rlim_cur = before }
        }
        return Int(clamping: limit.rlim_cur)
    }
}

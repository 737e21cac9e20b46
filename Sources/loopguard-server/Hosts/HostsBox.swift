import Synchronization

/// The exchange with other hosts, once there is one: the admin address is bound before the port is known.
final class HostsBox: Sendable {
    private let state = Mutex<HostExchange?>(nil)
    var exchange: HostExchange? { state.withLock { $0 } }
    func set(_ exchange: HostExchange) { state.withLock { $0 = exchange } }
}

extension ServerSettings {
    /// What tells this host's server from others in Redis: the same after a restart, and different for two servers on one machine.
    func hostID(port: Int) -> String { hostName ?? "\(Worker.hostName):\(port)" }
}

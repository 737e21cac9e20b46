public import LoopguardBus

/// The address of a Redis.
///
/// - `redis://[[user]:password@]host[:port][/database]`
/// - `rediss://…`: the same over TLS
/// - `unix://[[user]:password@]/path/to/socket[?db=database]`
///
/// User and password may be percent-encoded (`%40` for `@`). The port's default is 6379, the database's 0.
public struct RedisURL: Sendable, Equatable, CustomStringConvertible {
    /// Where the socket leads.
    public enum Target: Sendable, Hashable {
        case tcp(host: String, port: Int)
        case unixSocket(path: String)
    }

    public var target: Target
    public var usesTLS: Bool
    public var user: String?
    public var password: String?
    public var database: Int

    public init(
        target: Target, usesTLS: Bool = false, user: String? = nil, password: String? = nil, database: Int = 0
    ) {
        self.target = target
        self.usesTLS = usesTLS
        self.user = user
        self.password = password
        self.database = database
    }

    /// Reads an address.
    ///
    /// - Throws: ``BusError`` with code `.invalidURL`; its message names the input (never the password) and the remedy.
    public init(_ string: String) throws(BusError) {
        var parser = RedisURLParser(string)
        self = try parser.parse()
    }

    /// `host:port` or the socket's path: for messages, without credentials.
    public var address: String {
        switch target {
        case .tcp(let host, let port): host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)"
        case .unixSocket(let path): path
        }
    }

    /// The address with the password replaced by `***`.
    public var description: String {
        let credentials = password == nil ? "" : "\(user ?? ""):***@"
        switch target {
        case .tcp:
            return "\(usesTLS ? "rediss" : "redis")://\(credentials)\(address)\(database == 0 ? "" : "/\(database)")"
        case .unixSocket(let path):
            return "unix://\(credentials)\(path)\(database == 0 ? "" : "?db=\(database)")"
        }
    }
}

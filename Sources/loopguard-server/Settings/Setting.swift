/// One thing that can be configured: by flag, environment variable or key of the configuration file.
struct Setting: Sendable, Hashable {
    /// What a value looks like.
    enum Kind: Sendable, Hashable {
        case text
        case integer
        case flag
        case list
    }

    /// The flag without its dashes, such as `watchdog-ms`.
    let name: String
    let kind: Kind
    /// Never shown in messages.
    let isSecret: Bool

    private init(_ name: String, _ kind: Kind, isSecret: Bool = false) {
        self.name = name
        self.kind = kind
        self.isSecret = isSecret
    }

    var flag: String { "--\(name)" }
    /// Key of the configuration file, such as `watchdog_ms`.
    var key: String { name.replacing("-", with: "_") }
    /// Such as `LOOPGUARD_WATCHDOG_MS`.
    var variable: String { "LOOPGUARD_\(key.uppercased())" }

    static let host = Setting("host", .text)
    static let port = Setting("port", .integer)
    static let admin = Setting("admin", .text)
    static let tlsCertificate = Setting("tls-cert", .text)
    static let tlsKey = Setting("tls-key", .text)
    static let origin = Setting("origin", .list)
    static let workers = Setting("workers", .integer)
    static let loops = Setting("loops", .integer)
    static let watchdog = Setting("watchdog-ms", .integer)
    static let blockingThreads = Setting("blocking-threads", .integer)
    static let blockingQueue = Setting("blocking-queue", .integer)
    static let blockingQueueAge = Setting("blocking-queue-age-ms", .integer)
    static let noCooperativePoolWatch = Setting("no-cooperative-pool-watch", .flag)
    static let drain = Setting("drain-seconds", .integer)
    static let redis = Setting("redis", .text)
    static let redisPrefix = Setting("redis-prefix", .text)
    static let maxConnections = Setting("max-connections", .integer)
    static let maxConnectionsPerIP = Setting("max-connections-per-ip", .integer)
    static let maxMessageBytes = Setting("max-message-bytes", .integer)
    static let maxFragments = Setting("max-fragments", .integer)
    static let maxHeaderBytes = Setting("max-header-bytes", .integer)
    static let handshake = Setting("handshake-seconds", .integer)
    static let close = Setting("close-seconds", .integer)
    static let ping = Setting("ping-seconds", .integer)
    static let pong = Setting("pong-seconds", .integer)
    static let maxQueueBytes = Setting("max-queue-bytes", .integer)
    static let maxQueueSeconds = Setting("max-queue-seconds", .integer)
    static let slowConsumer = Setting("slow-consumer", .text)
    static let authSecret = Setting("auth-secret", .text, isSecret: true)
    static let authSecretFile = Setting("auth-secret-file", .text)
    static let authJWKS = Setting("auth-jwks", .text)
    static let authTimeout = Setting("auth-timeout-seconds", .integer)
    static let hostName = Setting("host-name", .text)
    static let hostKeep = Setting("host-keep-seconds", .integer)
    static let hostSilent = Setting("host-silent-seconds", .integer)
    static let noSelftest = Setting("no-selftest", .flag)
    static let selftestMax = Setting("selftest-max-ms", .integer)
    static let workerStart = Setting("worker-start-seconds", .integer)
    static let workerSilent = Setting("worker-silent-seconds", .integer)
    static let logFormat = Setting("log-format", .text)
    static let logLevel = Setting("log-level", .text)
    static let demo = Setting("demo", .flag)
    static let stallBudget = Setting("stall-budget", .list)
    static let stallBaseline = Setting("stall-baseline", .text)
    static let stallBudgetReport = Setting("stall-budget-report", .text)
    static let writeStallBaseline = Setting("write-stall-baseline", .text)
    static let strict = Setting("strict", .flag)
    /// The configuration file itself: a flag or a variable, not a key of the file.
    static let config = Setting("config", .text)

    /// All settings that may also stand in the configuration file.
    static let all: [Setting] = [
        host, port, admin, tlsCertificate, tlsKey, origin, workers, loops, watchdog, blockingThreads, blockingQueue,
        blockingQueueAge, noCooperativePoolWatch, drain, redis, redisPrefix, hostName, hostKeep, hostSilent, noSelftest,
        selftestMax, workerStart, workerSilent,
        maxConnections, maxConnectionsPerIP, maxMessageBytes, maxFragments, maxHeaderBytes,
        handshake, close, ping, pong, maxQueueBytes, maxQueueSeconds, slowConsumer, authSecret, authSecretFile,
        authJWKS, authTimeout, logFormat, logLevel, demo, stallBudget, stallBaseline,
        stallBudgetReport, writeStallBaseline,
        strict,
    ]
}

import LoopguardRedis

/// All settings, valid together.
struct ServerSettings: Sendable, Equatable {
    var host = "127.0.0.1"
    var port = 8080
    /// Nil = no admin address.
    var admin: HostPort? = HostPort(host: "127.0.0.1", port: 8081)
    var tls: TLSFiles?
    var origins = Origins.sameOrigin

    var workers = 1
    /// Guarded loops of one worker.
    var loops = 1
    var watchdogMilliseconds = 50
    var blockingThreads = 16
    var blockingQueue = 1024
    /// Offloaded work that waits so long for a thread is a stall of the pool.
    var blockingQueueAgeMilliseconds = 1_000
    var watchesCooperativePool = true
    var drainSeconds = 10

    var redis: RedisURL?
    var redisPrefix = "loopguard"
    /// Nil = the machine's.
    var hostName: String?
    var hostKeepSeconds = 3600
    /// Another host that has said nothing for so long is shown as silent; each speaks once a second.
    var hostSilentSeconds = 3

    var selftest = true
    var selftestMaxMilliseconds = 5_000
    var workerStartSeconds = 60
    /// 0 = for ever.
    var workerSilentSeconds = 30

    var limits = Limits()
    var auth = Auth()

    var logFormat = LogFormat.text
    var logLevel = "info"
    var demo = false
    var gate = GateSettings()
    /// Report blocking calls of loops, however short.
    var strict = false

    struct TLSFiles: Sendable, Equatable {
        var certificate: String
        var key: String
    }

    enum Origins: Sendable, Equatable {
        case sameOrigin
        case any
        case list([String])
    }

    enum LogFormat: String, Sendable, CaseIterable {
        case text
        case json
    }

    /// Limits of the WebSocket server; times in seconds.
    struct Limits: Sendable, Equatable {
        var maxConnections = 10_000
        var maxConnectionsPerIP = 0
        var maxMessageBytes = 1 << 20
        var maxFragments = 1024
        var maxHeaderBytes = 16 << 10
        var handshakeSeconds = 10
        var closeSeconds = 5
        var pingSeconds = 25
        var pongSeconds = 10
        var maxQueueBytes = 1 << 20
        var maxQueueSeconds = 30
        var slowConsumer = "disconnect"
    }

    struct Auth: Sendable, Equatable {
        var keys = Keys.random
        var timeoutSeconds = 5

        enum Keys: Sendable, Equatable {
            /// A secret made at start, known to nobody else: the embedded default.
            case random
            case secret(String)
            case secretFile(String)
            case jwks(String)
        }
    }

    /// Shortest secret: as long as the hash (RFC 7518 §3.2).
    static let minimumSecretBytes = 32
}

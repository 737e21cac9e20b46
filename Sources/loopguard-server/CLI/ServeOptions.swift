import ArgumentParser

// All values are taken as text: `ServerSettings.resolve` judges flags, variables and the file alike, with one kind of message.

/// Where the server listens, and who may come.
struct NetworkOptions: ParsableArguments {
    @Option(help: ArgumentHelp("Address to listen on; 0.0.0.0 for all. (default: 127.0.0.1)", valueName: "ADDRESS"))
    var host: String?
    @Option(help: ArgumentHelp("Port; 0 = a free one. (default: 8080)", valueName: "PORT"))
    var port: String?
    @Option(
        help: ArgumentHelp(
            "Address of /debug, /metrics, /healthz, /readyz; or off. It has no authentication: keep it private. "
                + "(default: 127.0.0.1:8081)", valueName: "HOST:PORT"))
    var admin: String?
    @Option(help: ArgumentHelp("Certificate chain, PEM; turns TLS on. (default: none)", valueName: "FILE"))
    var tlsCert: String?
    @Option(help: ArgumentHelp("Private key, PEM. (default: none)", valueName: "FILE"))
    var tlsKey: String?
    @Option(
        help: ArgumentHelp(
            "Web pages that may connect besides those of the same host, such as https://app.example.com; repeatable; or "
                + "any. (default: same host only)", valueName: "ORIGIN"))
    var origin: [String] = []

    var flags: [(Setting, String?)] {
        [(.host, host), (.port, port), (.admin, admin), (.tlsCertificate, tlsCert), (.tlsKey, tlsKey)]
    }
}

/// Processes, threads, the watchdog.
struct RuntimeOptions: ParsableArguments {
    @Option(help: ArgumentHelp("Worker processes; more than 1 needs --redis. (default: 1)", valueName: "NUMBER"))
    var workers: String?
    @Option(help: ArgumentHelp("Event loops of one worker. (default: cores / workers)", valueName: "NUMBER"))
    var loops: String?
    @Option(
        help: ArgumentHelp(
            "An event loop that is held for this long, in milliseconds, is a stall. (default: 50)",
            valueName: "MILLISECONDS"))
    var watchdogMs: String?
    @Option(help: ArgumentHelp("Threads for offloaded blocking work. (default: 16)", valueName: "NUMBER"))
    var blockingThreads: String?
    @Option(help: ArgumentHelp("Offloaded work that may wait for a thread. (default: 1024)", valueName: "NUMBER"))
    var blockingQueue: String?
    @Option(
        help: ArgumentHelp(
            "Offloaded work that waits this long for a thread, in milliseconds, is a stall of the pool. (default: 1000)",
            valueName: "MILLISECONDS"))
    var blockingQueueAgeMs: String?
    @Flag(help: "Do not watch whether Swift's cooperative pool still runs tasks.")
    var noCooperativePoolWatch = false
    @Option(
        help: ArgumentHelp(
            "How long connections may take to close when the server ends, in seconds. (default: 10)",
            valueName: "SECONDS"))
    var drainSeconds: String?
    @Option(
        help: ArgumentHelp(
            "A worker that is not ready after this is killed and started anew, in seconds. (default: 60)",
            valueName: "SECONDS"))
    var workerStartSeconds: String?
    @Option(
        help: ArgumentHelp(
            "A worker that has said nothing for this long is killed and replaced, in seconds; 0 = never. (default: 30)",
            valueName: "SECONDS"))
    var workerSilentSeconds: String?
    @Flag(help: "Refuse POST /debug/selftest, which plants a stall to prove that the alarm works.")
    var noSelftest = false
    @Option(
        help: ArgumentHelp(
            "The longest stall that a self-test may plant, in milliseconds. (default: 5000)",
            valueName: "MILLISECONDS"))
    var selftestMaxMs: String?
    @Flag(help: "Also serve /ws/demo/…: handlers that block on purpose.")
    var demo = false
    @Flag(help: "Also report calls that may block an event loop, however short they are. For tests and staging.")
    var strict = false

    var flags: [(Setting, String?)] {
        [
            (.workers, workers), (.loops, loops), (.watchdog, watchdogMs), (.blockingThreads, blockingThreads),
            (.blockingQueue, blockingQueue), (.blockingQueueAge, blockingQueueAgeMs),
            (.noCooperativePoolWatch, noCooperativePoolWatch ? "true" : nil), (.drain, drainSeconds),
            (.workerStart, workerStartSeconds),
            (.workerSilent, workerSilentSeconds), (.noSelftest, noSelftest ? "true" : nil),
            (.selftestMax, selftestMaxMs), (.demo, demo ? "true" : nil), (.strict, strict ? "true" : nil),
        ]
    }
}

/// The way between workers.
struct BusOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "Redis that carries messages between workers: redis://[USER:PASSWORD@]HOST[:PORT][/DB], rediss://… or "
                + "unix:///PATH. Prefer LOOPGUARD_REDIS when there is a password. (default: none, one worker)",
            valueName: "URL"))
    var redis: String?
    @Option(help: ArgumentHelp("Begins all keys and channels in Redis. (default: loopguard)", valueName: "TEXT"))
    var redisPrefix: String?
    @Option(
        help: ArgumentHelp(
            "Name of this host in reports, and on the pages of the other hosts. (default: the machine's)",
            valueName: "NAME"))
    var hostName: String?
    @Option(
        help: ArgumentHelp(
            "Another host that has said nothing for this long is forgotten, in seconds. (default: 3600)",
            valueName: "SECONDS"))
    var hostKeepSeconds: String?
    @Option(
        help: ArgumentHelp(
            "Another host that has said nothing for this long is shown as silent, in seconds. (default: 3)",
            valueName: "SECONDS"))
    var hostSilentSeconds: String?

    var flags: [(Setting, String?)] {
        [
            (.redis, redis), (.redisPrefix, redisPrefix), (.hostName, hostName), (.hostKeep, hostKeepSeconds),
            (.hostSilent, hostSilentSeconds),
        ]
    }
}

/// What one client may use.
struct LimitOptions: ParsableArguments {
    @Option(help: ArgumentHelp("Open connections of one worker. (default: 10000)", valueName: "NUMBER"))
    var maxConnections: String?
    @Option(help: ArgumentHelp("Open connections from one address; 0 = no limit. (default: 0)", valueName: "NUMBER"))
    var maxConnectionsPerIp: String?
    @Option(help: ArgumentHelp("Largest message, in bytes. (default: 1048576)", valueName: "BYTES"))
    var maxMessageBytes: String?
    @Option(help: ArgumentHelp("Fragments of one message. (default: 1024)", valueName: "NUMBER"))
    var maxFragments: String?
    @Option(help: ArgumentHelp("Request line and headers, in bytes. (default: 16384)", valueName: "BYTES"))
    var maxHeaderBytes: String?
    @Option(help: ArgumentHelp("Time for a request to be complete, in seconds. (default: 10)", valueName: "SECONDS"))
    var handshakeSeconds: String?
    @Option(help: ArgumentHelp("Time for the peer to answer a close, in seconds. (default: 5)", valueName: "SECONDS"))
    var closeSeconds: String?
    @Option(
        help: ArgumentHelp("A quiet connection is pinged after this, in seconds. (default: 25)", valueName: "SECONDS"))
    var pingSeconds: String?
    @Option(
        help: ArgumentHelp("…and cut when nothing comes within this, in seconds. (default: 10)", valueName: "SECONDS"))
    var pongSeconds: String?
    @Option(
        help: ArgumentHelp("What may wait to be sent to one client, in bytes. (default: 1048576)", valueName: "BYTES"))
    var maxQueueBytes: String?
    @Option(help: ArgumentHelp("How old the oldest of that may be, in seconds. (default: 30)", valueName: "SECONDS"))
    var maxQueueSeconds: String?
    @Option(
        help: ArgumentHelp(
            "What happens to a client that is over these: disconnect, dropOldest, latestOnly or dropNewest. "
                + "(default: disconnect)", valueName: "POLICY"))
    var slowConsumer: String?

    var flags: [(Setting, String?)] {
        [
            (.maxConnections, maxConnections), (.maxConnectionsPerIP, maxConnectionsPerIp),
            (.maxMessageBytes, maxMessageBytes), (.maxFragments, maxFragments), (.maxHeaderBytes, maxHeaderBytes),
            (.handshake, handshakeSeconds), (.close, closeSeconds), (.ping, pingSeconds), (.pong, pongSeconds),
            (.maxQueueBytes, maxQueueBytes), (.maxQueueSeconds, maxQueueSeconds), (.slowConsumer, slowConsumer),
        ]
    }
}

/// Who may use `/ws/secure`; shared with `token`.
struct KeyOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "HS256 secret, at least 32 bytes. Visible in the process list: prefer LOOPGUARD_AUTH_SECRET or the file. "
                + "(default: a random one for each start)", valueName: "SECRET"))
    var authSecret: String?
    @Option(
        help: ArgumentHelp("File with the secret (a newline at its end is ignored). (default: none)", valueName: "FILE")
    )
    var authSecretFile: String?

    var flags: [(Setting, String?)] { [(.authSecret, authSecret), (.authSecretFile, authSecretFile)] }
}

/// More about `/ws/secure`.
struct AuthenticationOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp("JSON Web Key Set with public keys instead of a secret. (default: none)", valueName: "FILE"))
    var authJwks: String?
    @Option(
        help: ArgumentHelp("Time for the first message with the token, in seconds. (default: 5)", valueName: "SECONDS"))
    var authTimeoutSeconds: String?

    var flags: [(Setting, String?)] { [(.authJWKS, authJwks), (.authTimeout, authTimeoutSeconds)] }
}

/// The verdict on a run at its end.
struct GateOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "End with exit code 3 when stalls cost more than this, such as 'p99<20ms,max<200ms,/ws/echo:count<3'. "
                + "(default: none)", valueName: "RULES"))
    var stallBudget: String?
    @Option(
        help: ArgumentHelp(
            "JSON file with accepted stalls; others end with exit code 3. (default: none)", valueName: "FILE"))
    var stallBaseline: String?
    @Option(help: ArgumentHelp("Write the verdict at the end, as JSON. (default: none)", valueName: "FILE"))
    var stallBudgetReport: String?
    @Option(
        help: ArgumentHelp(
            "Write a baseline of this run's stalls at the end; reasons are to be filled in. (default: none)",
            valueName: "FILE"))
    var writeStallBaseline: String?

    var flags: [(Setting, String?)] {
        [
            (.stallBudget, stallBudget), (.stallBaseline, stallBaseline), (.stallBudgetReport, stallBudgetReport),
            (.writeStallBaseline, writeStallBaseline),
        ]
    }
}

/// Log lines (they go to standard error) and the configuration file.
struct GeneralOptions: ParsableArguments {
    @Option(help: ArgumentHelp("Log lines as text or json. (default: text)", valueName: "FORMAT"))
    var logFormat: String?
    @Option(
        help: ArgumentHelp(
            "trace, debug, info, notice, warning, error or critical. (default: info)", valueName: "LEVEL"))
    var logLevel: String?
    @Option(help: ArgumentHelp("JSON file with any of these options. (default: none)", valueName: "FILE"))
    var config: String?

    var flags: [(Setting, String?)] { [(.logFormat, logFormat), (.logLevel, logLevel)] }
}

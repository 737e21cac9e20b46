public import LoopguardBus
import NIOCore
public import NIOSSL

extension RedisBus {
    /// Address, limits and times of a ``RedisBus``.
    public struct Configuration: Sendable {
        /// Default `redis://127.0.0.1:6379`.
        public var url = RedisURL(target: .tcp(host: "127.0.0.1", port: 6379))
        /// Name of this worker: shown by `CLIENT LIST`. Default `worker`.
        public var worker = "worker"
        /// Begins all keys and channels: buses with different prefixes do not see each other. Default `loopguard`.
        public var keyPrefix = "loopguard"
        /// For `rediss://`: client certificates, versions and so on; nil is NIOSSL's default for clients. Default nil.
        public var tls: TLSConfiguration?
        /// For `rediss://`: path of a PEM file with the authorities to trust instead of the system's. Default nil.
        public var tlsTrustFile: String?

        /// Time to establish a connection. Default 2 s.
        public var connectTimeout: Duration = .seconds(2)
        /// Time in which Redis must answer a command; afterwards the connection is closed. Default 2 s.
        public var commandDeadline: Duration = .seconds(2)
        /// Waits between attempts to connect.
        public var backoff = Backoff.Configuration()

        /// Commands of callers that are on their way at once; over this they fail with `.overloaded`. Default 10,000.
        public var maximumInFlight = 10_000
        /// Payload bytes of publishes that are on their way at once. Default 64 MiB.
        public var maximumInFlightBytes = 64 << 20
        /// Largest payload in bytes. Default 1 MiB.
        public var maximumPayloadBytes = 1 << 20
        /// Largest reply of Redis in bytes. Default 64 MiB.
        public var maximumReplyBytes = 64 << 20

        /// Messages that Redis remembers of a topic. Default 256.
        public var historyMessages = 256
        /// For how long after the last message Redis remembers a topic's messages. Default 5 minutes.
        public var historyLifetime: Duration = .seconds(300)
        /// For how long after the last message Redis remembers a topic's offset; afterwards it begins a new epoch.
        /// Default 1 day.
        public var topicLifetime: Duration = .seconds(86_400)
        /// For how long Redis remembers an idempotency key. Default 1 minute.
        public var idempotencyLifetime: Duration = .seconds(60)
        /// Messages that are read from a topic's history at once. Default 32.
        public var historyPage = 32
        /// Topics whose history is read at the same time. Default 32.
        public var concurrentRepairs = 32
        /// Live messages of one topic that are kept while its history is read. Default 256.
        public var repairBuffer = 256

        /// Channels in one SUBSCRIBE or UNSUBSCRIBE. Default 512.
        public var subscribeBatch = 512
        /// Topics that can be subscribed at once. Default 100,000.
        public var maximumTopics = 100_000
        /// How long a subscription outlives the last `unsubscribe`: a reloaded page finds it still there. Default 2 s.
        public var linger: Duration = .seconds(2)
        /// How often the subscriber is probed; one that is silent for two of these is replaced. Default 5 s.
        public var probeInterval: Duration = .seconds(5)
        /// How often quiet topics are compared with Redis. Default 30 s.
        public var positionCheckInterval: Duration = .seconds(30)

        public init() {}

        /// The defaults named at each property.
        public static var defaults: Self { .init() }

        /// The defaults, changed by `change`.
        public static func defaults(_ change: (inout Self) -> Void) -> Self {
            var configuration = Self()
            change(&configuration)
            return configuration
        }

        /// The TLS settings of both.
        var effectiveTLS: TLSConfiguration {
            var tls = tls ?? .makeClientConfiguration()
            if let tlsTrustFile { tls.trustRoots = .file(tlsTrustFile) }
            return tls
        }

        /// Checks the limits and times.
        ///
        /// - Throws: ``BusError`` with code `.invalidConfiguration` that names the property.
        public func validate() throws(BusError) {
            let counts: [(String, Int)] = [
                ("maximumInFlight", maximumInFlight), ("maximumInFlightBytes", maximumInFlightBytes),
                ("maximumPayloadBytes", maximumPayloadBytes), ("maximumReplyBytes", maximumReplyBytes),
                ("historyMessages", historyMessages), ("historyPage", historyPage),
                ("concurrentRepairs", concurrentRepairs), ("repairBuffer", repairBuffer),
                ("subscribeBatch", subscribeBatch), ("maximumTopics", maximumTopics),
            ]
            for (name, value) in counts where !(1...(1 << 30)).contains(value) {
                throw BusError(.invalidConfiguration, "\(name) is \(value); it must be between 1 and 2^30.")
            }
            let times: [(String, Duration)] = [
                ("connectTimeout", connectTimeout), ("commandDeadline", commandDeadline),
                ("historyLifetime", historyLifetime), ("topicLifetime", topicLifetime),
                ("idempotencyLifetime", idempotencyLifetime), ("probeInterval", probeInterval),
                ("positionCheckInterval", positionCheckInterval),
            ]
            for (name, value) in times where value < .milliseconds(1) || value > .seconds(366 * 86_400) {
                throw BusError(.invalidConfiguration, "\(name) is \(value); it must be between 1 ms and a year.")
            }
            guard linger >= .zero, linger <= .seconds(3600) else {
                throw BusError(.invalidConfiguration, "linger is \(linger); it must be between 0 and an hour.")
            }
            guard topicLifetime >= historyLifetime else {
                throw BusError(
                    .invalidConfiguration,
                    "topicLifetime (\(topicLifetime)) must not be shorter than historyLifetime (\(historyLifetime)).")
            }
            // A reply larger than the limit closes the connection, so a page of the largest messages must fit.
            let page = historyPage.multipliedReportingOverflow(by: maximumPayloadBytes + 1024)
            guard !page.overflow, page.partialValue <= maximumReplyBytes else {
                throw BusError(
                    .invalidConfiguration,
                    "historyPage (\(historyPage)) messages of maximumPayloadBytes (\(maximumPayloadBytes)) do not fit into "
                        + "maximumReplyBytes (\(maximumReplyBytes)).")
            }
            guard !keyPrefix.isEmpty, keyPrefix.utf8.count <= 64,
                keyPrefix.utf8.allSatisfy({ (0x21...0x7E).contains($0) && $0 != 0x7B && $0 != 0x7D })
            else {
                throw BusError(
                    .invalidConfiguration, "keyPrefix must be 1 to 64 printable ASCII characters without { and }.")
            }
            guard !worker.isEmpty, worker.utf8.count <= BusLimits.maximumHeaderBytes else {
                throw BusError(.invalidConfiguration, "worker must have 1 to \(BusLimits.maximumHeaderBytes) bytes.")
            }
            try backoff.validate()
        }
    }
}

extension Duration {
    /// Whole milliseconds, at least 1, for Redis' arguments. Call after `validate` has bounded it.
    var redisMilliseconds: Int64 {
        let (seconds, attoseconds) = components
        return max(1, seconds * 1000 + attoseconds / 1_000_000_000_000_000)
    }
}

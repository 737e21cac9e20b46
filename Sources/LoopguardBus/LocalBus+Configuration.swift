extension LocalBus {
    /// Limits of a ``LocalBus``.
    public struct Configuration: Sendable {
        /// Messages that a topic remembers. Default 256.
        public var historyMessages = 256
        /// Payload bytes that all topics together remember; over this, the oldest messages of the bus are forgotten.
        /// Default 64 MiB.
        public var historyBytes = 64 << 20
        /// Topics that are remembered; over this, those without subscription that were published to longest ago are
        /// forgotten. Default 10,000.
        public var maximumTopics = 10_000
        /// Leases that are remembered. Default 10,000.
        public var maximumLeases = 10_000
        /// Largest payload in bytes. Default 1 MiB.
        public var maximumPayloadBytes = 1 << 20
        /// Messages that wait for `deliver`, when many threads publish at once; over this, publishing throws
        /// `.overloaded`. Default 10,000.
        public var maximumPendingDeliveries = 10_000

        public init() {}

        /// The defaults named at each property.
        public static var defaults: Self { .init() }

        /// The defaults, changed by `change`.
        public static func defaults(_ change: (inout Self) -> Void) -> Self {
            var configuration = Self()
            change(&configuration)
            return configuration
        }

        /// Checks the limits.
        ///
        /// - Throws: ``BusError`` with code `.invalidConfiguration` that names the limit.
        public func validate() throws(BusError) {
            let limits: [(String, Int)] = [
                ("historyMessages", historyMessages), ("historyBytes", historyBytes), ("maximumTopics", maximumTopics),
                ("maximumLeases", maximumLeases), ("maximumPayloadBytes", maximumPayloadBytes),
                ("maximumPendingDeliveries", maximumPendingDeliveries),
            ]
            for (name, value) in limits where value < 1 {
                throw BusError(.invalidConfiguration, "\(name) is \(value); it must be at least 1.")
            }
        }
    }
}

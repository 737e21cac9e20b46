public import LoopguardBus

/// How long to wait before the next attempt: exponential with full jitter, so that many workers do not come back as one.
/// A value; the random number comes from the caller.
public struct Backoff: Sendable {
    /// Bounds of a ``Backoff``.
    public struct Configuration: Sendable {
        /// The first wait is at most this. Default 100 ms.
        public var base: Duration = .milliseconds(100)
        /// Every wait is at most this. Default 5 s.
        public var cap: Duration = .seconds(5)
        /// A connection that lived this long lets the next wait begin at `base` again; a shorter life does not, or a
        /// broker that accepts and drops would be hammered. Default 10 s.
        public var stableAfter: Duration = .seconds(10)

        public init() {}

        /// - Throws: ``BusError`` with code `.invalidConfiguration`.
        public func validate() throws(BusError) {
            guard base > .zero, cap >= base, stableAfter >= .zero else {
                throw BusError(
                    .invalidConfiguration,
                    "A back-off needs 0 < base (\(base)) ≤ cap (\(cap)) and stableAfter (\(stableAfter)) ≥ 0.")
            }
        }
    }

    public let configuration: Configuration
    /// Failed attempts since the last stable connection.
    public private(set) var attempts = 0

    public init(_ configuration: Configuration = .init()) {
        self.configuration = configuration
    }

    /// The next attempt is to wait this long: evenly spread between 0 and `base` · 2ⁿ, at most `cap`.
    ///
    /// - Parameter random: 64 even random bits.
    public mutating func next(random: UInt64) -> Duration {
        var limit = configuration.base
        // Doubling stops at the cap, so nothing can overflow, however many attempts there were.
        for _ in 0..<attempts where limit < configuration.cap { limit = limit * 2 }
        limit = min(limit, configuration.cap)
        attempts = min(attempts + 1, 64)
        return limit * (Double(random >> 11) / Double(UInt64(1) << 53))
    }

    /// A connection ended after `lifetime`.
    public mutating func connectionEnded(after lifetime: Duration) {
        if lifetime >= configuration.stableAfter { attempts = 0 }
    }
}

/// Which reports of a place are kept and logged in full: the 1st, 2nd, 4th, 8th…, and at least one in a while.
///
/// The limit is for each fingerprint, so one noisy place cannot hide a new one. What is suppressed is counted. A value
/// type without a clock; memory is bounded.
public struct ReportPolicy: Sendable, Equatable {
    /// Limits.
    public struct Options: Sendable, Equatable {
        /// After so long without a full report the next one is full. Nanoseconds, default 60 s.
        public var atLeastEveryNs: Int64 = 60_000_000_000
        /// Fingerprints remembered; the one unseen for longest is forgotten first. Default 1,000.
        public var maxFingerprints = 1_000

        /// The values above.
        public static let defaults = Options()
        /// The defaults.
        public init() {}
    }

    /// What to do with a report.
    public enum Decision: Sendable, Equatable {
        /// Keep it and log it; so many reports of this place were suppressed since the last full one.
        case full(suppressedBefore: UInt64)
        /// Only count it.
        case suppressed
    }

    private struct Entry: Sendable, Equatable {
        var seen: UInt64 = 0
        var nextFullAt: UInt64 = 1
        var suppressedSinceFull: UInt64 = 0
        var lastFullNs: Int64 = .min
        var lastSeenNs: Int64 = .min
    }

    /// The limits in use.
    public let options: Options
    /// All reports suppressed so far.
    public private(set) var suppressed: UInt64 = 0
    private var entries: [String: Entry] = [:]

    /// A policy that has seen nothing yet.
    public init(options: Options = .defaults) { self.options = options }

    /// Fingerprints remembered now.
    public var fingerprints: Int { entries.count }

    /// Decides about one stall. Call once for each.
    /// - Parameter nowNs: any clock that does not go backwards often; nanoseconds.
    public mutating func decide(fingerprint: String, nowNs: Int64) -> Decision {
        var entry = entries.removeValue(forKey: fingerprint) ?? Entry()
        makeRoom()
        entry.seen = entry.seen.saturatingAdd(1)
        entry.lastSeenNs = nowNs
        defer { entries[fingerprint] = entry }
        let isDue = nowNs.saturatingSubtract(entry.lastFullNs) >= options.atLeastEveryNs
        guard entry.seen >= entry.nextFullAt || isDue else {
            entry.suppressedSinceFull = entry.suppressedSinceFull.saturatingAdd(1)
            suppressed = suppressed.saturatingAdd(1)
            return .suppressed
        }
        while entry.nextFullAt <= entry.seen, entry.nextFullAt < .max / 2 { entry.nextFullAt *= 2 }
        let before = entry.suppressedSinceFull
        entry.suppressedSinceFull = 0
        entry.lastFullNs = nowNs
        return .full(suppressedBefore: before)
    }

    private mutating func makeRoom() {
        while entries.count >= max(1, options.maxFingerprints),
            let oldest = entries.min(by: { ($0.value.lastSeenNs, $0.key) < ($1.value.lastSeenNs, $1.key) })
        {
            entries.removeValue(forKey: oldest.key)
        }
    }
}

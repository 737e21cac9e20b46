/// The verdict on a run. Its JSON (keys in snake case) is described in `Documentation/Budget.md`.
public struct GateVerdict: Codable, Sendable, Equatable {
    /// How a place stands. May grow.
    public struct Standing: RawRepresentable, Codable, Sendable, Hashable {
        /// The name, as in JSON.
        public var rawValue: String
        /// A value by its name.
        public init(rawValue: String) { self.rawValue = rawValue }

        /// In the baseline: does not count.
        public static let accepted = Standing(rawValue: "accepted")
        /// Not in the baseline: fails the gate.
        public static let new = Standing(rawValue: "new")
        /// In the baseline, but its day has passed: fails the gate.
        public static let expired = Standing(rawValue: "expired")
        /// The machine was at fault: does not count.
        public static let hostAtFault = Standing(rawValue: "host-at-fault")
        /// There is no baseline, or no stack to compare with it: counts for the budget.
        public static let notCompared = Standing(rawValue: "not-compared")

        var counts: Bool { self != .accepted && self != .hostAtFault }
        var fails: Bool { self == .new || self == .expired }
    }

    /// One rule of the budget.
    public struct RuleVerdict: Codable, Sendable, Equatable {
        /// As it was written.
        public var rule: String
        /// True when it holds.
        public var isKept: Bool
        /// What was measured, for people.
        public var observed: String
        /// The measured value, or the least that it can be: nanoseconds, a number, or billionths of a connection-second.
        public var atLeast: UInt64
        /// For quantiles: what the value is at most; 0 = below the threshold. Nil for exact values, and when details are lost.
        public var below: UInt64?
        /// For quantiles: ticks that reach the limit.
        public var over: UInt64?
        /// For quantiles: ticks that may.
        public var allowed: UInt64?
    }

    /// One place that stalled.
    public struct PlaceVerdict: Codable, Sendable, Equatable {
        /// How it stands.
        public var standing: Standing
        /// The same in all reports of the place.
        public var fingerprint: String
        /// Innermost frame of the program.
        public var at: String
        /// Route of the handler, empty when not known.
        public var route: String
        /// In words.
        public var cause: String
        /// What to do about it.
        public var remedy: String
        /// Stalls.
        public var count: UInt64
        /// The longest, nanoseconds.
        public var maxNs: UInt64
        /// Sum of the lengths, nanoseconds.
        public var totalNs: UInt64

        init(_ place: StallTally.Place, _ standing: Standing) {
            self.standing = standing
            fingerprint = place.fingerprint
            at = place.at
            route = place.route
            cause = place.cause
            remedy = place.remedy
            count = place.count
            maxNs = place.maxNs
            totalNs = place.totalNs
        }
    }

    /// Ticks of all guarded loops.
    public var ticks: UInt64
    /// Those over the threshold, exact.
    public var lateTicks: UInt64
    /// Late ticks without details: they count as over every limit, and cannot be compared with a baseline.
    public var withoutDetails: UInt64 = 0
    /// Processes that ended without telling their last figures.
    public var cutShort: Int = 0
    /// One for each rule of the budget.
    public var rules: [RuleVerdict] = []
    /// All places that stalled.
    public var places: [PlaceVerdict] = []
    /// Entries of the baseline that were not needed.
    public var unused: [StallBaseline.Entry] = []

    init(ticks: UInt64, lateTicks: UInt64) {
        self.ticks = ticks
        self.lateTicks = lateTicks
    }

    /// All rules are kept, and no place is new or expired.
    public var isPassed: Bool { rules.allSatisfy(\.isKept) && !places.contains { $0.standing.fails } }
}

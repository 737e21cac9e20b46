/// What a run may cost its event loops: `p99<20ms,max<200ms`, parsed. Grammar: `Documentation/Budget.md`.
public struct StallBudget: Sendable, Equatable {
    /// One condition.
    public struct Rule: Sendable, Equatable {
        /// What is compared.
        public enum Metric: Sendable, Equatable {
            /// The length that so many of all ticks do not exceed: `numerator / denominator`, nearest rank.
            case quantile(numerator: UInt64, denominator: UInt64)
            /// The longest tick.
            case max
            /// Stalls.
            case count
            /// Sum of the stalls' lengths.
            case total
            /// Connections times the time over the threshold, summed.
            case connectionSeconds
        }

        /// The rule as it was written, without blanks.
        public var text: String
        /// Only stalls of this handler count; nil = all. Never with a quantile: ticks are not counted by route.
        public var route: String?
        /// What is compared.
        public var metric: Metric
        /// True for `<=`.
        public var isInclusive: Bool
        /// Nanoseconds; for `count` a number of stalls, for `connection-seconds` billionths of a connection-second.
        public var limit: UInt64

        /// The smallest value that breaks the rule.
        var firstBroken: UInt64 { isInclusive ? limit.saturatingAdd(1) : limit }

        /// The limit is the length of a tick.
        var limitsTicks: Bool {
            switch metric {
            case .quantile, .max: true
            case .count, .total, .connectionSeconds: false
            }
        }
    }

    /// All must be kept. Never empty.
    public var rules: [Rule]

    /// The smallest lengths that break a rule, in order and without duplicates: what ``StallTally`` counts exactly.
    public var boundsNs: [UInt64] {
        var bounds: [UInt64] = []
        for rule in rules where rule.limitsTicks { bounds.append(rule.firstBroken) }
        return Set(bounds).sorted()
    }

    /// Ticks below the threshold are counted, but not measured: a limit below it could not be judged.
    ///
    /// - Parameter thresholdNs: of the watchdog.
    /// - Returns: what to tell the user; nil when the budget can be judged.
    public func objection(thresholdNs: UInt64) -> String? {
        let unjudgeable = rules.filter { $0.limitsTicks && $0.limit < thresholdNs }
        guard let lowest = unjudgeable.min(by: { $0.limit < $1.limit }) else { return nil }
        guard lowest.limit >= 1_000_000 else {
            return "\(lowest.text) cannot be judged: the watchdog's threshold is at least 1 ms, and shorter ticks are "
                + "counted, but not measured. Use a limit of 1ms or more."
        }
        return
            "\(lowest.text) cannot be judged: ticks below the threshold of \(HumanText.duration(ns: thresholdNs)) are "
            + "counted, but not measured. Set the threshold (--watchdog-ms) to at most \(lowest.limit / 1_000_000) ms."
    }
}

/// A budget that cannot be used.
public struct StallBudgetError: Error, Sendable, Equatable, CustomStringConvertible {
    /// The class of the error. May grow.
    public struct Code: RawRepresentable, Sendable, Hashable {
        /// The name.
        public var rawValue: String
        /// A value by its name.
        public init(rawValue: String) { self.rawValue = rawValue }

        /// The text does not follow the grammar.
        public static let syntax = Code(rawValue: "syntax")
    }

    /// The class of the error.
    public var code: Code
    /// What is wrong and what is allowed, for people.
    public var message: String

    init(_ message: String) {
        code = .syntax
        self.message = message
    }

    /// The message.
    public var description: String { message }
}

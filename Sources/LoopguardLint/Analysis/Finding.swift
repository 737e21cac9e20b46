/// One root cause: a blocking call that an event loop reaches.
public struct Finding: Sendable, Equatable, Codable {
    /// How bad.
    public enum Severity: String, Sendable, Codable, Comparable, CaseIterable {
        case note, warning, error
        /// By how bad.
        public static func < (a: Severity, b: Severity) -> Bool {
            (allCases.firstIndex(of: a) ?? 0) < (allCases.firstIndex(of: b) ?? 0)
        }
    }

    /// A place in a source file.
    public struct Place: Sendable, Equatable, Hashable, Codable {
        public var path: String
        /// From 1.
        public var line: Int
        /// In UTF-8 bytes, from 1.
        public var column: Int
        public init(path: String, line: Int, column: Int) {
            self.path = path
            self.line = line
            self.column = column
        }
    }

    /// One step of the way from the event loop to the blocking call.
    public struct Step: Sendable, Equatable, Codable {
        public var place: Place
        /// What the code at this place is or calls.
        public var text: String
    }

    /// What a finding rests on.
    public enum Evidence: String, Sendable, Codable, CaseIterable {
        /// What the compiler wrote into its index.
        case index
        /// The text of one file alone: there is no index, or an older one than the file.
        case syntax
    }

    public var rule: String
    public var severity: Severity
    /// In the user's own code.
    public var place: Place
    public var message: String
    /// Short name of the blocking call.
    public var sink: String
    /// Why this code runs on an event loop.
    public var context: String
    /// From the event loop's code to the blocking call.
    public var path: [Step]
    /// Further entry points that reach the same call.
    public var related: [Step]
    /// 1 = certain; falls with each call that may lead to many implementations.
    public var confidence: Double
    /// Names along the path: what a baseline knows the finding by.
    public var key: String
    /// Weaker when a file on the path was judged by its syntax.
    public var evidence: Evidence = .index
    /// Why it is accepted; nil for a finding that counts.
    public var allowance: Allowance?
    /// How often a production server stalled there; nil when no export was given, or it never did.
    public var production: Production?

    /// Somebody's decision to live with a finding.
    public struct Allowance: Sendable, Equatable, Codable {
        /// Where it is written down.
        public enum Kind: String, Sendable, Codable { case comment, baseline }

        public var by: Kind
        /// In the words of whoever decided; empty when a baseline does not say.
        public var reason: String
        /// `YYYY-MM-DD`, the last day on which it holds.
        public var until: String?
    }

    /// Stalls that a watchdog saw at this very place.
    public struct Production: Sendable, Equatable, Codable {
        public var stalls: UInt64
        /// Sum of their lengths, nanoseconds.
        public var totalNs: UInt64
        /// The longest, nanoseconds.
        public var maxNs: UInt64
        /// Of the places in the export.
        public var fingerprints: [String]
    }
}

/// A stall that is planted on purpose, so that a user can prove that the alarm works.
public struct SelfTest: Codable, Sendable, Equatable {
    /// How the loop is held.
    public enum Kind: String, Codable, Sendable, CaseIterable {
        /// The thread sleeps in a system call.
        case sleep
        /// The thread computes.
        case spin
    }

    /// Route in the scope of the report.
    public static let route = "selftest"

    /// How long after the stall's end its report is waited for: 3 s. On a machine whose CPUs are all taken it takes its time, and a
    /// report that comes late is no alarm that fails.
    public static let patience = Duration.seconds(3)

    /// Name of the loop, such as `loop-0`.
    public var loop: String
    /// Length of the stall, milliseconds.
    public var milliseconds: Int
    /// How the loop is held.
    public var kind: Kind

    /// All its parts.
    public init(loop: String = "loop-0", milliseconds: Int = 200, kind: Kind = .sleep) {
        self.loop = loop
        self.milliseconds = milliseconds
        self.kind = kind
    }

    /// What came of it.
    public struct Outcome: Codable, Sendable, Equatable {
        /// True when the watchdog reported the stall.
        public var isSeen: Bool
        /// Worker number.
        public var worker: Int
        /// Name of the loop.
        public var loop: String
        /// How long the loop was asked to be held, milliseconds.
        public var milliseconds: Int
        /// A shorter stall is none. Milliseconds.
        public var thresholdMs: Int
        /// Id of the report; nil when there is none.
        public var report: String?
        /// Its fingerprint.
        public var fingerprint: String?
        /// Its length, nanoseconds.
        public var durationNs: UInt64?
        /// From the threshold to the moment the stack had been taken; nanoseconds.
        public var detectionLatencyNs: UInt64?
        /// The cause in words.
        public var cause: String?
        /// The function in which the loop was caught, if it was.
        public var at: String?
    }

    /// Checks against the limit.
    ///
    /// - Parameter maximumMilliseconds: the longest stall that may be planted.
    /// - Throws: ``LoopguardError`` with code `.invalidConfiguration`.
    public func validate(maximumMilliseconds: Int) throws(LoopguardError) {
        guard (1...max(1, maximumMilliseconds)).contains(milliseconds) else {
            throw LoopguardError(
                .invalidConfiguration, "ms is \(milliseconds): choose 1 to \(maximumMilliseconds) milliseconds.")
        }
    }
}

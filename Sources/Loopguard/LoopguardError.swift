/// An operating error of the runtime.
public struct LoopguardError: Error, Sendable, CustomStringConvertible {
    /// What went wrong, for programs. May grow.
    public struct Code: Hashable, Sendable, CustomStringConvertible {
        public let description: String
        private init(_ description: String) { self.description = description }

        /// An option has a value that is not allowed.
        public static let invalidConfiguration = Code("invalidConfiguration")
        /// The system refused a thread, memory or a descriptor.
        public static let resources = Code("resources")
        /// An address cannot be bound.
        public static let bind = Code("bind")
        /// What was named does not exist.
        public static let notFound = Code("notFound")
        /// Something is under way that excludes what was asked for.
        public static let busy = Code("busy")
        /// Another watchdog or runtime watches a loop of this group.
        public static let alreadyWatched = Code("alreadyWatched")
    }

    public var code: Code
    /// What happened and what to do, for people.
    public var message: String
    public var cause: (any Error)?

    public init(_ code: Code, _ message: String, cause: (any Error)? = nil) {
        self.code = code
        self.message = message
        self.cause = cause
    }

    public var description: String {
        cause.map { "\(message) (cause: \($0))" } ?? message
    }
}

extension Duration {
    /// Whole nanoseconds, clamped to what 64 bits hold.
    var nanoseconds: Int64 {
        let (seconds, attoseconds) = components
        let (product, overflow) = seconds.multipliedReportingOverflow(by: 1_000_000_000)
        guard !overflow else { return seconds < 0 ? .min : .max }
        let (sum, overflowed) = product.addingReportingOverflow(attoseconds / 1_000_000_000)
        return overflowed ? (seconds < 0 ? .min : .max) : sum
    }
}

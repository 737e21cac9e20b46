/// An operating error of a bus.
public struct BusError: Error, Sendable, CustomStringConvertible {
    /// What went wrong, for programs. May grow.
    public struct Code: Hashable, Sendable, CustomStringConvertible {
        public let description: String
        private init(_ description: String) { self.description = description }

        /// The broker cannot be reached; try again later.
        public static let unavailable = Code("unavailable")
        /// Too much in flight; try again later, with less.
        public static let overloaded = Code("overloaded")
        /// The broker answered with an error.
        public static let refused = Code("refused")
        /// The broker's answer could not be understood.
        public static let protocolViolation = Code("protocolViolation")
        /// The topic's name is empty, too long, or holds control characters.
        public static let invalidTopic = Code("invalidTopic")
        /// A header (correlation, origin) is too long or holds control characters.
        public static let invalidHeaders = Code("invalidHeaders")
        /// The payload is over the bus' limit.
        public static let messageTooLarge = Code("messageTooLarge")
        /// The address of the broker cannot be understood.
        public static let invalidURL = Code("invalidURL")
        /// A configured limit makes no sense.
        public static let invalidConfiguration = Code("invalidConfiguration")
        /// The bus has been shut down.
        public static let closed = Code("closed")
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
        cause.map { "\(code): \(message) (cause: \($0))" } ?? "\(code): \(message)"
    }
}

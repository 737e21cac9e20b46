/// What can go wrong between a value and its JSON.
public struct StallJSONError: Error, Sendable, CustomStringConvertible {
    /// The class of the error. May grow.
    public struct Code: RawRepresentable, Sendable, Hashable {
        /// The name, as in JSON.
        public var rawValue: String
        /// A value by its name; unknown ones are kept.
        public init(rawValue: String) { self.rawValue = rawValue }

        /// The input is longer than the limit.
        public static let tooLarge = Code(rawValue: "too-large")
        /// The input is not JSON, or not of this type.
        public static let malformed = Code(rawValue: "malformed")
        /// The value has no JSON form.
        public static let unencodable = Code(rawValue: "unencodable")
    }

    /// The class of the error.
    public var code: Code
    /// What happened, for people.
    public var message: String
    /// The error underneath, if any.
    public var cause: (any Error)?

    /// An error of its parts.
    public init(code: Code, message: String, cause: (any Error)?) {
        self.code = code
        self.message = message
        self.cause = cause
    }

    /// Code and message.
    public var description: String { "\(code.rawValue): \(message)" }
}

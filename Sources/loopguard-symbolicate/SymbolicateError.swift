/// Why nothing could be symbolicated.
struct SymbolicateError: Error, Sendable, CustomStringConvertible {
    /// What went wrong, for programs. May grow.
    struct Code: Hashable, Sendable, CustomStringConvertible {
        let description: String
        private init(_ description: String) { self.description = description }

        /// The report cannot be opened, or is too long.
        static let unreadableReport = Code("unreadableReport")
        /// The report is not JSON, or there is no stack in it.
        static let malformedReport = Code("malformedReport")
        /// A binary that was named is none.
        static let unreadableBinary = Code("unreadableBinary")
        /// The result cannot be written.
        static let unwritableOutput = Code("unwritableOutput")
    }

    var code: Code
    var message: String
    var cause: (any Error)?

    init(_ code: Code, _ message: String, cause: (any Error)? = nil) {
        self.code = code
        self.message = message
        self.cause = cause
    }

    var description: String { cause.map { "\(message): \($0)" } ?? message }
}

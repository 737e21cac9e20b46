/// Why a part of the capture could not be set up.
public struct CaptureError: Error, Sendable, CustomStringConvertible {
    /// What went wrong, for programs. May grow.
    public struct Code: Hashable, Sendable, CustomStringConvertible {
        public let description: String
        private init(_ description: String) { self.description = description }

        /// The thread does not exist, or the kernel does not tell about it.
        public static let noSuchThread = Code("noSuchThread")
        /// No memory for the buffers.
        public static let outOfMemory = Code("outOfMemory")
        /// An option is outside its range.
        public static let invalidOption = Code("invalidOption")
        /// A file cannot be opened, or is not what was asked for.
        public static let unreadableFile = Code("unreadableFile")
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

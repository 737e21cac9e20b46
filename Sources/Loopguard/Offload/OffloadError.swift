/// Why offloaded work was not done. Errors that the work itself throws are passed on as they are.
public struct OffloadError: Error, Sendable, CustomStringConvertible {
    /// For programs. May grow.
    public struct Code: Hashable, Sendable, CustomStringConvertible {
        public let description: String
        private init(_ description: String) { self.description = description }

        /// The queue is full: nothing was started. Shed load or raise `--blocking-queue`/`--blocking-threads`.
        public static let overloaded = Code("overloaded")
        /// The pool has been shut down: nothing was started.
        public static let shutdown = Code("shutdown")
        /// The deadline passed. Work that had begun goes on and its result is dropped; work that had not is not started.
        public static let deadlineExceeded = Code("deadlineExceeded")
    }

    public var code: Code
    /// The name given to `offload`.
    public var name: String
    /// What happened and what to do, for people.
    public var message: String

    public init(_ code: Code, name: String, message: String) {
        self.code = code
        self.name = name
        self.message = message
    }

    public var description: String { "offload(\"\(name)\") \(code): \(message)" }
}

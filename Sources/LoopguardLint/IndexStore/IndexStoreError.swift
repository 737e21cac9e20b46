/// Why the compiler's index cannot be used.
public struct IndexStoreError: Error, Sendable, CustomStringConvertible {
    /// What kind of failure. May grow.
    public struct Code: Sendable, Hashable {
        private enum Value { case noLibrary, noStore, unreadable }
        private var value: Value
        private init(_ value: Value) { self.value = value }

        /// libIndexStore is not where a toolchain has it, or is not one.
        public static let noLibrary = Code(.noLibrary)
        /// There is no store in the folder.
        public static let noStore = Code(.noStore)
        /// A unit or record is damaged, or of another version.
        public static let unreadable = Code(.unreadable)
    }

    /// What kind of failure.
    public var code: Code
    /// What, and what to do about it.
    public var message: String
    /// The library's own words.
    public var cause: String?

    init(_ code: Code, _ message: String, cause: String? = nil) {
        self.code = code
        self.message = message
        self.cause = cause
    }

    /// The message with its cause.
    public var description: String { cause.map { "\(message) (\($0))" } ?? message }
}

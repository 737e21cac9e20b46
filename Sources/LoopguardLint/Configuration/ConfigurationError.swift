/// Why a configuration, a baseline or another file that steers the linter cannot be used.
public struct ConfigurationError: Error, Sendable, CustomStringConvertible {
    /// The file as it was named; nil for the command line.
    public var file: String?
    /// From 1; nil when no line is to blame.
    public var line: Int?
    /// What is wrong, and what to do about it.
    public var message: String

    public init(_ message: String, file: String? = nil, line: Int? = nil) {
        self.file = file
        self.line = line
        self.message = message
    }

    /// `FILE:LINE: message`.
    public var description: String {
        guard let file else { return message }
        return "\(file)\(line.map { ":\($0)" } ?? ""): \(message)"
    }
}

/// A setting that cannot be used. Its message names the flag, variable or key, the value, and what is allowed.
struct SettingsError: Error, Sendable, Equatable, CustomStringConvertible {
    var message: String
    init(_ message: String) { self.message = message }
    var description: String { message }
}

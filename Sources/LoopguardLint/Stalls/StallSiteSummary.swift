/// A place where a production server stalled, and no finding says why.
public struct StallSiteSummary: Sendable, Equatable, Codable {
    public var fingerprint: String
    public var stalls: UInt64
    /// Sum of their lengths, nanoseconds.
    public var totalNs: UInt64
    /// Such as `blocked-in-system-call`.
    public var cause: String
    /// The innermost function of the program's own, if the stack had one.
    public var function: String?
    public var file: String?
    public var line: Int?
    /// What it called that did not return, if that has a name.
    public var call: String?
    /// The rule that knows the call; nil when none does.
    public var rule: String?
    /// What follows from that, in words.
    public var why: String
}

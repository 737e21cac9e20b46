public import LoopguardCore

/// Stalls that a test accepts, with the reason why.
public struct StallAllowance: Sendable {
    /// Why they are accepted: shown when others are not.
    public var reason: String
    private let matches: @Sendable (StallReport) -> Bool

    /// - Parameter matches: true for a stall that is accepted.
    public init(because reason: String, where matches: @escaping @Sendable (StallReport) -> Bool) {
        self.reason = reason
        self.matches = matches
    }

    /// Stalls with a function in their stack whose name contains `name`.
    public static func function(_ name: String, because reason: String) -> StallAllowance {
        StallAllowance(because: reason) { $0.hasFunction(named: name) }
    }

    /// Stalls of one place, as reports name it.
    public static func fingerprint(_ fingerprint: String, because reason: String) -> StallAllowance {
        StallAllowance(because: reason) { $0.fingerprint == fingerprint }
    }

    /// Stalls of the handler of one route.
    public static func route(_ route: String, because reason: String) -> StallAllowance {
        StallAllowance(because: reason) { $0.scope?.route == route }
    }

    func allows(_ report: StallReport) -> Bool { matches(report) }
}

extension StallReport {
    /// A frame of any sample has `name` in its function's name.
    func hasFunction(named name: String) -> Bool {
        samples.contains { $0.frames.contains { $0.function?.contains(name) == true } }
    }
}

public import LoopguardCore

/// An expectation about stalls that did not hold. Its description names each stall with its trace and remedy.
public struct StallExpectationFailure: Error, Sendable, CustomStringConvertible {
    /// The class of the failure. May grow.
    public struct Code: RawRepresentable, Sendable, Hashable {
        /// The name.
        public var rawValue: String
        /// A value by its name.
        public init(rawValue: String) { self.rawValue = rawValue }

        /// There was a stall that is not allowed.
        public static let unexpectedStall = Code(rawValue: "unexpected-stall")
        /// Stalls cost more than the budget.
        public static let budgetBroken = Code(rawValue: "budget-broken")
        /// The expected stall did not come, or not so often.
        public static let stallMissing = Code(rawValue: "stall-missing")
        /// The budget or the threshold cannot be used.
        public static let invalidExpectation = Code(rawValue: "invalid-expectation")
    }

    /// The class of the failure.
    public var code: Code
    /// What happened, for people; several lines.
    public var message: String
    /// The stalls that it is about.
    public var stalls: [StallReport]

    /// The message.
    public var description: String { message }

    static func unexpected(_ stalls: [StallReport], threshold: Duration) -> StallExpectationFailure {
        let noun = stalls.count == 1 ? "an event loop was stalled" : "event loops were stalled \(stalls.count) times"
        return StallExpectationFailure(
            code: .unexpectedStall,
            message: "\(noun) (threshold \(threshold)):\n" + stalls.prefix(5).map(text).joined(separator: "\n"),
            stalls: stalls)
    }

    /// One stall: how long, why, where, what to do.
    static func text(_ stall: StallReport) -> String {
        let route = stall.scope.map { " in \($0.route)" } ?? ""
        var lines = [
            "\(stall.durationNs / 1_000_000) ms on \(stall.loop)\(route): \(stall.cause.summary) "
                + "(\(stall.kind.rawValue), fingerprint \(stall.fingerprint))"
        ]
        let frames = stall.samples.first { !$0.frames.isEmpty }?.frames ?? []
        let own = frames.filter { !$0.isRuntime }
        for frame in (own.isEmpty ? Array(frames.prefix(6)) : own).prefix(12) {
            let place = frame.file.map { " at \($0)\(frame.line.map { ":\($0)" } ?? "")" } ?? ""
            lines.append("    \(frame.function ?? frame.module ?? "?")\(place)")
        }
        if frames.isEmpty { lines.append("    no stack was taken: it was over before the watchdog could look") }
        lines.append("  \(stall.remedy)")
        return lines.joined(separator: "\n")
    }
}

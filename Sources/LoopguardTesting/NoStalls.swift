import LoopguardCore
import Testing

/// Runs `body` with guarded loops, and throws when one of them was stalled. For any test framework; with Swift Testing use
/// ``expectNoStalls(threshold:budget:allowing:loops:fileID:filePath:line:column:isolation:_:)``.
///
/// Stalls for which the machine is to blame (starved of a CPU, throttled, stopped) are not held against the code.
///
/// - Parameters:
///   - threshold: a tick that takes at least this long is a stall; 1 ms to 1 h. Default: the smallest limit of the budget; without
///     one 50 ms.
///   - budget: what stalls may cost, such as `"p99<20ms,max<200ms"` (`Documentation/Budget.md`). Nil = no stall at all.
///   - allowing: stalls that do not count.
///   - loops: guarded event loops. Default 1.
/// - Returns: what `body` returned.
/// - Throws: what `body` throws; else ``StallExpectationFailure``.
public func checkNoStalls<Value>(
    threshold: Duration? = nil, budget: String? = nil, allowing: [StallAllowance] = [], loops: Int = 1,
    isolation: isolated (any Actor)? = #isolation, _ body: (GuardedTestLoops) async throws -> Value
) async throws -> Value {
    let outcome = try await judgedRun(
        threshold: threshold, budget: budget, allowing: allowing, loops: loops, isolation: isolation, body)
    let value = try outcome.result.get()
    if let failure = outcome.failure { throw failure }
    return value
}

/// Expects that `body` stalls no event loop: every stall is recorded as an issue of the running test (Swift Testing) at the
/// line of the call, with its trace and what to do about it.
///
/// ```swift
/// @Test func echoes() async throws {
///     try await expectNoStalls { loops in
///         try await loops.run("/ws/echo") { try await echo(message) }
///     }
/// }
/// ```
///
/// Parameters, result and errors: as of ``checkNoStalls(threshold:budget:allowing:loops:isolation:_:)``, which throws instead.
@discardableResult
public func expectNoStalls<Value>(
    threshold: Duration? = nil, budget: String? = nil, allowing: [StallAllowance] = [], loops: Int = 1,
    fileID: String = #fileID, filePath: String = #filePath, line: Int = #line, column: Int = #column,
    isolation: isolated (any Actor)? = #isolation, _ body: (GuardedTestLoops) async throws -> Value
) async throws -> Value {
    let outcome = try await judgedRun(
        threshold: threshold, budget: budget, allowing: allowing, loops: loops, isolation: isolation, body)
    if let failure = outcome.failure {
        Issue.record(
            Comment(rawValue: failure.message),
            sourceLocation: SourceLocation(fileID: fileID, filePath: filePath, line: line, column: column))
    }
    return try outcome.result.get()
}

private func judgedRun<Value>(
    threshold: Duration?, budget text: String?, allowing: [StallAllowance], loops: Int,
    isolation: isolated (any Actor)? = #isolation, _ body: (GuardedTestLoops) async throws -> Value
) async throws -> (result: Result<Value, any Error>, failure: StallExpectationFailure?) {
    let budget = try text.map { try StallBudget($0) }
    let limit = budget?.rules.filter { $0.metric.isOfTicks }.map(\.limit).min().map { Int64(clamping: $0) }
    let threshold = threshold ?? .nanoseconds(max(1_000_000, limit ?? 50_000_000))
    if let objection = budget?.objection(thresholdNs: threshold.wholeNanoseconds) {
        throw StallExpectationFailure(code: .invalidExpectation, message: objection, stalls: [])
    }
    let run = try await checkedRun(
        loops: loops, threshold: threshold, boundsNs: budget?.boundsNs ?? [], isolation: isolation, body)
    let stalls = run.stalls.filter { stall in
        !stall.isMachineToBlame && !allowing.contains { $0.allows(stall) }
    }
    guard let budget else {
        return (run.result, stalls.isEmpty ? nil : .unexpected(stalls, threshold: threshold))
    }
    var figures = run.figures
    var tally = StallTally(boundsNs: budget.boundsNs)
    for stall in stalls { tally.add(stall) }
    let setAside = figures.tally.ticks - tally.ticks
    figures.ticks -= min(figures.ticks, setAside)
    figures.lateTicks -= min(figures.lateTicks, setAside)
    figures.tally = tally
    let verdict = StallGate(budget: budget).judge(figures, nowUnixNs: 0)
    guard !verdict.isPassed else { return (run.result, nil) }
    let worst = stalls.sorted { $0.durationNs > $1.durationNs }.prefix(3)
    let failure = StallExpectationFailure(
        code: .budgetBroken,
        message: verdict.text + worst.map(StallExpectationFailure.text).joined(separator: "\n"), stalls: stalls)
    return (run.result, failure)
}

extension StallBudget.Rule.Metric {
    /// Limits the length of a tick.
    fileprivate var isOfTicks: Bool {
        switch self {
        case .quantile, .max: true
        case .count, .total, .connectionSeconds: false
        }
    }
}

extension Duration {
    fileprivate var wholeNanoseconds: UInt64 {
        let (seconds, attoseconds) = components
        return UInt64(clamping: seconds) * 1_000_000_000 + UInt64(clamping: attoseconds / 1_000_000_000)
    }
}

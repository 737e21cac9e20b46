public import LoopguardCore
import Testing

/// Runs `body` with guarded loops, and throws unless it stalls one of them as described. For any test framework; with Swift
/// Testing use ``expectStall(cause:kind:at:count:threshold:loops:fileID:filePath:line:column:isolation:_:)``.
///
/// - Parameters:
///   - cause: of the stall; nil = any.
///   - kind: of the stall; nil = any.
///   - function: part of the name of a function in its stack; nil = any stack, or none.
///   - count: how many such stalls; nil = at least one.
///   - threshold: a tick that takes at least this long is a stall. Default 50 ms; 1 ms to 1 h.
///   - loops: guarded event loops. Default 1.
/// - Returns: the stalls that match.
/// - Throws: what `body` throws; else ``StallExpectationFailure``.
@discardableResult
public func checkStall(
    cause: CauseCategory? = nil, kind: StallKind? = nil, at function: String? = nil, count: Int? = nil,
    threshold: Duration = .milliseconds(50), loops: Int = 1, isolation: isolated (any Actor)? = #isolation,
    _ body: (GuardedTestLoops) async throws -> Void
) async throws -> [StallReport] {
    let wanted = WantedStall(cause: cause, kind: kind, function: function, count: count)
    let run = try await checkedRun(loops: loops, threshold: threshold, boundsNs: [], isolation: isolation, body)
    try run.result.get()
    if let failure = wanted.failure(among: run.stalls) { throw failure }
    return run.stalls.filter(wanted.matches)
}

/// Expects that `body` stalls an event loop as described; otherwise records an issue of the running test (Swift Testing) at the
/// line of the call, with the stalls that there were.
///
/// ```swift
/// try await expectStall(cause: .blockedInSystemCall, at: "loadProfile") { loops in
///     try await loops.run("/profile") { loadProfile() }
/// }
/// ```
///
/// Parameters, result and errors: as of ``checkStall(cause:kind:at:count:threshold:loops:isolation:_:)``, which throws instead.
@discardableResult
public func expectStall(
    cause: CauseCategory? = nil, kind: StallKind? = nil, at function: String? = nil, count: Int? = nil,
    threshold: Duration = .milliseconds(50), loops: Int = 1, fileID: String = #fileID, filePath: String = #filePath,
    line: Int = #line, column: Int = #column, isolation: isolated (any Actor)? = #isolation,
    _ body: (GuardedTestLoops) async throws -> Void
) async throws -> [StallReport] {
    let wanted = WantedStall(cause: cause, kind: kind, function: function, count: count)
    let run = try await checkedRun(loops: loops, threshold: threshold, boundsNs: [], isolation: isolation, body)
    if let failure = wanted.failure(among: run.stalls) {
        Issue.record(
            Comment(rawValue: failure.message),
            sourceLocation: SourceLocation(fileID: fileID, filePath: filePath, line: line, column: column))
    }
    try run.result.get()
    return run.stalls.filter(wanted.matches)
}

/// A stall as a test describes it.
private struct WantedStall {
    var cause: CauseCategory?
    var kind: StallKind?
    var function: String?
    var count: Int?

    func matches(_ stall: StallReport) -> Bool {
        (cause == nil || stall.cause.category == cause) && (kind == nil || stall.kind == kind)
            && (function.map(stall.hasFunction) ?? true)
    }

    func failure(among stalls: [StallReport]) -> StallExpectationFailure? {
        let found = stalls.count(where: matches)
        guard count.map({ found != $0 }) ?? (found == 0) else { return nil }
        let conditions = [
            cause.map { "cause \($0.rawValue)" }, kind.map { "kind \($0.rawValue)" }, function.map { "at \($0)" },
        ]
        .compactMap { $0 }.joined(separator: ", ")
        let wanted = "\(count.map { "\($0) stalls" } ?? "a stall") (\(conditions.isEmpty ? "any" : conditions))"
        let seen =
            stalls.isEmpty
            ? "no event loop was stalled."
            : "these were seen:\n" + stalls.prefix(5).map(StallExpectationFailure.text).joined(separator: "\n")
        return StallExpectationFailure(
            code: .stallMissing, message: "expected \(wanted), found \(found); \(seen)", stalls: stalls)
    }
}

public import Loopguard
import LoopguardCore
public import LoopguardStrict
import Testing

/// Expects that `body` makes no call that may block on a loop of `runtime`, however short: each place that does is recorded
/// as an issue of the running test at the line of the call, with its trace and what to do about it.
///
/// ```swift
/// @Test func echoes() async throws {
///     try await expectNoBlockingCalls(on: runtime) { try await echo("hello") }
/// }
/// ```
///
/// What `Strict.allowing` covers does not count. Give `lockGrace` some room on machines with busy cores.
///
/// - Parameters:
///   - runtime: its loops are watched while `body` runs; nobody else may watch them.
///   - options: what is looked for.
/// - Returns: what `body` returned.
/// - Throws: what `body` throws; `LoopguardError` when strict mode cannot be started.
@discardableResult
public func expectNoBlockingCalls<Value>(
    on runtime: LoopguardRuntime, options: StrictOptions = .defaults,
    fileID: String = #fileID, filePath: String = #filePath, line: Int = #line, column: Int = #column,
    isolation: isolated (any Actor)? = #isolation, _ body: () async throws -> Value
) async throws -> Value {
    let (result, message) = try await strictRun(runtime, options, isolation: isolation, body)
    if let message {
        Issue.record(
            Comment(rawValue: message),
            sourceLocation: SourceLocation(fileID: fileID, filePath: filePath, line: line, column: column))
    }
    return try result.get()
}

/// The result, and what is to be said about blocking calls; nil = there were none.
private func strictRun<Value>(
    _ runtime: LoopguardRuntime, _ options: StrictOptions, isolation: isolated (any Actor)?,
    _ body: () async throws -> Value
) async throws -> (Result<Value, any Error>, String?) {
    let strict = try Strict.start(runtime, options: options)
    let result: Result<Value, any Error>
    do { result = .success(try await body()) } catch { result = .failure(error) }
    await strict.stop()
    let status = strict.status
    guard status.calls > 0 else { return (result, nil) }
    // The report thread names the frames of what it has been given.
    let expected = Int(clamping: min(status.reported, UInt64(options.keptReports)))
    for _ in 0..<1000 where strict.reports.count < expected { try? await Task.sleep(for: .milliseconds(5)) }
    let calls = status.byName.sorted { $0.key < $1.key }.map { "\($0.key) \($0.value)×" }.joined(separator: ", ")
    var lines = ["blocking calls on event loops: \(calls)"]
    var seen: Set<String> = []
    for report in strict.reports where seen.insert(report.fingerprint).inserted && seen.count <= 5 {
        lines.append("\(report.durationNs / 1000) µs on \(report.loop): \(report.cause.summary)")
        let frames = report.samples.first?.frames ?? []
        let own = frames.filter { !$0.isRuntime }
        for frame in (own.isEmpty ? Array(frames.prefix(6)) : own).prefix(12) {
            let place = frame.file.map { " at \($0):\(frame.line ?? 0)" } ?? ""
            lines.append("    \(frame.function ?? frame.module ?? "?")\(place)")
        }
        lines.append("  \(report.remedy)")
    }
    return (result, lines.joined(separator: "\n"))
}

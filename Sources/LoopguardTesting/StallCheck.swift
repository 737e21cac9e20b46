import Loopguard
public import LoopguardCore
import NIOCore
import Synchronization

/// What a piece of a test did to its loops. Needs no test framework: ``withStallCheck(loops:threshold:isolation:_:)``.
public struct StallCheck<Value> {
    /// What the body returned.
    public var value: Value
    /// All stalls, in the order of their ends.
    public var stalls: [StallReport]
    /// Exact counts of the loops, and the stalls by place: for a ``StallGate``.
    public var figures: RunFigures
}

/// Runs `body` with guarded loops of its own, and tells what stalled.
///
/// ```swift
/// let check = try await withStallCheck { loops in try await loops.run("/x") { try await handle() } }
/// XCTAssertEqual(check.stalls.count, 0)
/// ```
///
/// - Parameters:
///   - loops: guarded event loops, a thread each. Default 1.
///   - threshold: a tick that takes at least this long is a stall. Default 50 ms; 1 ms to 1 h.
///   - body: gets the loops; they end when it has returned, and stalls are waited for.
/// - Throws: what `body` throws; `LoopguardError` when the system refuses threads.
public func withStallCheck<Value>(
    loops: Int = 1, threshold: Duration = .milliseconds(50), isolation: isolated (any Actor)? = #isolation,
    _ body: (GuardedTestLoops) async throws -> Value
) async throws -> StallCheck<Value> {
    let run = try await checkedRun(loops: loops, threshold: threshold, boundsNs: [], isolation: isolation, body)
    return StallCheck(value: try run.result.get(), stalls: run.stalls, figures: run.figures)
}

struct CheckedRun<Value> {
    var result: Result<Value, any Error>
    var stalls: [StallReport]
    var figures: RunFigures
}

func checkedRun<Value>(
    loops: Int, threshold: Duration, boundsNs: [UInt64], isolation: isolated (any Actor)? = #isolation,
    _ body: (GuardedTestLoops) async throws -> Value
) async throws -> CheckedRun<Value> {
    let collector = StallCollector()
    var configuration = LoopguardRuntime.Configuration.defaults
    configuration.group.loops = loops
    configuration.group.threshold = threshold
    configuration.reporters = [collector]
    let runtime = try await LoopguardRuntime.start(configuration)
    let result: Result<Value, any Error>
    do { result = .success(try await body(GuardedTestLoops(runtime: runtime))) } catch { result = .failure(error) }
    // Waits for loops that are stalled and for the reports of all stalls.
    await runtime.shutdown()
    var tally = StallTally(boundsNs: boundsNs)
    for stall in collector.ended { tally.add(stall) }
    let figures = RunFigures(loops: runtime.group.loops.map(\.status), tally: tally)
    return CheckedRun(result: result, stalls: collector.ended, figures: figures)
}

/// Keeps the reports of one test.
private final class StallCollector: StallReporter {
    private let reports = Mutex<[StallReport]>([])

    func stallSeen(_ report: StallReport) {}
    func stallEnded(_ report: StallReport, isSuppressed: Bool) { reports.withLock { $0.append(report) } }

    var ended: [StallReport] { reports.withLock { $0 } }
}

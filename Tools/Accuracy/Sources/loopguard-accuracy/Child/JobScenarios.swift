import CAccuracy
import Loopguard
import Synchronization

/// Ticks that no single job made long.
extension Scenario {
    static func jobs(_ plan: Plan, progress: Progress) async throws -> ChildResult {
        var result = ChildResult(scenario: Scenario.jobs.rawValue)
        let bench = try await GuardedBench(thresholdNs: plan.thresholdNs, route: "/accuracy")
        var planter = Planter(bench: bench, site: PlantSite(directory: plan.directory))
        let rounds = plan.isSmoke ? 1 : plan.rounds * 2
        let jobs = plan.isSmoke ? 100_000 : 1_000_000
        let guarded = bench.runtime.group.loops[0]
        let executors = (0..<8).map { number in
            ConnectionExecutor(
                loop: guarded,
                scope: HandlerScope(
                    route: "/accuracy/\(number)", connection: "c\(number)", correlationID: .mint(), remoteAddress: nil))
        }
        for round in 0..<rounds {
            progress.step(round + 1, of: rounds)
            try await Task.sleep(for: .milliseconds(20))
            try await planter.record(kind: "10⁶ tiny jobs", place: "async handlers", factor: 0) { _ in
                await Self.tinyJobs(jobs, executors)
            } expected: { _ in
                Expectation(categories: ["computing", "computing-in-kernel"], kinds: ["overloaded-tick"])
            }
            for factor in [2.0, 10] {
                let ns = UInt64(Double(plan.thresholdNs) * factor)
                try await planter.record(kind: "yields for ever", place: "async handler", factor: factor) { _ in
                    await Self.yields(executors[0], for: ns)
                } expected: { _ in
                    Expectation(categories: ["computing", "computing-in-kernel"], kinds: ["yield-starvation"])
                }
            }
        }
        result.runs = planter.runs
        await bench.finish(&result)
        return result
    }

    /// One handler that suspends and resumes without an end.
    private static func yields(_ executor: ConnectionExecutor, for ns: UInt64) async -> Truth {
        await Task(executorPreference: executor) {
            let before = ThreadTimes.current()
            let began = acc_now_ns()
            while acc_now_ns() - began < ns { await Task.yield() }
            let ended = acc_now_ns()
            let after = ThreadTimes.current()
            return Truth(
                span: Span(beganNs: began, endedNs: ended), cpuNs: after.cpuNs - before.cpuNs,
                runDelayNs: after.runDelayNs - before.runDelayNs, interrupted: 0, shortenedNs: 0, error: 0)
        }.value
    }

    /// Jobs of many connections, each next to nothing, all ready at once.
    private static func tinyJobs(_ count: Int, _ executors: [ConnectionExecutor]) async -> Truth {
        let before = await Task(executorPreference: executors[0]) { ThreadTimes.current() }.value
        // All of them wait before the first one runs: the loop would keep up otherwise.
        let gate = Gate()
        let (began, ended) = await withTaskGroup(of: UInt64.self) { group in
            for executor in executors {
                group.addTask(executorPreference: executor) {
                    await gate.pass()
                    for _ in 0..<(count / executors.count) { await Task.yield() }
                    return acc_now_ns()
                }
            }
            try? await Task.sleep(for: .milliseconds(2))
            let began = acc_now_ns()
            gate.open()
            var ended = began
            for await time in group { ended = max(ended, time) }
            return (began, ended)
        }
        let after = await Task(executorPreference: executors[0]) { ThreadTimes.current() }.value
        return Truth(
            span: Span(beganNs: began, endedNs: ended), cpuNs: after.cpuNs - before.cpuNs,
            runDelayNs: after.runDelayNs - before.runDelayNs, interrupted: 0, shortenedNs: 0, error: 0)
    }

    /// Lets all pass once it is open.
    private final class Gate: Sendable {
        private let state = Mutex<(isOpen: Bool, waiting: [CheckedContinuation<Void, Never>])>((false, []))

        func pass() async {
            await withCheckedContinuation { continuation in
                let isOpen = state.withLock { state in
                    if !state.isOpen { state.waiting.append(continuation) }
                    return state.isOpen
                }
                if isOpen { continuation.resume() }
            }
        }

        func open() {
            let waiting = state.withLock { state in
                state.isOpen = true
                defer { state.waiting = [] }
                return state.waiting
            }
            for continuation in waiting { continuation.resume() }
        }
    }
}

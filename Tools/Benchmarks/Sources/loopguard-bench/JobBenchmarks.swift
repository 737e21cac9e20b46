import Glibc
import Loopguard
import NIOCore
import Synchronization

/// What the marks cost a job and a drain: our executor against the same one without marks, on the same guarded loop, so that
/// the loop's heartbeat is in both. CPU time of the loop's thread.
///
/// A drain is one run through an executor's queue, within a tick of the loop: it notes when it began, marks each job, and
/// looks at the clock when the queue is empty. What the marks cost a job is thus the job's mark and its share of the drain's.
struct JobBenchmarks {
    enum Kind: String, CaseIterable {
        case marked, plain
    }

    private let group: GuardedEventLoopGroup
    private let plainLoop: PlainExecutor
    private var loop: GuardedLoop { group.loops[0] }

    init() async throws {
        var configuration = GuardedEventLoopGroup.Configuration.defaults
        configuration.loops = 1
        group = try await GuardedEventLoopGroup(configuration)
        plainLoop = PlainExecutor(
            eventLoop: group.loops[0].eventLoop, jobsPerTick: configuration.executor.jobsPerTick)
    }

    func shutdown() async throws { try await group.shutdown() }

    private func executor(_ kind: Kind, _ number: Int = 0) -> any TaskExecutor {
        switch kind {
        case .plain: PlainConnectionExecutor(executor: plainLoop)
        case .marked:
            ConnectionExecutor(
                loop: loop,
                scope: HandlerScope(
                    route: "/bench", connection: "c\(number)", correlationID: .mint(), remoteAddress: nil))
        }
    }

    /// CPU time of the loop's thread while `body` runs, nanoseconds.
    ///
    /// - Parameter executors: kept until then, since forgetting a connection's scope is no part of a job.
    private func cpuNs(_ executors: [any TaskExecutor], _ body: () async -> Void) async throws -> Double {
        let began = try await loop.eventLoop.submit { Clock.threadCPUNs() }.get()
        await body()
        let ended = try await loop.eventLoop.submit { Clock.threadCPUNs() }.get()
        return withExtendedLifetime(executors) { Double(ended - began) }
    }

    /// One handler that yields over and over: a job follows the other without the queue's ever being empty, so that a drain
    /// is as long as it may be (256 jobs), in batches of one. A job, nanoseconds.
    func yields(_ kind: Kind, count: Int) async throws -> Double {
        let executor = executor(kind)
        return try await cpuNs([executor]) {
            await Task(executorPreference: executor) { for _ in 0..<count { await Task.yield() } }.value
        } / Double(count)
    }

    /// As many handlers as jobs, which are resumed together as soon as all wait: each drain has exactly `jobs` jobs, in one
    /// batch, and finds the queue empty. A job, nanoseconds.
    func drains(_ kind: Kind, of jobs: Int, count: Int) async throws -> Double {
        let rounds = max(1, count / jobs)
        let barrier = Barrier(width: jobs, eventLoop: loop.eventLoop)
        let executors = (0..<jobs).map { executor(kind, $0) }
        return try await cpuNs(executors) {
            await withTaskGroup(of: Void.self) { tasks in
                for executor in executors {
                    tasks.addTask(executorPreference: executor) { for _ in 0..<rounds { await barrier.wait() } }
                }
            }
        } / Double(rounds * jobs)
    }

    static func all(rounds: Int, count: Int) async throws -> [Measurement] {
        let bench = try await JobBenchmarks()
        let unmarked = "the same executor without marks"
        var result: [Measurement] = []
        func measurement(_ name: String, _ one: [Rounds], limit: Measurement.Limit?) -> Measurement {
            Measurement(
                name: name, unit: "ns", value: one[0].median, baseline: one[1].median, baselineName: unmarked,
                spread: one[0].spread, difference: one[0].minus(one[1]).median, limit: limit)
        }
        let yields = try await interleavedRoundsAsync(
            rounds: rounds, Kind.allCases.map { kind in { try await bench.yields(kind, count: count) } })
        result.append(measurement("job (suspend and resume a handler)", yields, limit: .difference(10)))
        result.append(try await bench.globalPool(rounds: rounds, count: count))
        var differences: [Int: Rounds] = [:]
        for jobs in [256, 16, 1] {
            let one = try await interleavedRoundsAsync(
                rounds: rounds, Kind.allCases.map { kind in { try await bench.drains(kind, of: jobs, count: count) } })
            differences[jobs] = one[0].minus(one[1])
            result.append(
                measurement(
                    jobs == 1 ? "job alone in its drain, the drain included" : "job in a drain of \(jobs)", one,
                    limit: .difference(10)))
        }
        if let one = differences[1], let many = differences[16] {
            // One job costs job + drain / N, in a drain of N.
            result.append(
                Measurement(
                    name: "  of it the drain, without its job", unit: "ns",
                    value: one.minus(many).median * 16 / 15, baseline: 0, baselineName: ""))
        }
        try await bench.shutdown()
        return result
    }

    /// The old comparison with Swift's own pool, by the time of day: its jobs change threads.
    private func globalPool(rounds: Int, count: Int) async throws -> Measurement {
        @Sendable func yields() async -> Double {
            let began = Clock.nowNs()
            for _ in 0..<count { await Task.yield() }
            return Double(Clock.nowNs() - began) / Double(count)
        }
        let marked = executor(.marked)
        let result = try await interleavedRoundsAsync(
            rounds: rounds,
            [
                { await Task(executorPreference: marked) { await yields() }.value },
                { await Task.detached { await yields() }.value },
            ])
        return Measurement(
            name: "  the same, time of day", unit: "ns", value: result[0].median, baseline: result[1].median,
            baselineName: "global concurrent pool", spread: result[0].spread)
    }
}

/// Lets jobs of one loop go on when all of them wait.
private final class Barrier: Sendable {
    private let width: Int
    private let eventLoop: any EventLoop
    private let waiting: Mutex<[UnsafeContinuation<Void, Never>]>

    init(width: Int, eventLoop: any EventLoop) {
        self.width = width
        self.eventLoop = eventLoop
        var empty: [UnsafeContinuation<Void, Never>] = []
        empty.reserveCapacity(width)
        waiting = Mutex(empty)
    }

    func wait() async {
        await withUnsafeContinuation { continuation in
            let isFull = waiting.withLock { waiting in
                waiting.append(continuation)
                return waiting.count == width
            }
            // Not from within the job: its drain must find the queue empty.
            if isFull { eventLoop.execute { self.release() } }
        }
    }

    private func release() {
        let all = waiting.withLock { waiting in
            defer { waiting.removeAll(keepingCapacity: true) }
            return waiting
        }
        for one in all { one.resume() }
    }
}

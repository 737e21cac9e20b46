import Dispatch
import Glibc
import LoopguardCore
import NIOCore
import Synchronization
import Testing

@testable import Loopguard

/// Swift's pool and the pool for blocking work, watched.
@Suite(.serialized, .timeLimit(.minutes(2))) struct WatchedPoolsTests {
    private func report(_ kind: StallKind, in recorder: StallRecorder) async throws -> StallReport {
        while true {
            if let report = recorder.ended.first(where: { $0.kind == kind }) { return report }
            try await Task.sleep(for: .milliseconds(5))
        }
    }

    /// Blocks more tasks of the cooperative pool than it has threads.
    private func blockPool(for microseconds: UInt32) async {
        await withTaskGroup(of: Void.self) { group in
            for _ in 0..<(System.coreCount * 2) {
                group.addTask {
                    usleep(microseconds)
                    Planted.sink.add(1, ordering: .relaxed)
                }
            }
        }
    }

    @Test func `a cooperative pool whose threads all block is reported with their stacks`() async throws {
        try await withRuntime(pool: true) { runtime, recorder in
            let beat = runtime.group.loops[0].eventLoop.scheduleRepeatedTask(
                initialDelay: .zero, delay: .milliseconds(20)
            ) { _ in }
            await blockPool(for: 400_000)
            let report = try await report(.cooperativePool, in: recorder)
            beat.cancel()
            #expect(report.loop == "cooperative-pool")
            #expect(report.durationNs >= report.thresholdNs)
            #expect(report.related.allSatisfy { $0.role == .poolThread && $0.thread.hasSuffix("default-qos") })
            #expect(report.related.count >= System.coreCount)
            #expect(report.related.contains { $0.state?.contains("nanosleep") == true })
            #expect(report.cause.category == .blockedInSystemCall)
            #expect(report.samples.first?.frames.contains { $0.function?.contains("blockPool") == true } == true)
            #expect(runtime.status().stalls.total >= 1)
        }
    }

    @Test func `a pool that got stuck while all loops were idle is found once one turns`() async throws {
        try await withRuntime(pool: true) { runtime, recorder in
            try await Task.sleep(for: .milliseconds(1700))
            // Not a task: those have no thread now.
            let waker = try PlainThread(name: "waker") {
                usleep(200_000)
                runtime.group.loops[0].eventLoop.execute {}
            }
            await blockPool(for: 600_000)
            waker.join()
            let report = try await report(.cooperativePool, in: recorder)
            #expect(!report.related.isEmpty)
        }
    }

    @Test func `a pool that answers is not reported while loops work`() async throws {
        try await withRuntime(pool: true) { runtime, recorder in
            for _ in 0..<50 {
                try await runtime.group.loops[0].eventLoop.submit {}.get()
                try await Task.sleep(for: .milliseconds(10))
            }
            // A machine whose cores are taken by others is no fault of the pool.
            #expect(
                !recorder.began.contains { $0.kind == .cooperativePool && $0.cause.category == .blockedInSystemCall })
        }
    }

    @Test func `work that waits for a thread is reported with the names of what holds them`() async throws {
        try await withRuntime(offloadThreads: 2, queueAge: .milliseconds(100)) { runtime, recorder in
            let gate = DispatchSemaphore(value: 0)
            let id = CorrelationID.mint()
            async let first: Void = CorrelationID.$current.withValue(id) {
                _ = try await runtime.pool.offload("hold-a") { gate.wait() }
            }
            async let second: Void = runtime.pool.offload("hold-b") { gate.wait() }
            while runtime.pool.status.running < 2 { try await Task.sleep(for: .milliseconds(1)) }
            async let third: Void = runtime.pool.offload("waits") {}
            while !recorder.began.contains(where: { $0.kind == .blockingPool }) {
                try await Task.sleep(for: .milliseconds(5))
            }
            gate.signal()
            gate.signal()
            _ = try await (first, second, third)
            let report = try await report(.blockingPool, in: recorder)
            #expect(report.loop == "blocking-pool")
            #expect(report.cause.summary.contains("hold-a") && report.cause.summary.contains("hold-b"))
            #expect(report.cause.evidence.contains { $0.contains("hold-a") && $0.contains(id.description) })
            #expect(report.cause.evidence.contains { $0.hasPrefix("queued: waits") })
            #expect(report.related.count == 2)
            #expect(report.related.contains { $0.state?.hasPrefix("hold-a for") == true })
            #expect(report.related.allSatisfy { $0.thread.hasPrefix("lg-pool") && !$0.sample.frames.isEmpty })
            #expect(runtime.status().stalls.total >= 1)
            #expect(runtime.pool.status.nested == 0)
        }
    }

    @Test func `offloaded work that waits for offloaded work without a thread is a deadlock, named`() async throws {
        try await withRuntime(offloadThreads: 1, queueAge: .milliseconds(100)) { runtime, recorder in
            let pool = runtime.pool
            let result = try await pool.offload("outer") {
                let done = DispatchSemaphore(value: 0)
                Task {
                    _ = try await pool.offload("inner") { 0 }
                    done.signal()
                }
                return done.wait(timeout: .now() + 0.6)
            }
            #expect(result == .timedOut)
            let report = try await report(.offloadDeadlock, in: recorder)
            #expect(report.cause.summary.contains("outer") && report.cause.summary.contains("inner"))
            #expect(pool.status.nested == 1)
            #expect(
                DebugResponder.respond(
                    method: "GET", path: "/debug/offload", query: "format=text", accept: nil,
                    cluster: ClusterStatus(alone: runtime.status())
                ).body.contains("1 calls of offload from within offloaded work"))
        }
    }

    @Test func `computing and waiting are told apart by name`() async throws {
        try await withRuntime { runtime, _ in
            for _ in 0..<10 {
                _ = try await runtime.pool.offload("waits") { usleep(5_000) }
                try await runtime.pool.offload("computes") {
                    let end = clock() + 5_000
                    while clock() < end { Planted.sink.add(1, ordering: .relaxed) }
                }
            }
            let names = runtime.pool.status.byName
            let computes = try #require(names.first { $0.name == "computes" })
            let waits = try #require(names.first { $0.name == "waits" })
            #expect(computes.cpuNs > waits.cpuNs)
            #expect(waits.cpuNs < waits.totalNs / 2)
        }
    }

    @Test func `a stall of the control loop hurts all connections`() async throws {
        try await withRuntime(loops: 2) { runtime, recorder in
            runtime.group.loops[0].connectionOpened()
            runtime.group.loops[1].connectionOpened()
            try await runtime.control.submit { Planted.plantedUsleep() }.get()
            while !recorder.ended.contains(where: { $0.loop == "control" }) {
                try await Task.sleep(for: .milliseconds(5))
            }
            let report = try #require(recorder.ended.first { $0.loop == "control" })
            #expect(report.blast.connections == 2)
            #expect(report.blast.connectionSeconds > 0)
            #expect(report.samples.first?.frames.contains { $0.function?.contains("plantedUsleep") == true } == true)
        }
    }

    @Test func `a million tiny jobs of many connections are an overloaded tick, for which nobody is blamed`()
        async throws
    {
        try await withRuntime { runtime, recorder in
            let loop = runtime.group.loops[0]
            let gate = DispatchSemaphore(value: 0)
            // All of them are ready before the first one runs.
            loop.eventLoop.execute { gate.wait() }
            let before = loop.status.jobs
            var tasks: [Task<Void, any Error>] = []
            for number in 0..<1000 {
                tasks.append(runtime.run("/tiny/\(number)") { for _ in 0..<1000 { await Task.yield() } })
            }
            gate.signal()
            for task in tasks { try await task.value }
            #expect(loop.status.jobs - before >= 1_000_000)
            while recorder.ended.isEmpty { try await Task.sleep(for: .milliseconds(5)) }
            // The gate and the first jobs share a tick: nothing is said about what that one is called.
            let later = recorder.ended.filter { $0.jobsInTick > 100_000 }
            #expect(!later.isEmpty)
            #expect(later.allSatisfy { $0.kind == .overloadedTick || $0.kind == .loopWork })
            #expect(later.contains { $0.kind == .overloadedTick })
            #expect(later.allSatisfy { $0.kind != .overloadedTick || $0.scope == nil })
        }
    }

    @Test func `a million tiny jobs of one connection are its yield starvation`() async throws {
        try await withRuntime { runtime, recorder in
            // Without a CPU for half a threshold no job moves, and the tick looks like one long job: once is not enough to tell.
            var kinds: [StallKind] = []
            for round in 0..<5 where !kinds.contains(.yieldStarvation) {
                try await runtime.run("/yields/\(round)") { for _ in 0..<1_000_000 { await Task.yield() } }.value
                let report = try await recorder.ended(route: "/yields/\(round)")
                #expect(report.jobsInTick > 100_000)
                kinds.append(report.kind)
            }
            #expect(kinds.contains(.yieldStarvation))
        }
    }
}

import Dispatch
import Foundation
import LoopguardCore
import NIOCore
import Synchronization
import Testing

@testable import Loopguard

/// Each planted stall is detected while it lasts, with the right cause and the planted function near the top; and
/// well-behaved handlers are never accused.
@Suite(.serialized, .timeLimit(.minutes(3))) struct LabelledStallTests {
    struct Label: CustomTestStringConvertible, Sendable {
        var name: String
        var causes: Set<CauseCategory>
        var systemCalls: Set<String> = []
        var stall: @Sendable () -> Void
        /// It uses a core for all of its time.
        var isComputing: Bool { causes.contains(.computing) || causes.contains(.computingInKernel) }
        var testDescription: String { name }
    }

    static let labels: [Label] = [
        Label(
            name: "plantedUsleep", causes: [.blockedInSystemCall], systemCalls: ["clock_nanosleep", "nanosleep"],
            stall: { Planted.plantedUsleep() }),
        Label(
            name: "plantedThreadSleep", causes: [.blockedInSystemCall], systemCalls: ["clock_nanosleep", "nanosleep"],
            stall: { Planted.plantedThreadSleep() }),
        Label(
            name: "plantedPipeRead", causes: [.blockedInSystemCall], systemCalls: ["read"],
            stall: { Planted.plantedPipeRead() }),
        Label(name: "plantedLockWait", causes: [.lockWait], stall: { Planted.plantedLockWait() }),
        Label(name: "plantedSemaphoreWait", causes: [.lockWait], stall: { Planted.plantedSemaphoreWait() }),
        Label(name: "plantedSpin", causes: [.computing], stall: { Planted.plantedSpin() }),
        Label(name: "plantedSort", causes: [.computing], stall: { Planted.plantedSort() }),
        Label(
            name: "plantedFileRead", causes: [.computing, .computingInKernel, .disk],
            stall: { Planted.plantedFileRead() }),
        Label(
            name: "plantedKernelSpin", causes: [.computingInKernel], stall: { Planted.plantedKernelSpin() }),
    ]

    @Test(arguments: labels) func `a planted stall is named`(label: Label) async throws {
        try await withRuntime { runtime, recorder in
            var accused: StallReport?
            var causes = label.causes
            // On a machine whose cores are taken by others, a computing handler really is starved at times. The thread's
            // own CPU clock is the ground truth: only a run that had no core for itself may end in another verdict.
            for attempt in 0..<5 {
                let route = "/label/\(label.name)/\(attempt)"
                let cpuShare = Mutex(1.0)
                try await runtime.run(route) {
                    let share = cpuShareOfThisThread { label.stall() }
                    cpuShare.withLock { $0 = share }
                }.value
                accused = try await recorder.ended(route: route)
                let hadCore = cpuShare.withLock { $0 } > 0.8
                causes = hadCore || !label.isComputing ? label.causes : label.causes.union([.starved, .mixed])
                if hadCore || !label.isComputing { break }
            }
            let report = try #require(accused)
            #expect(causes.contains(report.cause.category), "\(report.cause)")
            if !label.systemCalls.isEmpty {
                #expect(label.systemCalls.contains(report.cause.systemCall ?? ""), "\(report.cause)")
            }
            #expect(report.durationNs >= 190_000_000)
            #expect(report.kind == .singleJob)
            let hosts: Set<CauseCategory> = [.starved, .throttled, .stolen, .stopped]
            #expect(!report.cause.hostAtFault || hosts.contains(report.cause.category) || report.watchdogLatenessNs > 0)
            #expect(report.scope?.connection == "c1")
            let sample = try #require(report.samples.first, "no stack was taken")
            #expect(sample.offsetNs >= report.thresholdNs)
            let top = sample.frames.filter { !$0.isRuntime }.prefix(3)
            let planted = top.first { $0.function?.contains(label.name) == true }
            #expect(
                planted != nil, "\(sample.validity) \(sample.frames.map { "\($0.function ?? "?") \($0.isRuntime)" })")
            #expect(planted?.file?.hasSuffix("PlantedStalls.swift") == true)
            #expect((planted?.line ?? 0) > 0)
        }
    }

    @Test func `a stall is reported while it lasts, and every one is counted exactly`() async throws {
        try await withRuntime { runtime, recorder in
            let gate = DispatchSemaphore(value: 0)
            let stalled = runtime.run("/ongoing") {
                gate.wait()
                Planted.sink.add(1, ordering: .relaxed)
            }
            let report = try await recorder.began(route: "/ongoing")
            #expect(report.ongoing)
            #expect(!report.samples.isEmpty)
            // Still stalled: the status says so, and its duration goes on.
            let first = try #require(runtime.status().stalls.ongoing.first)
            let second = try #require(runtime.status().stalls.ongoing.first)
            #expect(first.id == report.id)
            #expect(second.durationNs >= first.durationNs)
            #expect(runtime.status().loops[0].stalled)
            #expect(runtime.status().stalls.total == 1)
            gate.signal()
            try await stalled.value
            _ = try await recorder.ended(route: "/ongoing")
            for number in 0..<5 {
                try await runtime.run("/again/\(number)") { Planted.plantedUsleep() }.value
                _ = try await recorder.ended(route: "/again/\(number)")
            }
            let status = runtime.status()
            #expect(status.stalls.ongoing.isEmpty)
            #expect(status.loops[0].lateTicks >= 6)
            #expect(status.stalls.total >= 6)
            #expect(recorder.ended.filter { $0.scope?.route.hasPrefix("/again/") == true }.count == 5)
        }
    }

    @Test func `a stall in a plain channel handler or loop task is seen as well`() async throws {
        try await withRuntime { runtime, recorder in
            try await runtime.group.loops[0].eventLoop.submit { Planted.plantedUsleep() }.get()
            while recorder.ended.isEmpty { try await Task.sleep(for: .milliseconds(5)) }
            let report = recorder.ended[0]
            #expect(report.kind == .loopWork)
            #expect(report.scope == nil)
            #expect(report.samples.first?.frames.contains { $0.function?.contains("plantedUsleep") == true } == true)
        }
    }

    @Test func `async parents are in the trace`() async throws {
        try await withRuntime { runtime, recorder in
            try await runtime.run("/async") { await outerAsync() }.value
            let report = try await recorder.ended(route: "/async")
            let async = report.samples.first?.frames.filter { $0.kind == .async }.compactMap(\.function) ?? []
            let outer = async.firstIndex { $0.contains("outerAsync") }
            let middle = async.firstIndex { $0.contains("middleAsync") }
            #expect(middle != nil && outer != nil, "\(async)")
            if let middle, let outer { #expect(middle < outer) }
        }
    }

    @Test func `a handler that only yields starves the loop and is told apart`() async throws {
        try await withRuntime { runtime, recorder in
            try await runtime.run("/yields") {
                let end = DispatchTime.now().uptimeNanoseconds + 300_000_000
                while DispatchTime.now().uptimeNanoseconds < end { await Task.yield() }
            }.value
            let report = try await recorder.ended(route: "/yields")
            #expect(report.kind == .yieldStarvation || report.kind == .overloadedTick, "\(report.kind)")
            #expect(report.jobsInTick > 100)
        }
    }
}

@inline(never) private func outerAsync() async {
    await middleAsync()
    Planted.sink.add(1, ordering: .relaxed)
}

@inline(never) private func middleAsync() async {
    await Task.yield()
    await innerAsync()
    Planted.sink.add(1, ordering: .relaxed)
}

@inline(never) private func innerAsync() async {
    await Task.yield()
    Planted.plantedUsleep()
    Planted.sink.add(1, ordering: .relaxed)
}

/// Time on a CPU over time passed while `body` runs.
private func cpuShareOfThisThread(_ body: () -> Void) -> Double {
    func now(_ clock: clockid_t) -> Double {
        var time = timespec()
        clock_gettime(clock, &time)
        return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
    }
    let cpu = now(CLOCK_THREAD_CPUTIME_ID)
    let wall = now(CLOCK_MONOTONIC)
    body()
    return (now(CLOCK_THREAD_CPUTIME_ID) - cpu) / (now(CLOCK_MONOTONIC) - wall)
}

import Dispatch
import Glibc
import Logging
import LoopguardCore
import NIOCore
import Synchronization
import Testing

@testable import Loopguard

/// The threads around the loops: when they sleep, and how they end.
@Suite(.serialized, .timeLimit(.minutes(2))) struct WatchdogTests {
    private func wakeups(_ runtime: LoopguardRuntime) throws -> Double {
        try #require(runtime.status().metrics.first { $0.name == "loopguard_watchdog_wakeups_total" }).value
    }

    @Test func `an idle runtime sleeps deeply, and still notices the next stall`() async throws {
        try await withRuntime(loops: 2, pool: true) { runtime, recorder in
            var before = -1.0
            while try wakeups(runtime) != before {
                before = try wakeups(runtime)
                try await Task.sleep(for: .milliseconds(500))
            }
            try await Task.sleep(for: .seconds(1))
            #expect(try wakeups(runtime) == before)
            try await runtime.run("/after-sleep", on: 1) { Planted.plantedUsleep() }.value
            let report = try await recorder.ended(route: "/after-sleep")
            #expect(report.loop == "loop-1")
            #expect(report.samples.first?.frames.contains { $0.function?.contains("plantedUsleep") == true } == true)
        }
    }

    /// With one bell for all, the first watchdog to wake takes the ring that was meant for another, which then sleeps on.
    @Test func `runtimes of one process do not take each other's wake-ups`() async throws {
        var runtimes: [LoopguardRuntime] = []
        let recorder = StallRecorder()
        for _ in 0..<6 {
            var configuration = LoopguardRuntime.Configuration.defaults
            configuration.group.loops = 1
            configuration.reporters = [recorder]
            runtimes.append(try await LoopguardRuntime.start(configuration))
        }
        try await Task.sleep(for: .milliseconds(1700))
        for (index, runtime) in runtimes.enumerated() {
            try await runtime.run("/runtime/\(index)") { Planted.plantedUsleep() }.value
            let report = try await recorder.ended(route: "/runtime/\(index)")
            #expect(!report.samples.isEmpty)
            await runtime.shutdown()
        }
    }

    /// The loops count from their first tick on; every tick that they count gets a report, and only one.
    @Test func `a tick that was late before the watchdog began is reported by the first that watches the loop`()
        async throws
    {
        var configuration = GuardedEventLoopGroup.Configuration.defaults
        configuration.loops = 1
        configuration.threshold = .milliseconds(50)
        let group = try await GuardedEventLoopGroup(configuration)
        try await group.loops[0].eventLoop.submit { Planted.plantedUsleep() }.get()
        var seen: [Int] = []
        for _ in 0..<2 {
            let recorder = StallRecorder()
            let service = try await WatchService(
                .init(
                    group: group, watchesCooperativePool: false, host: "h", worker: 0, logger: Logger(label: "test"),
                    reporters: [recorder]))
            for _ in 0..<400 where recorder.ended.isEmpty && seen.isEmpty {
                try await Task.sleep(for: .milliseconds(5))
            }
            let total = Int(service.status().stalls.total)
            service.stop()
            #expect(recorder.ended.count + (seen.first ?? 0) >= total)
            seen.append(recorder.ended.count)
        }
        try await group.shutdown()
        #expect(seen[0] >= 1)
        // On a busy machine a tick of the second may be late as well; the first one is not told again.
        #expect(seen.reduce(0, +) <= Int(group.loops[0].status.lateTicks), "\(seen)")
    }

    @Test func `a stall during which the runtime is shut down is reported to its end`() async throws {
        let gate = DispatchSemaphore(value: 0)
        try await withRuntime { runtime, recorder in
            let stalled = runtime.run("/shutdown") {
                gate.wait()
                Planted.sink.add(1, ordering: .relaxed)
            }
            _ = try await recorder.began(route: "/shutdown")
            async let first: Void = runtime.shutdown()
            async let second: Void = runtime.shutdown()
            try await Task.sleep(for: .milliseconds(100))
            gate.signal()
            _ = await (first, second)
            try await stalled.value
            let reports = recorder.ended.filter { $0.scope?.route == "/shutdown" }
            #expect(reports.map(\.ongoing) == [false])
            #expect(runtime.status().stalls.ongoing.isEmpty)
            #expect(runtime.status().stalls.total >= 1)
        }
    }

    @Test func `a stall of the control loop is reported, and placement goes on`() async throws {
        try await withRuntime { runtime, recorder in
            let gate = DispatchSemaphore(value: 0)
            let stalled = runtime.control.submit { gate.wait() }
            while !recorder.began.contains(where: { $0.loop == "control" }) {
                try await Task.sleep(for: .milliseconds(5))
            }
            #expect(runtime.group.place() != nil)
            #expect(runtime.status().stalls.total >= 1)
            #expect(runtime.status().loops[0].lateTicks < runtime.status().stalls.total)
            gate.signal()
            _ = try await stalled.get()
            while !recorder.ended.contains(where: { $0.loop == "control" }) {
                try await Task.sleep(for: .milliseconds(5))
            }
        }
    }

    @Test func `threads are named after what they do`() async throws {
        @Sendable func name() -> String {
            let file = open("/proc/thread-self/comm", O_RDONLY | O_CLOEXEC)
            defer { close(file) }
            var buffer = [UInt8](repeating: 0, count: 16)
            let count = read(file, &buffer, buffer.count)
            return String(decoding: buffer.prefix(max(0, count - 1)), as: UTF8.self)
        }
        try await withRuntime(loops: 2) { runtime, _ in
            let loop = try await runtime.group.loops[1].eventLoop.submit { name() }.get()
            let control = try await runtime.control.submit { name() }.get()
            let worker = try await runtime.pool.offload("name") { name() }
            #expect(loop == "lg-loop-1")
            #expect(control == "lg-control")
            #expect(worker.hasPrefix("lg-pool-"))
        }
    }
}

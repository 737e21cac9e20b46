import CAccuracy
import Glibc
import Logging
import Loopguard
import LoopguardCore

/// A guarded runtime with one loop, a reporter, and what the kernel says about its threads.
final class GuardedBench: Sendable {
    let runtime: LoopguardRuntime
    let recorder: Recorder
    let loop: LoopUnderTest
    let thresholdNs: UInt64
    private let watchdogThread: Int32
    let loopThread: Int32
    private let watchedThreads: [Int32]
    private let began: (wall: UInt64, cpu: UInt64)

    init(thresholdNs: UInt64, route: String) async throws {
        self.thresholdNs = thresholdNs
        recorder = Recorder()
        var configuration = LoopguardRuntime.Configuration.defaults
        configuration.group.loops = 1
        configuration.group.threshold = .nanoseconds(Int64(thresholdNs))
        configuration.logger.logLevel = .error
        configuration.reporters = [recorder]
        runtime = try await LoopguardRuntime.start(configuration)
        let guarded = runtime.group.loops[0]
        let scope = HandlerScope(route: route, connection: "c1", correlationID: .mint(), remoteAddress: nil)
        loop = try await LoopUnderTest(
            name: guarded.name, eventLoop: guarded.eventLoop,
            executor: ConnectionExecutor(loop: guarded, scope: scope))
        // The first capture and symbolication read debug information: nobody's stall should pay for it.
        _ = try await loop.run(.scheduledTask) { [thresholdNs] in
            PlantCatalogue.all[0].plant(ns: thresholdNs * 3, site: PlantSite(directory: "/"))
        }
        await Self.wait { [recorder] in recorder.count >= 1 }
        watchdogThread = try Self.thread("lg-watchdog")
        loopThread = try Self.thread("lg-loop-0")
        watchedThreads = [loopThread, try Self.thread("lg-control")]
        began = (acc_now_ns(), ThreadTimes.of(watchdogThread).cpuNs)
    }

    var lateTicks: UInt64 { runtime.group.loops.reduce(0) { $0 + $1.status.lateTicks } }

    /// The running sums; a run's figures are the differences.
    func hostSums() -> HostFigures {
        HostFigures(
            watchdogRunDelayNs: ThreadTimes.of(watchdogThread).runDelayNs,
            loopRunDelayNs: loopRunDelayNs,
            stolenNs: Self.stolenNs())
    }

    /// Time without a CPU of the loop's and the control loop's threads so far.
    var loopRunDelayNs: UInt64 { watchedThreads.map { ThreadTimes.of($0).runDelayNs }.reduce(0, +) }

    var watchdogSwitches: UInt64 {
        var voluntary: UInt64 = 0
        var involuntary: UInt64 = 0
        _ = acc_switches(watchdogThread, &voluntary, &involuntary)
        return voluntary
    }

    /// Waits until so many stalls have been reported to their end, a few seconds at most.
    func settle(reports wanted: Int) async {
        await Self.wait { recorder.count >= wanted }
    }

    private static func wait(for condition: () -> Bool) async {
        let end = acc_now_ns() + 3_000_000_000
        while !condition(), acc_now_ns() < end { try? await Task.sleep(for: .milliseconds(5)) }
    }

    private static func thread(_ name: String) throws -> Int32 {
        let tid = acc_find_thread(name)
        guard tid != 0 else { throw AccuracyError("no thread is called \(name): its times cannot be measured") }
        return tid
    }

    /// Ends everything and hands over what was seen.
    func finish(_ result: inout ChildResult) async {
        await settle(reports: Int(lateTicks))
        try? await Task.sleep(for: .milliseconds(50))
        result.watchdog = watchdogFigures()
        result.degradations = runtime.status().degradations
        await loop.close()
        await runtime.shutdown()
        // Without the stall that warmed it up.
        result.reports = Array(recorder.records.dropFirst())
    }

    private func watchdogFigures() -> WatchdogFigures {
        let metrics = runtime.status().metrics
        func value(_ name: String) -> Double { metrics.first { $0.name == name }?.value ?? 0 }
        return WatchdogFigures(
            wallNs: acc_now_ns() - began.wall, cpuNs: ThreadTimes.of(watchdogThread).cpuNs - began.cpu,
            wakeups: UInt64(value("loopguard_watchdog_wakeups_total")),
            captures: UInt64(value("loopguard_watchdog_captures_total")),
            maxLatenessNs: UInt64(value("loopguard_watchdog_lateness_max_seconds") * 1e9),
            reportsDropped: UInt64(value("loopguard_reports_dropped_total")))
    }

    /// The first line of /proc/stat, eighth figure, in clock ticks.
    private static func stolenNs() -> UInt64 {
        guard let file = fopen("/proc/stat", "r") else { return 0 }
        defer { fclose(file) }
        var buffer = [CChar](repeating: 0, count: 512)
        guard fgets(&buffer, 512, file) != nil else { return 0 }
        let words = String(decoding: buffer.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
            .split(separator: " ")
        guard words.count > 8, let ticks = UInt64(words[8]) else { return 0 }
        return ticks * 1_000_000_000 / UInt64(max(1, sysconf(Int32(_SC_CLK_TCK))))
    }
}

extension HostFigures {
    static func - (later: HostFigures, earlier: HostFigures) -> HostFigures {
        HostFigures(
            watchdogRunDelayNs: later.watchdogRunDelayNs - min(later.watchdogRunDelayNs, earlier.watchdogRunDelayNs),
            loopRunDelayNs: later.loopRunDelayNs - min(later.loopRunDelayNs, earlier.loopRunDelayNs),
            stolenNs: later.stolenNs - min(later.stolenNs, earlier.stolenNs))
    }
}

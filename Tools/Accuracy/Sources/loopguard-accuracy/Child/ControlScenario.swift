import CAccuracy
import Loopguard
import NIOCore
import Synchronization

/// What must not be reported.
extension Scenario {
    static func controls(_ plan: Plan, progress: Progress) async throws -> ChildResult {
        var result = ChildResult(scenario: Scenario.controls.rawValue)
        let preparation = PlantPreparation(
            kinds: PlantCatalogue.all, directory: plan.directory, coldBytes: 32 << 20)
        let bench = try await GuardedBench(thresholdNs: plan.thresholdNs, route: "/accuracy")
        let thresholdNs = plan.thresholdNs
        let seconds = plan.isSmoke ? 2 : 15

        progress.step(1, of: 5)
        // The watchdog goes to sleep for good a second after the last stall.
        try await Task.sleep(for: .milliseconds(2_500))
        result.controls.append(
            try await bench.control("idle loop", countsWakeups: true) {
                try await Task.sleep(for: .seconds(plan.isSmoke ? 3 : 45))
            })

        progress.step(2, of: 5)
        result.controls.append(
            try await bench.control("the same calls inside offload") {
                let loop = bench.loop.eventLoop
                // The loop stays in use meanwhile.
                let beat = loop.scheduleRepeatedTask(initialDelay: .zero, delay: .milliseconds(3)) { _ in }
                defer { beat.cancel() }
                for kind in preparation.kinds {
                    for factor in plan.isSmoke ? [2.0] : [1.0, 2, 10] {
                        let ns = UInt64(Double(thresholdNs) * factor)
                        let site = preparation.site
                        let pool = bench.runtime.pool
                        await Task(executorPreference: bench.loop.executor) {
                            _ = try? await pool.offload(kind.name) { kind.plant(ns: ns, site: site) }
                        }.value
                    }
                }
            })

        progress.step(3, of: 5)
        result.controls.append(
            try await bench.control("timers") {
                let loop = bench.loop.eventLoop
                let beats = (1...20).map { number in
                    loop.scheduleRepeatedTask(initialDelay: .zero, delay: .milliseconds(Int64(number))) { _ in
                        _ = acc_spin_user(20_000)
                    }
                }
                try await Task.sleep(for: .seconds(seconds))
                for beat in beats { beat.cancel() }
            })

        progress.step(4, of: 5)
        result.controls.append(
            try await bench.control("bursts of half a threshold") {
                let end = acc_now_ns() + UInt64(seconds) * 1_000_000_000
                while acc_now_ns() < end {
                    _ = try await bench.loop.run(.asyncHandler) {
                        let began = acc_now_ns()
                        for _ in 0..<10 { _ = acc_spin_user(thresholdNs / 20) }
                        return Truth(
                            span: Span(beganNs: began, endedNs: acc_now_ns()), cpuNs: 0, runDelayNs: 0, interrupted: 0,
                            shortenedNs: 0, error: 0)
                    }
                    try await Task.sleep(for: .milliseconds(2))
                }
            })

        progress.step(5, of: 5)
        result.controls.append(
            try await bench.control("hogs on every processor, loop in light use") {
                let hogs = [acc_hogs_begin(1, 0), acc_hogs_begin(1, 1)]
                let beat = bench.loop.eventLoop.scheduleRepeatedTask(
                    initialDelay: .zero, delay: .milliseconds(5)
                ) { _ in _ = acc_spin_user(50_000) }
                try await Task.sleep(for: .seconds(plan.isSmoke ? 1 : 5))
                beat.cancel()
                for hog in hogs { acc_hogs_end(hog) }
            })
        await bench.finish(&result)
        return result
    }
}

extension GuardedBench {
    fileprivate func control(
        _ name: String, countsWakeups: Bool = false, _ body: () async throws -> Void
    ) async throws -> ControlRun {
        let before = (late: lateTicks, switches: watchdogSwitches)
        let began = acc_now_ns()
        let sampler = countsWakeups ? nil : DelaySampler(bench: self)
        try await body()
        let ended = acc_now_ns()
        let switches = watchdogSwitches
        try await loop.turn()
        let delays = sampler?.stop() ?? []
        return ControlRun(
            name: name, span: Span(beganNs: began, endedNs: ended), thresholdNs: thresholdNs,
            unixOffsetNs: acc_unix_ns() - acc_now_ns(), lateTicks: lateTicks - before.late,
            delays: delays, wakeups: countsWakeups ? switches - before.switches : nil)
    }
}

/// Writes down every few milliseconds how long the watched threads have waited for a CPU so far.
private final class DelaySampler: Sendable {
    private let bench: GuardedBench
    private let ends = Atomic<Bool>(false)
    private let samples = Mutex<[DelaySample]>([])
    private let thread = Mutex<UInt>(0)

    init(bench: GuardedBench) {
        self.bench = bench
        let helper = acc_after(
            0, { Unmanaged<DelaySampler>.fromOpaque($0!).takeRetainedValue().run() },
            Unmanaged.passRetained(self).toOpaque())
        thread.withLock { $0 = UInt(bitPattern: helper) }
    }

    func stop() -> [DelaySample] {
        ends.store(true, ordering: .relaxed)
        acc_join(OpaquePointer(bitPattern: thread.withLock { $0 }))
        return samples.withLock { $0 }
    }

    private func run() {
        var isLast = false
        while !isLast {
            isLast = ends.load(ordering: .relaxed)
            let sample = DelaySample(atNs: acc_now_ns(), delayNs: bench.loopRunDelayNs)
            samples.withLock { $0.append(sample) }
            acc_sleep_until(sample.atNs + 5_000_000)
        }
    }
}

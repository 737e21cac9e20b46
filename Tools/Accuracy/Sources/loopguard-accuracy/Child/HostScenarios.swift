import CAccuracy
import NIOCore

/// Stalls that the host makes: the handler is not to blame, and the report has to say so.
extension Scenario {
    private static let spin = PlantKind("spin (user)", "Planted.spinUser", ["computing"]) { ns, _ in
        Planted.spinUser(ns)
    }

    /// The loop's thread comes last on a processor that others use.
    static func starved(_ plan: Plan, progress: Progress) async throws -> ChildResult {
        var result = ChildResult(scenario: Scenario.starved.rawValue)
        let bench = try await GuardedBench(thresholdNs: plan.thresholdNs, route: "/accuracy")
        var planter = Planter(bench: bench, site: PlantSite(directory: plan.directory))
        // The watchdog has the other processors: it has to see what happens, not to suffer from it as well.
        let pinned = try await bench.loop.eventLoop.submit { acc_pin(0, 10) }.get()
        guard pinned == 0 else {
            result.skipped.append(Skip(name: "starved", reason: "a thread cannot be pinned: errno \(pinned)"))
            await bench.finish(&result)
            return result
        }
        let factors: [Double] = plan.isSmoke ? [2] : [2, 10]
        for round in 0..<(plan.isSmoke ? 2 : plan.rounds * 3) {
            for factor in factors {
                progress.step(round + 1, of: plan.isSmoke ? 2 : plan.rounds * 3)
                try await Task.sleep(for: .milliseconds(20))
                let ns = UInt64(Double(plan.thresholdNs) * factor)
                try await planter.record(kind: "starved by hogs", place: "scheduled task", factor: factor) { loop in
                    let hogs = acc_hogs_begin(4, 0)
                    defer { acc_hogs_end(hogs) }
                    return try await loop.run(.scheduledTask) {
                        Self.spin.plant(ns: ns, site: PlantSite(directory: ""))
                    }
                } expected: { truth in
                    // The more of the processor it got after all, the less can be said of the hogs.
                    let isStarved = truth.cpuShare < 0.4
                    return Expectation(
                        categories: isStarved ? ["starved"] : ["starved", "mixed", "computing"],
                        function: "Planted.spinUser",
                        // A thread without a CPU does not answer a signal.
                        isCapturable: !isStarved, isHostFault: isStarved)
                }
            }
        }
        result.runs = planter.runs
        await bench.finish(&result)
        return result
    }

    /// A control group with a third of a processor.
    static func throttled(_ plan: Plan, progress: Progress) async throws -> ChildResult {
        var result = ChildResult(scenario: Scenario.throttled.rawValue)
        // Before the runtime starts, as in a container: it looks for its group once.
        var why = [CChar](repeating: 0, count: 512)
        guard acc_throttle_begin(30_000, 100_000, &why, why.count) == 0 else {
            let reason = String(decoding: why.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
            result.skipped.append(Skip(name: "throttled", reason: reason))
            return result
        }
        defer { acc_throttle_end() }
        let bench = try await GuardedBench(thresholdNs: plan.thresholdNs, route: "/accuracy")
        var planter = Planter(bench: bench, site: PlantSite(directory: plan.directory))
        let count = plan.isSmoke ? 2 : plan.rounds * 3
        for round in 0..<count {
            progress.step(round + 1, of: count)
            // A fresh quota, so that a stall begins on a processor.
            try await Task.sleep(for: .milliseconds(150))
            let ns = 200_000_000 as UInt64
            let throttledBefore = acc_throttled_ns()
            try await planter.record(kind: "throttled by quota", place: "scheduled task", factor: 0) { loop in
                try await loop.run(.scheduledTask) {
                    // So much that the quota is used up early in the period, and the thread waits for the next.
                    Self.spin.plant(ns: ns, site: PlantSite(directory: ""))
                }
            } expected: { truth in
                // On a busy machine others may take more from the thread than the quota does.
                let lost = truth.span.lengthNs - min(truth.span.lengthNs, truth.cpuNs)
                let isByQuota = (acc_throttled_ns() - throttledBefore) * 2 >= lost
                // The watchdog is in the group as well.
                return Expectation(
                    categories: isByQuota ? ["throttled"] : ["throttled", "starved"],
                    function: "Planted.spinUser", isCapturable: false, isHostFault: true)
            }
        }
        result.runs = planter.runs
        await bench.finish(&result)
        return result
    }

    /// SIGSTOP and SIGCONT from another process.
    static func stopped(_ plan: Plan, progress: Progress) async throws -> ChildResult {
        var result = ChildResult(scenario: Scenario.stopped.rawValue)
        let bench = try await GuardedBench(thresholdNs: plan.thresholdNs, route: "/accuracy")
        var planter = Planter(bench: bench, site: PlantSite(directory: plan.directory))
        let factors: [Double] = plan.isSmoke ? [10] : [2, 10]
        let rounds = plan.isSmoke ? 1 : plan.rounds * 2
        for round in 0..<rounds {
            for factor in factors {
                progress.step(round + 1, of: rounds)
                try await Task.sleep(for: .milliseconds(20))
                let ns = UInt64(Double(plan.thresholdNs) * factor)
                try await planter.record(kind: "process stopped", place: "scheduled task", factor: factor) { loop in
                    try await loop.run(.scheduledTask) { Self.stop(for: ns) }
                } expected: { truth in
                    // The planter never blocks by itself. On a busy machine whoever stops it comes late, and it waits for a
                    // CPU when it may go on: then the stop is not what took most of the time.
                    let isMostlyStopped = 1 - truth.cpuShare - truth.runDelayShare >= 0.5
                    return Expectation(
                        categories: isMostlyStopped ? ["stopped"] : ["stopped", "starved", "computing", "mixed"],
                        isCapturable: false, isHostFault: isMostlyStopped)
                }
            }
        }
        result.runs = planter.runs
        await bench.finish(&result)
        return result
    }

    @Sendable private static func stop(for ns: UInt64) -> Truth {
        var gap: UInt64 = 0
        let before = ThreadTimes.current()
        let began = acc_now_ns()
        let status = acc_stopped(2_000_000, ns, &gap)
        let ended = acc_now_ns()
        let after = ThreadTimes.current()
        return Truth(
            span: Span(beganNs: began, endedNs: ended), cpuNs: after.cpuNs - before.cpuNs,
            runDelayNs: after.runDelayNs - before.runDelayNs, interrupted: 0, shortenedNs: 0,
            error: status != 0 ? status : (gap < ns / 2 ? 110 : 0))
    }
}

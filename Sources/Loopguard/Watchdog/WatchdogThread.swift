import CLoopguard
import Glibc
import LoopguardCore
import Synchronization

/// The thread that notices stalls: sleeps until the earliest moment at which a loop could be late, looks, takes stacks,
/// and hands what it saw to the report thread.
///
/// All decisions are ``Detector``'s and ``WatchdogSchedule``'s; this is the shell with the clock, the bell and `/proc`.
final class WatchdogThread: Sendable {
    /// Figures of the watchdog itself. Written by its thread.
    struct Figures: Sendable {
        var wakeups: UInt64 = 0
        var captures: UInt64 = 0
        var maxLatenessNs: UInt64 = 0
    }

    /// Besides threads with slots.
    struct Pools: Sendable {
        /// Watch Swift's cooperative pool, with this threshold; nil = do not.
        var cooperativeThreshold: Duration?
        var blocking: OffloadPool?
        /// Connections that suffer when a pool is stuck.
        var connections: @Sendable () -> Int
    }

    private let targets: [WatchTarget]
    private let pools: Pools
    private let cage: CanaryCage
    /// Stalls of pools.
    private let poolStalls = Atomic<UInt64>(0)
    private let reports: ReportThread
    private let figures = Mutex(Figures())
    private let isStopping = Atomic<Bool>(false)
    private let thread = Mutex<PlainThread?>(nil)
    private let capturer: CapturerBox
    // SAFETY: bells are never freed, and the C functions on them may be called from any thread.
    nonisolated(unsafe) private let bell: OpaquePointer

    /// - Throws: ``LoopguardError`` with code `.resources`.
    init(targets: [WatchTarget], pools: Pools, reports: ReportThread) throws(LoopguardError) {
        capturer = try CapturerBox()
        guard let bell = lg_bell_create() else {
            throw LoopguardError(.resources, "no eventfd for the watchdog: errno \(errno).")
        }
        self.targets = targets
        self.pools = pools
        let ring = Ring(bell: bell)
        cage = CanaryCage { ring() }
        self.reports = reports
        self.bell = bell
        // A bell of its own: the watchdog of another runtime in this process must not take its rings.
        for target in targets { lg_slot_set_bell(target.slot.pointer, bell) }
    }

    /// Rings the bell from any thread.
    private struct Ring: @unchecked Sendable {
        // SAFETY: see ``WatchdogThread/bell``.
        let bell: OpaquePointer
        func callAsFunction() { lg_bell_ring(bell) }
    }

    deinit {
        for target in targets { lg_slot_set_bell(target.slot.pointer, nil) }
        lg_bell_release(bell)
    }

    func start() throws(LoopguardError) {
        let started = try PlainThread(name: "lg-watchdog") { self.run() }
        thread.withLock { $0 = started }
    }

    /// Looks at all loops and pools once more, then ends the thread. Idempotent.
    func stop() {
        isStopping.store(true, ordering: .releasing)
        // loopguard:allow(blocking-file-call) reason: it writes to an eventfd, which takes that at once
        lg_bell_ring(bell)
        thread.withLock { $0 }?.join()
    }

    /// What is missing on this machine, and what that costs. Call before `start`.
    func facilities() -> [String] {
        var missing = capturer.facilities()
        if !lg_thread_may_prioritize() {
            missing.append(
                "the watchdog may not raise its priority (CAP_SYS_NICE): on a machine with busy cores it is late more "
                    + "often, and then says so in the report")
        }
        return missing
    }

    /// Stalls of all loops and pools so far, those going on included; never goes back. Exact for loops, which count for themselves.
    var stalls: UInt64 {
        targets.reduce(poolStalls.load(ordering: .relaxed)) { $0 + lg_stalls($1.slot.pointer) }
    }

    var metrics: [MetricSample] {
        let figures = figures.withLock { $0 }
        return [
            MetricSample(
                name: "loopguard_watchdog_wakeups_total", help: "Times the watchdog woke up.", kind: .counter,
                value: Double(figures.wakeups)),
            MetricSample(
                name: "loopguard_watchdog_captures_total", help: "Stacks taken of stalled threads.", kind: .counter,
                value: Double(figures.captures)),
            MetricSample(
                name: "loopguard_watchdog_lateness_max_seconds",
                help: "The most the watchdog has been woken later than it asked for.", kind: .gauge,
                value: Double(figures.maxLatenessNs) / 1e9),
            MetricSample(
                name: "loopguard_reports_dropped_total",
                help: "Observations whose details were lost because the report thread was behind.", kind: .counter,
                value: Double(reports.dropped)),
        ]
    }

    // MARK: the thread

    private func run() {
        _ = lg_thread_prioritize()
        var loops = targets.map { WatchedLoop(target: $0, capturer: capturer) }
        var watched = startPools()
        var wanted: UInt64?
        while true {
            // Read before the look: what ended before `stop` was called is still seen.
            let isLast = isStopping.load(ordering: .acquiring)
            let now = lg_now_ns()
            let lateness = wanted.map { now > $0 ? now - $0 : 0 } ?? 0
            capturer.wokeUp(latenessNs: lateness, wasRung: wanted == nil)
            var captured: UInt64 = 0
            for index in loops.indices {
                for observation in loops[index].look(latenessNs: lateness) {
                    if observation.stack != nil { captured += 1 }
                    reports.submit(observation)
                }
            }
            let isActive = loops.contains { $0.detector.isActive(now: now) }
            for observation in watched.look(now: now, isActive: isActive && !isLast, latenessNs: lateness) {
                captured += UInt64(observation.threads.count)
                submit(observation)
            }
            figures.withLock {
                $0.wakeups += 1
                $0.captures += captured
                $0.maxLatenessNs = max($0.maxLatenessNs, lateness)
            }
            if isLast {
                for observation in watched.finish(now: now) { submit(observation) }
                pools.blocking?.watch(nil)
                cage.close()
                return
            }
            capturer.willSleep()
            wanted = sleep(loops, other: watched.nextDeadline)
        }
    }

    private func startPools() -> WatchedPools {
        let ring = Ring(bell: bell)
        pools.blocking?.watch { ring() }
        return WatchedPools(
            cooperative: pools.cooperativeThreshold.map {
                WatchedCooperativePool(
                    threshold: $0, capturer: capturer, cage: cage, connections: pools.connections)
            },
            blocking: pools.blocking.map {
                WatchedBlockingPool(pool: $0, capturer: capturer, connections: pools.connections)
            })
    }

    /// Counted before anybody can have read the report.
    private func submit(_ observation: PoolObservation) {
        if observation.isFirst { poolStalls.add(1, ordering: .relaxed) }
        reports.submit(observation)
    }

    /// Returns when the time has come or the bell rang; the time that was asked for if it is the time that came.
    private func sleep(_ loops: [WatchedLoop], other: UInt64?) -> UInt64? {
        let now = lg_now_ns()
        switch WatchdogSchedule.nextWake(loops.lazy.map(\.detector), now: now, other: other) {
        case .at(let deadline):
            return lg_bell_wait(bell, deadline) ? nil : deadline
        case .deepSleep:
            guard lg_deep_sleep_enter(bell) else {
                // No membarrier(2): a wake-up could be overlooked, so look every second.
                let deadline = now + 1_000_000_000
                return lg_bell_wait(bell, deadline) ? nil : deadline
            }
            // A loop that woke before it could see the flag is seen here.
            if !loops.contains(where: \.isUnseenBusy) { _ = lg_bell_wait(bell, .max) }
            lg_deep_sleep_leave(bell)
            return nil
        }
    }
}

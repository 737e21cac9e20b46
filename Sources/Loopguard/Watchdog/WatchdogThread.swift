import CLoopguard
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

    private let targets: [WatchTarget]
    private let reports: ReportThread
    private let figures = Mutex(Figures())
    private let isStopping = Atomic<Bool>(false)
    private let thread = Mutex<PlainThread?>(nil)
    private let capturer: CapturerBox

    /// - Throws: ``LoopguardError`` with code `.resources`.
    init(targets: [WatchTarget], reports: ReportThread) throws(LoopguardError) {
        let bell = lg_bell_fd()
        guard bell >= 0 else {
            throw LoopguardError(.resources, "no eventfd for the watchdog: errno \(-bell).")
        }
        self.targets = targets
        self.reports = reports
        capturer = try CapturerBox()
    }

    func start() throws(LoopguardError) {
        let started = try PlainThread(name: "lg-watchdog") { self.run() }
        thread.withLock { $0 = started }
    }

    func stop() {
        isStopping.store(true, ordering: .releasing)
        lg_bell_ring()
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

    /// Late ticks of the control loop, which is not among the guarded loops.
    var controlLateTicks: UInt64 {
        targets.first { $0.name == "control" }.map { lg_late($0.slot.pointer) } ?? 0
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
        var wanted: UInt64?
        while !isStopping.load(ordering: .acquiring) {
            let now = lg_now_ns()
            let lateness = wanted.map { now > $0 ? now - $0 : 0 } ?? 0
            var captured: UInt64 = 0
            for index in loops.indices {
                for observation in loops[index].look(latenessNs: lateness) {
                    if observation.stack != nil { captured += 1 }
                    reports.submit(observation)
                }
            }
            figures.withLock {
                $0.wakeups += 1
                $0.captures += captured
                $0.maxLatenessNs = max($0.maxLatenessNs, lateness)
            }
            wanted = sleep(loops)
        }
    }

    /// Returns when the time has come or the bell rang; the time that was asked for if it is the time that came.
    private func sleep(_ loops: [WatchedLoop]) -> UInt64? {
        let now = lg_now_ns()
        switch WatchdogSchedule.nextWake(loops.lazy.map(\.detector), now: now) {
        case .at(let deadline):
            return lg_bell_wait(deadline) ? nil : deadline
        case .deepSleep:
            guard lg_deep_sleep_enter() else {
                // No membarrier(2): a wake-up could be overlooked, so look every second.
                let deadline = now + 1_000_000_000
                return lg_bell_wait(deadline) ? nil : deadline
            }
            // A loop that woke before it could see the flag is seen here.
            if !loops.contains(where: \.isUnseenBusy) { _ = lg_bell_wait(.max) }
            lg_deep_sleep_leave()
            return nil
        }
    }
}

/// What the machine did during a stall: the differences between host samples.
struct HostFigures {
    var wallNs: UInt64 = 0
    var throttledPeriods: UInt64 = 0
    var throttledNs: UInt64 = 0
    var stealNs: UInt64 = 0
    var suspendedNs: UInt64 = 0
    /// Time in which the watchdog and the stalled thread were held, though neither waited for a CPU.
    var heldNs: UInt64 = 0
    /// Time that the watchdog slept too long without waiting for a CPU and without a proof that it was held.
    var oversleptNs: UInt64 = 0
    var tracer: Int32 = 0

    /// - Parameters:
    ///   - samples: in any order.
    ///   - threads: of the stalled thread, oldest first.
    init(_ samples: [HostSample], threads: [ThreadSample] = []) {
        let samples = samples.sorted { $0.atNs < $1.atNs }
        guard let first = samples.first, let last = samples.last else { return }
        wallNs = last.atNs.saturatingSubtract(first.atNs)
        throttledPeriods = (last.throttledPeriods ?? 0).saturatingSubtract(first.throttledPeriods ?? 0)
        throttledNs = (last.throttledNs ?? 0).saturatingSubtract(first.throttledNs ?? 0)
        stealNs = (last.stealNs ?? 0).saturatingSubtract(first.stealNs ?? 0)
        suspendedNs = last.suspendedNs.saturatingSubtract(first.suspendedNs)
        tracer = samples.last { $0.tracer != 0 }?.tracer ?? 0
        // Two samples of one waking up tell of the same gap.
        var gap: HostSample?
        for sample in samples {
            if let gap, gap.gapNs == sample.gapNs, gap.gapRunDelayNs == sample.gapRunDelayNs { continue }
            gap = sample
            // Waiting for a CPU is another thing. At load a stop comes with both: before it, and after its end.
            let ns = sample.gapNs.saturatingSubtract(sample.gapRunDelayNs)
            guard ns > sample.gapNs / 4 else { continue }
            let held = sample.gapTimeslices >= 2 ? Self.heldNs(threads, over: sample, ns) : 0
            if held > ns / 4 {
                heldNs = heldNs.saturatingAdd(held)
            } else {
                oversleptNs = oversleptNs.saturatingAdd(ns)
            }
        }
        // What the hypervisor took looks the same from here, but for the wake-ups.
        heldNs = heldNs.saturatingSubtract(stealNs)
    }

    /// For how long the stalled thread was held during a gap of `ns`, as far as its own figures allow: while a process is held both
    /// clocks of all its threads stand still. All of it when nothing is known of the thread.
    ///
    /// Nobody held a thread that was blocked and has not been woken at all, or that was on a CPU for longer than there was time
    /// besides. A blocked thread is woken to stop. That it is woken once more, to go on, need not show yet: at load the watchdog is
    /// faster. A thread that ran needs no new time slice to stop in. But it may wait for a CPU to stop on, while the watchdog,
    /// which comes first, has long stopped: that time is not the stop's.
    private static func heldNs(_ threads: [ThreadSample], over gap: HostSample, _ ns: UInt64) -> UInt64 {
        guard let before = threads.last(where: { $0.atNs < gap.wokeNs }),
            let after = threads.first(where: { $0.atNs >= gap.wokeNs })
        else { return ns }
        let wasBlocked =
            switch before.systemCall {
            case .blocked, .outsideSystemCall: true
            case .running, .unavailable: false
            }
        if wasBlocked, after.timeslices == before.timeslices { return 0 }
        let whole = after.atNs.saturatingSubtract(before.atNs)
        let cpu = after.cpuNs.saturatingSubtract(before.cpuNs)
        // The kernel adds up CPU time at its timer ticks: up to 10 ms are uncertain.
        guard cpu <= whole.saturatingSubtract(ns).saturatingAdd(10_000_000) else { return 0 }
        let waited = after.runDelayNs.saturatingSubtract(before.runDelayNs)
        return min(ns, whole.saturatingSubtract(cpu).saturatingSubtract(waited))
    }

    /// One line for each thing that happened.
    var evidence: [String] {
        var lines: [String] = []
        if throttledPeriods > 0 || throttledNs > 0 {
            lines.append(
                "control group throttled in \(HumanText.count(throttledPeriods, "period")), "
                    + "\(HumanText.duration(ns: throttledNs)) over all CPUs")
        }
        if stealNs > 0 {
            lines.append("the hypervisor took \(HumanText.duration(ns: stealNs)) over all CPUs (in steps of 10 ms)")
        }
        if suspendedNs > 1_000_000 {
            lines.append("the machine was suspended for \(HumanText.duration(ns: suspendedNs))")
        }
        if heldNs > 1_000_000 {
            lines.append(
                "the watchdog itself was held for \(HumanText.duration(ns: heldNs)): it did not wait for a CPU")
        }
        if oversleptNs > 1_000_000 {
            lines.append(
                "the watchdog itself slept \(HumanText.duration(ns: oversleptNs)) too long without waiting for a CPU, but "
                    + "was not held: a late timer, or a hypervisor that took the CPU")
        }
        if tracer != 0 { lines.append("traced by process \(tracer)") }
        return lines
    }
}

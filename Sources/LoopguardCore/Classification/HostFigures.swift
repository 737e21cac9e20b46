/// What the machine did during a stall: the differences between host samples.
struct HostFigures {
    var wallNs: UInt64 = 0
    var throttledPeriods: UInt64 = 0
    var throttledNs: UInt64 = 0
    var stealNs: UInt64 = 0
    var suspendedNs: UInt64 = 0
    /// Time in which neither the watchdog nor anybody else ran, though nobody waited for a CPU.
    var heldNs: UInt64 = 0
    var tracer: Int32 = 0

    /// - Parameter samples: in any order.
    init(_ samples: [HostSample]) {
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
            // Waiting for a CPU is another thing; so is a little of both.
            if sample.gapRunDelayNs < sample.gapNs / 2 {
                heldNs = heldNs.saturatingAdd(sample.gapNs - sample.gapRunDelayNs)
            }
        }
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
                "the watchdog itself slept \(HumanText.duration(ns: heldNs)) too long without waiting for a CPU")
        }
        if tracer != 0 { lines.append("traced by process \(tracer)") }
        return lines
    }
}

/// What a series of thread samples amounts to: shares of the time, and how often the thread was seen in which state.
struct CauseFigures {
    var last: ThreadSample?
    var wallNs: UInt64 = 0
    var shares = CauseShares()
    var majorFaults: UInt64 = 0
    var userTicks: UInt64 = 0
    var systemTicks: UInt64 = 0
    var timeslices: UInt64 = 0
    var count = 0
    /// Samples in which the thread was on a CPU or waiting for one.
    var runnable = 0
    /// Samples in which it was blocked, in a system call or by a page fault.
    var blocked = 0
    /// Time up to the last sample that it has been waiting for a CPU, and that the kernel has not added to the shares yet.
    var pendingNs: UInt64 = 0
    /// It was seen blocked, or on its way out of a system call.
    var wasSeenBlocked: Bool { blocked > 0 || dominantCall != nil }
    /// In `dominantCall` it was mostly in uninterruptible sleep.
    var dominantIsUninterruptible = false
    var stopped = 0
    /// The system call that the thread was blocked in for longest; nil when that was outside any.
    var dominantCall: Int?
    var states: [Character] = []

    /// - Parameters:
    ///   - samples: oldest first.
    ///   - closing: of the stall's end: its counters close the interval, its state is of another tick.
    ///   - interrupted: system calls that signals found it in: they count when it was never seen blocked.
    init(samples: [ThreadSample], closing: ThreadSample? = nil, interrupted: [Int] = []) {
        count = samples.count
        last = samples.last
        for sample in samples {
            states.append(sample.state)
            if sample.state == "T" || sample.state == "t" { stopped += 1 }
            switch sample.systemCall {
            case .running: runnable += 1
            case .blocked, .outsideSystemCall: blocked += 1
            case .unavailable:
                if sample.state == "R" { runnable += 1 }
            }
        }
        findDominantCall(samples, until: closing?.atNs)
        if blocked == 0 { dominantCall = interrupted.last }
        guard let first = samples.first, let last else { return }
        if let closing, closing.atNs > last.atNs {
            measure(from: first, to: closing)
        } else if samples.count > 1 {
            measure(from: first, to: last)
            findPending(samples)
        }
    }

    /// The last samples that found it ready to run while it got one CPU at most: whatever it did not run of that time it waits,
    /// and the kernel has not counted it yet. With each further time slice the wait before it has been counted.
    private mutating func findPending(_ samples: [ThreadSample]) {
        func isRunnable(_ sample: ThreadSample) -> Bool {
            sample.systemCall == .running || (sample.systemCall == .unavailable && sample.state == "R")
        }
        guard let last = samples.last, isRunnable(last) else { return }
        let first = samples.reversed().prefix {
            isRunnable($0) && last.timeslices.saturatingSubtract($0.timeslices) <= 1
        }.last
        guard let first else { return }
        let counted = last.cpuNs.saturatingSubtract(first.cpuNs)
            .saturatingAdd(last.runDelayNs.saturatingSubtract(first.runDelayNs))
        pendingNs = last.atNs.saturatingSubtract(first.atNs).saturatingSubtract(counted)
    }

    /// Each sample stands for the time until the next one: at doubling distances the first ones, among them whatever came
    /// before the call that stalls, would otherwise outvote the long rest.
    private mutating func findDominantCall(_ samples: [ThreadSample], until end: UInt64?) {
        struct Time {
            var ns: UInt64 = 0
            var uninterruptibleNs: UInt64 = 0
        }
        var calls: [Int?: Time] = [:]
        for (index, sample) in samples.enumerated() {
            switch sample.systemCall {
            case .blocked, .outsideSystemCall: break
            case .running, .unavailable: continue
            }
            var ns: UInt64 = 1
            if index + 1 < samples.count {
                ns = samples[index + 1].atNs.saturatingSubtract(sample.atNs)
            } else if let end {
                ns = end.saturatingSubtract(sample.atNs)
            } else if index > 0 {
                ns = sample.atNs.saturatingSubtract(samples[index - 1].atNs)
            }
            var time = calls[Self.callNumber(sample)] ?? Time()
            time.ns = time.ns.saturatingAdd(max(1, ns))
            if sample.state == "D" { time.uninterruptibleNs = time.uninterruptibleNs.saturatingAdd(max(1, ns)) }
            calls[Self.callNumber(sample)] = time
        }
        // The latest sample wins a tie: it is the one that the stack and the call's target belong to.
        let latest = samples.last.flatMap { Self.callNumber($0) }
        let dominant = calls.max {
            ($0.value.ns, $0.key == latest ? 1 : 0) < ($1.value.ns, $1.key == latest ? 1 : 0)
        }
        dominantCall = dominant?.key
        dominantIsUninterruptible = dominant.map { $0.value.uninterruptibleNs > $0.value.ns / 2 } ?? false
    }

    private static func callNumber(_ sample: ThreadSample) -> Int? {
        if case .blocked(let number, _, _, _) = sample.systemCall { return number }
        return nil
    }

    private mutating func measure(from first: ThreadSample, to last: ThreadSample) {
        wallNs = last.atNs.saturatingSubtract(first.atNs)
        majorFaults = last.majorFaults.saturatingSubtract(first.majorFaults)
        userTicks = last.userTicks.saturatingSubtract(first.userTicks)
        systemTicks = last.systemTicks.saturatingSubtract(first.systemTicks)
        timeslices = last.timeslices.saturatingSubtract(first.timeslices)
        guard wallNs > 0 else { return }
        let wall = Double(wallNs)
        let cpu = min(1, Double(last.cpuNs.saturatingSubtract(first.cpuNs)) / wall)
        let delay = min(1 - cpu, Double(last.runDelayNs.saturatingSubtract(first.runDelayNs)) / wall)
        shares = CauseShares(cpu: cpu, runDelay: delay, waiting: max(0, 1 - cpu - delay))
    }

    /// False when all was seen at one moment: shares mean nothing then.
    var hasInterval: Bool { wallNs > 0 }

    var lastIsRunnable: Bool {
        guard let last else { return false }
        return last.systemCall == .running || last.state == "R"
    }

    /// Share of the CPU time spent in the kernel; nil when the clock ticks (10 ms) do not tell.
    var kernelShare: Double? {
        let ticks = userTicks.saturatingAdd(systemTicks)
        return ticks == 0 ? nil : Double(systemTicks) / Double(ticks)
    }

    /// The figures behind the verdict, one line each.
    func evidence(call: BlockedCall?) -> [String] {
        var lines: [String] = []
        guard count > 0 else { return ["no sample of the thread could be taken"] }
        if hasInterval {
            lines.append(
                "over \(HumanText.duration(ns: wallNs)): CPU \(HumanText.percent(shares.cpu)), waiting for a CPU "
                    + "\(HumanText.percent(shares.runDelay)), blocked \(HumanText.percent(shares.waiting)), "
                    + HumanText.count(timeslices, "time slice")
            )
            if userTicks > 0 || systemTicks > 0 {
                lines.append("clock ticks of 10 ms: \(userTicks) user, \(systemTicks) system")
            }
            if majorFaults > 0 { lines.append(HumanText.count(majorFaults, "major page fault")) }
        } else {
            lines.append("a single moment: no shares")
        }
        let line = "\(HumanText.count(count, "sample")): \(runnable) running, \(blocked) blocked"
        lines.append(line + ", states \(states.prefix(16).map(String.init).joined())")
        if let call {
            var text = "system call \(call.name)"
            if let target = call.target, target != "" { text += ", \(target)" }
            if let owner = call.lockOwner { text += ", lock held by \(owner)" }
            lines.append(text)
        } else if let dominantCall {
            lines.append("system call number \(dominantCall)")
        }
        return lines
    }
}

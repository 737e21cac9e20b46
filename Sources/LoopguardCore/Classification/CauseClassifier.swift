/// Says why a thread did not get on, from what the kernel says about it at several moments.
///
/// Pure. The rules and their accuracy on labelled stalls: `research/spike-runtime.md` §6. The order matters: a thread that
/// was stopped or that nobody scheduled must not be blamed for what it was about to do.
public enum CauseClassifier {
    /// The limits between the classes. Shares are of the time between the first and the last sample, 0…1.
    public struct Options: Sendable, Equatable {
        /// A thread waited for a CPU when this share of the time went to the run queue. Default 0.4.
        public var starvedRunDelayShare = 0.4
        /// At least so many major faults make page-fault I/O. Default 3.
        public var pageFaults: UInt64 = 3
        /// … provided that the CPU share is lower than this. Default 0.7.
        public var pageFaultCPUShare = 0.7
        /// Above this CPU share the thread was computing. Default 0.6.
        public var computingShare = 0.6
        /// Above this share of waiting the thread was blocked. Default 0.5.
        public var waitingShare = 0.5
        /// The kernel adds up a running thread's CPU time at its timer ticks only (4 ms at 250 Hz), so over less than this
        /// a lack of CPU time proves nothing. Nanoseconds, default 8 ms.
        public var briefNs: UInt64 = 8_000_000
        /// Above this share of waiting, a thread that also waited for a CPU may have been blocked. Default 0.25.
        public var alsoWaitingShare = 0.25
        /// A thread without a CPU lost it to the control group's quota, or to the hypervisor, when these took at least this
        /// share of the time that it lost. Default 0.4.
        public var hostShare = 0.4
        /// The process was held from outside when all its threads stood still for this share of the time. Default 0.5.
        public var heldShare = 0.5
        /// … or for this share, when waiting for a CPU afterwards makes up the rest of `heldShare`. Default 0.1.
        public var heldBesidesShare = 0.1
        /// Above this share of the CPU time in the kernel the thread was computing there. Default 0.5.
        public var kernelShare = 0.5
        /// The kernel tells user from system time by clock ticks (proc(5): 10 ms); fewer say nothing. Default 3.
        public var kernelTicks: UInt64 = 3

        /// The values above.
        public static let defaults = Options()
        /// The defaults.
        public init() {}
    }

    /// Where running threads were found by the signal that asked for their stack.
    public struct Interruptions: Sendable, Equatable {
        /// Numbers of the system calls that they came out of, as far as the code tells.
        public var calls: [Int] = []
        /// Stacks that were taken by signal.
        public var count: Int
        /// … of which came out of a system call: the thread was in the kernel when the signal was sent.
        public var inKernel: Int

        /// All its parts.
        public init(count: Int = 0, inKernel: Int = 0, calls: [Int] = []) {
            self.calls = calls
            self.count = count
            self.inKernel = inKernel
        }
    }

    /// Classifies one stall.
    ///
    /// - Parameters:
    ///   - baseline: the sample taken at half the threshold, when there is one.
    ///   - samples: the samples taken at and after the threshold, in any order.
    ///   - closing: a sample taken right after the stall's end. The thread has moved on, so only its counters go in.
    ///   - call: what the thread is blocked in, in words, when it is blocked.
    ///   - host: what the machine did, sampled along with the thread.
    ///   - interruptions: where the thread was found when it was asked for its stack.
    ///   - watchdogLatenessNs: how much later than asked for the watchdog was woken, nanoseconds.
    ///   - thresholdNs: the stall threshold, nanoseconds.
    public static func classify(
        baseline: ThreadSample?, samples: [ThreadSample], closing: ThreadSample? = nil, call: BlockedCall?,
        host: [HostSample] = [], interruptions: Interruptions = Interruptions(), watchdogLatenessNs: UInt64,
        thresholdNs: UInt64, options: Options = .defaults
    ) -> StallCause {
        let all = ((baseline.map { [$0] } ?? []) + samples).sorted { $0.atNs < $1.atNs }
        let figures = CauseFigures(samples: all, closing: closing, interrupted: interruptions.calls)
        let machine = HostFigures(host, threads: all + (closing.map { [$0] } ?? []))
        var cause = verdict(figures, machine, call: call, interruptions, thresholdNs: thresholdNs, options: options)
        cause.shares = figures.shares
        cause.evidence = figures.evidence(call: call) + machine.evidence
        if interruptions.count > 0 {
            cause.evidence.append(
                "found in the kernel by \(interruptions.inKernel) of "
                    + HumanText.count(UInt64(interruptions.count), "signal"))
        }
        if cause.category == .lockWait, cause.lockOwner == nil {
            cause.evidence.append("the futex names no owner: a semaphore, a condition, or a lock that was just freed")
        }
        let watchdogWasLate = watchdogLatenessNs > thresholdNs / 2
        if watchdogWasLate {
            cause.evidence.append(
                "the watchdog itself was woken \(HumanText.duration(ns: watchdogLatenessNs)) late"
            )
        }
        // A handler that really used the CPU stays to blame even when it kept the watchdog from running.
        let wasRunnable = figures.lastIsRunnable && !cause.category.isComputing
        cause.hostAtFault = cause.category.isOfHost || (watchdogWasLate && wasRunnable)
        return cause
    }

    /// The system call that the thread was blocked in for most of the time, as far as the samples tell; nil when it was in none,
    /// or mostly outside any.
    public static func dominantCall(
        baseline: ThreadSample?, samples: [ThreadSample], closing: ThreadSample? = nil,
        interruptions: Interruptions = Interruptions()
    ) -> Int? {
        let all = ((baseline.map { [$0] } ?? []) + samples).sorted { $0.atNs < $1.atNs }
        return CauseFigures(samples: all, closing: closing, interrupted: interruptions.calls).dominantCall
    }

    private static func verdict(
        _ f: CauseFigures, _ host: HostFigures, call: BlockedCall?, _ interruptions: Interruptions,
        thresholdNs: UInt64, options: Options
    ) -> StallCause {
        if f.stopped > 0 {
            let debugger = host.tracer != 0 || f.states.contains("t")
            return StallCause(
                category: .stopped,
                summary: debugger ? "the process was held by a debugger" : "the process was stopped by a signal")
        }
        let span = max(f.wallNs, host.heldNs)
        if host.heldNs > max(thresholdNs / 2, options.briefNs),
            Double(host.heldNs) >= options.heldShare * Double(span), f.shares.cpu <= options.computingShare
        {
            let who = host.tracer != 0 ? "held by a debugger" : "stopped from outside"
            return StallCause(
                category: .stopped,
                summary: "the process was \(who): none of its threads ran for "
                    + HumanText.duration(ns: host.heldNs))
        }
        if let both = heldAndStarved(f, host, thresholdNs: thresholdNs, options: options) { return both }
        guard let last = f.last else {
            return StallCause(category: .unknown, summary: "unknown: the thread's state could not be read")
        }
        guard f.hasInterval else { return verdictOfOne(f, last: last, call: call) }
        let shares = f.shares
        let isBrief = f.wallNs < options.briefNs
        // The kernel adds up the wait for a CPU once the thread gets one: what it waits for now is told by its standing still.
        let pending = isBrief ? 0 : Double(f.pendingNs) / Double(f.wallNs)
        let lacking = min(1 - shares.cpu, shares.runDelay + pending)
        if lacking > options.starvedRunDelayShare, lacking > shares.cpu {
            // A thread that was blocked for long enough to be a stall by that alone is to blame for it, even if the machine
            // then made it wait for a CPU for longer still. (The baseline is half a threshold late.)
            let waiting = shares.waiting - pending
            if f.wasSeenBlocked, waiting > options.alsoWaitingShare,
                waiting * Double(f.wallNs) >= Double(thresholdNs) / 2
            {
                var cause = blocked(f, call: call)
                cause.summary += ", and for a CPU \(HumanText.percent(lacking)) of the time"
                return cause
            }
            return withoutCPU(lacking, f, host, options: options)
        }
        if f.majorFaults >= options.pageFaults && shares.cpu < options.pageFaultCPUShare {
            return pageFault(f)
        }
        if shares.cpu > options.computingShare {
            return computing(f, interruptions, options: options)
        }
        if shares.waiting > options.waitingShare, f.wasSeenBlocked {
            return blocked(f, call: call)
        }
        if isBrief { return verdictOfOne(f, last: last, call: call) }
        // Neither on a CPU nor in the queue for one, and never seen blocked: while the hypervisor runs others, nothing counts.
        if shares.waiting > options.waitingShare,
            Double(host.stealNs) >= options.hostShare * shares.waiting * Double(f.wallNs), host.stealNs > 0
        {
            return withoutCPU(shares.waiting, f, host, options: options)
        }
        let parts = [
            (shares.cpu, "computing"), (shares.runDelay, "waiting for a CPU"), (shares.waiting, "blocked"),
        ].map { (share: HumanText.percent($0), what: $1) }.filter { $0.share != "0 %" }
        return StallCause(
            category: .mixed,
            summary: "mixed: " + parts.map { "\($0.share) \($0.what)" }.joined(separator: ", "))
    }

    /// Stopped for a part of the time, and then without a CPU: on a loaded machine a process that may go on does not go on at once.
    /// The machine is to blame for both; the class is the larger part, and the summary names both.
    private static func heldAndStarved(
        _ f: CauseFigures, _ host: HostFigures, thresholdNs: UInt64, options: Options
    ) -> StallCause? {
        let span = Double(max(f.wallNs, host.heldNs))
        let held = Double(host.heldNs)
        let waited = f.shares.runDelay * Double(f.wallNs)
        guard host.heldNs > max(thresholdNs / 2, options.briefNs), held >= options.heldBesidesShare * span,
            held + waited >= options.heldShare * span, f.shares.cpu <= options.computingShare
        else { return nil }
        let who = host.tracer != 0 ? "held by a debugger" : "stopped from outside"
        return StallCause(
            category: held >= waited ? .stopped : .starved,
            summary: "the process was \(who) for \(HumanText.duration(ns: host.heldNs)), and waited for a CPU for "
                + HumanText.duration(ns: UInt64(waited)))
    }

    /// Ready to run, but not running: who had the CPU?
    private static func withoutCPU(
        _ share: Double, _ f: CauseFigures, _ host: HostFigures, options: Options
    ) -> StallCause {
        let least = options.hostShare * share * Double(f.wallNs)
        let percent = HumanText.percent(share)
        if host.throttledPeriods > 0, Double(host.throttledNs) >= least {
            return StallCause(
                category: .throttled,
                summary: "the control group had used up its CPU quota: ready to run, but without a CPU "
                    + "\(percent) of the time")
        }
        if host.stealNs > 0, Double(host.stealNs) >= least {
            return StallCause(
                category: .stolen,
                summary: "the hypervisor gave the CPU to other machines: ready to run, but without a CPU "
                    + "\(percent) of the time")
        }
        return StallCause(
            category: .starved, summary: "ready to run, but waited for a CPU \(percent) of the time")
    }

    private static func computing(
        _ f: CauseFigures, _ interruptions: Interruptions, options: Options
    ) -> StallCause {
        let base = "computing: on a CPU \(HumanText.percent(f.shares.cpu)) of the time"
        if f.userTicks.saturatingAdd(f.systemTicks) >= options.kernelTicks, let share = f.kernelShare {
            if share >= options.kernelShare {
                return StallCause(
                    category: .computingInKernel,
                    summary: base + ", mostly in the kernel (\(HumanText.percent(share)))")
            }
            return StallCause(
                category: .computing, summary: base + ", \(HumanText.percent(1 - share)) of it in user code")
        }
        // Too brief for clock ticks: the stacks tell.
        if interruptions.count > 0, interruptions.inKernel * 2 > interruptions.count {
            return StallCause(category: .computingInKernel, summary: base + ", in the kernel when it was looked at")
        }
        return StallCause(category: .computing, summary: base)
    }

    /// With one sample, or two at nearly the same moment, there are no shares: only a blocked thread says what it is doing.
    private static func verdictOfOne(_ f: CauseFigures, last: ThreadSample, call: BlockedCall?) -> StallCause {
        if f.blocked > 0 { return blocked(f, call: call) }
        if last.state == "D" { return StallCause(category: .disk, summary: "waiting for a disk") }
        return StallCause(
            category: .unknown, summary: "running or ready to run; seen too briefly to tell which"
        )
    }

    private static func pageFault(_ f: CauseFigures) -> StallCause {
        let summary =
            f.majorFaults > 0
            ? "waiting for memory to be read from disk (\(HumanText.count(f.majorFaults, "major page fault")))"
            : "waiting for memory to be read from disk (page fault)"
        return StallCause(category: .pageFaultIO, summary: summary)
    }

    private static func blocked(_ f: CauseFigures, call: BlockedCall?) -> StallCause {
        guard let number = f.dominantCall else {
            // Blocked outside any system call: the kernel is bringing a page in.
            return pageFault(f)
        }
        let name = call?.name
        let shown = name.map { "\($0)(2)" } ?? "system call \(number)"
        var target = call?.target
        if target == "" { target = nil }
        var cause = StallCause(
            category: .blockedInSystemCall, summary: "", systemCall: name ?? "syscall-\(number)", target: target,
            lockOwner: call?.lockOwner
        )
        if name == "futex" || name == "futex_wait" || name == "futex_waitv" {
            cause.category = .lockWait
            cause.summary = "waiting for a lock"
            if let owner = call?.lockOwner { cause.summary += " held by thread \(owner)" }
        } else if (f.dominantIsUninterruptible && !waitsForChild(name)) || writesBack(name) {
            cause.category = .disk
            cause.summary = "waiting for the disk in \(shown)" + (target.map { " on \($0)" } ?? "")
        } else {
            cause.summary = "blocked in \(shown)" + (target.map { " \(preposition(for: name)) \($0)" } ?? "")
        }
        return cause
    }

    /// Uninterruptible too, but no disk: the parent of a vfork waits until the child has begun its program.
    private static func waitsForChild(_ name: String?) -> Bool {
        name == "clone" || name == "clone3" || name == "vfork"
    }

    /// Waits for a disk and nothing else, whether or not it was caught at it.
    private static func writesBack(_ name: String?) -> Bool {
        ["fsync", "fdatasync", "sync", "syncfs", "sync_file_range", "msync"].contains(name)
    }

    private static func preposition(for name: String?) -> String {
        switch name {
        case "connect", "sendto", "sendmsg", "sendmmsg": "to"
        case "recvfrom", "recvmsg", "recvmmsg", "accept", "accept4": "on"
        case "wait4", "waitid": "for"
        default: "on"
        }
    }
}

extension CauseCategory {
    /// The machine, or whoever rules it, and not the handler.
    var isOfHost: Bool { [.starved, .throttled, .stolen, .stopped].contains(self) }
    /// On a CPU, in user code or in the kernel.
    var isComputing: Bool { self == .computing || self == .computingInKernel }
}

/// Says why a thread did not get on, from what the kernel says about it at several moments.
///
/// Pure. The rules and their accuracy on labelled stalls: `research/spike-runtime.md` §6. The order matters: a thread that
/// was stopped or that nobody scheduled must not be blamed for what it was about to do.
public enum CauseClassifier {
    /// The limits between the classes. Shares are of the time between the first and the last sample, 0…1.
    public struct Options: Sendable, Equatable {
        /// A thread waited for a CPU when this share of the time went to the run queue. Default 0.4.
        public var starvedRunDelayShare = 0.4
        /// … or when it was runnable in this share of the samples while using less CPU than `starvedCPUShare`: the
        /// kernel adds the run-queue time only once the thread gets a CPU. Default 0.6.
        public var starvedRunnableShare = 0.6
        /// See `starvedRunnableShare`. Default 0.4.
        public var starvedCPUShare = 0.4
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

        /// The values above.
        public static let defaults = Options()
        /// The defaults.
        public init() {}
    }

    /// Classifies one stall.
    ///
    /// - Parameters:
    ///   - baseline: the sample taken at half the threshold, when there is one.
    ///   - samples: the samples taken at and after the threshold, in any order.
    ///   - call: what the thread is blocked in, in words, when it is blocked.
    ///   - watchdogLatenessNs: how much later than asked for the watchdog was woken, nanoseconds.
    ///   - thresholdNs: the stall threshold, nanoseconds.
    public static func classify(
        baseline: ThreadSample?, samples: [ThreadSample], call: BlockedCall?, watchdogLatenessNs: UInt64,
        thresholdNs: UInt64, options: Options = .defaults
    ) -> StallCause {
        let all = ((baseline.map { [$0] } ?? []) + samples).sorted { $0.atNs < $1.atNs }
        let figures = CauseFigures(samples: all)
        var cause = verdict(figures, call: call, options: options)
        cause.shares = figures.shares
        cause.evidence = figures.evidence(call: call)
        let watchdogWasLate = watchdogLatenessNs > thresholdNs / 2
        if watchdogWasLate {
            cause.evidence.append(
                "the watchdog itself was woken \(HumanText.duration(ns: watchdogLatenessNs)) late"
            )
        }
        // A handler that really used the CPU stays to blame even when it kept the watchdog from running.
        let wasRunnable = figures.lastIsRunnable && cause.category != .computing
        cause.hostAtFault =
            cause.category == .starved || cause.category == .stopped || (watchdogWasLate && wasRunnable)
        return cause
    }

    private static func verdict(_ f: CauseFigures, call: BlockedCall?, options: Options) -> StallCause {
        guard let last = f.last else {
            return StallCause(category: .unknown, summary: "unknown: the thread's state could not be read")
        }
        if f.stopped > 0 {
            return StallCause(category: .stopped, summary: "stopped by a signal or a debugger")
        }
        guard f.hasInterval else { return verdictOfOne(f, last: last, call: call) }
        let shares = f.shares
        let isBrief = f.wallNs < options.briefNs
        let neverRan =
            !isBrief && f.runnableShare >= options.starvedRunnableShare && shares.cpu < options.starvedCPUShare
        if (shares.runDelay > options.starvedRunDelayShare && shares.runDelay > shares.cpu) || neverRan {
            let waited = shares.runDelay > options.starvedRunDelayShare ? shares.runDelay : 1 - shares.cpu
            return StallCause(
                category: .starved,
                summary: "ready to run, but waited for a CPU \(HumanText.percent(waited)) of the time"
            )
        }
        if f.majorFaults >= options.pageFaults && shares.cpu < options.pageFaultCPUShare {
            return pageFault(f)
        }
        if shares.cpu > options.computingShare {
            return StallCause(category: .computing, summary: f.computingSummary)
        }
        if shares.waiting > options.waitingShare, f.blocked > 0 {
            return blocked(f, call: call)
        }
        if isBrief { return verdictOfOne(f, last: last, call: call) }
        return StallCause(
            category: .mixed,
            summary: "mixed: \(HumanText.percent(shares.cpu)) computing, \(HumanText.percent(shares.runDelay)) "
                + "waiting for a CPU, \(HumanText.percent(shares.waiting)) blocked"
        )
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
        } else if f.uninterruptible * 2 > f.blocked {
            cause.category = .disk
            cause.summary = "waiting for the disk in \(shown)" + (target.map { " on \($0)" } ?? "")
        } else {
            cause.summary = "blocked in \(shown)" + (target.map { " \(preposition(for: name)) \($0)" } ?? "")
        }
        return cause
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

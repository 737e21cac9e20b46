import LoopguardCore
import Testing

@Suite struct CauseClassifierTests {
    static let threshold: UInt64 = 50_000_000

    func classify(
        _ baseline: ThreadSample?, _ samples: [ThreadSample], _ call: BlockedCall? = nil, late: UInt64 = 0,
        closing: ThreadSample? = nil, host: [HostSample] = [], signals: Int = 0, inKernel: Int = 0, calls: [Int] = []
    ) -> StallCause {
        CauseClassifier.classify(
            baseline: baseline, samples: samples, closing: closing, call: call, host: host,
            interruptions: .init(count: signals, inKernel: inKernel, calls: calls), watchdogLatenessNs: late,
            thresholdNs: Self.threshold
        )
    }

    @Test func computingInUserCode() {
        let cause = classify(
            .at(25, state: "R", .running), [.at(50, cpu: 24, state: "R", user: 3, .running)]
        )
        #expect(cause.category == .computing)
        #expect(cause.summary.contains("100 % of it in user code"))
        #expect(abs(cause.shares.cpu - 0.96) < 0.001)
        #expect(!cause.hostAtFault)
        #expect(!cause.evidence.isEmpty)
    }

    @Test func computingInTheKernel() {
        let cause = classify(
            .at(25, state: "R", .running), [.at(50, cpu: 24, state: "R", user: 1, system: 3, .running)]
        )
        #expect(cause.category == .computingInKernel)
        #expect(cause.summary.contains("mostly in the kernel (75 %)"))
        #expect(!cause.hostAtFault)
    }

    @Test func tooBriefForClockTicksTheStacksTell() {
        let story: (ThreadSample, [ThreadSample]) = (
            .at(25, state: "R", .running), [.at(50, cpu: 24, state: "R", user: 1, system: 1, .running)]
        )
        #expect(classify(story.0, story.1).category == .computing)
        #expect(classify(story.0, story.1, signals: 3, inKernel: 2).category == .computingInKernel)
        #expect(classify(story.0, story.1, signals: 3, inKernel: 1).category == .computing)
        // Enough ticks outweigh what single moments say.
        let ticks = [ThreadSample.at(90, cpu: 64, state: "R", user: 6, .running)]
        #expect(classify(story.0, ticks, signals: 1, inKernel: 1).category == .computing)
    }

    @Test func theClosingSampleCompletesTheShares() {
        let base = ThreadSample.at(25, state: "R", .running)
        let cause = classify(base, [.at(50, .call(7))], closing: .at(225, cpu: 190, delay: 2, state: "R", .running))
        #expect(cause.category == .computing)
        #expect(abs(cause.shares.cpu - 0.95) < 0.001)
        // The state of the end is of another tick.
        let blocked = classify(.at(25, .call(7)), [.at(50, .call(7))], closing: .at(90, state: "T", .running))
        #expect(blocked.category == .blockedInSystemCall)
        // A baseline and an end are enough.
        #expect(classify(base, [], closing: .at(60, cpu: 30, .running)).category == .computing)
    }

    @Test(
        arguments: [
            ("clock_nanosleep", nil, "blocked in clock_nanosleep(2)"),
            ("read", "pipe:[123]", "blocked in read(2) on pipe:[123]"),
            ("connect", "10.0.0.7:5432", "blocked in connect(2) to 10.0.0.7:5432"),
            ("wait4", "pid 12", "blocked in wait4(2) for pid 12"),
        ] as [(String, String?, String)])
    func blocked(name: String, target: String?, summary: String) {
        let cause = classify(
            .at(25, .call(7)), [.at(50, .call(7))], BlockedCall(name: name, target: target)
        )
        #expect(cause.category == .blockedInSystemCall)
        #expect(cause.summary == summary)
        #expect(cause.systemCall == name)
        #expect(cause.target == target)
        #expect(cause.shares.waiting == 1)
        #expect(!cause.hostAtFault)
    }

    @Test func blockedWithoutAName() {
        let cause = classify(nil, [.at(50, .call(35))])
        #expect(cause.category == .blockedInSystemCall)
        #expect(cause.summary == "blocked in system call 35")
        #expect(cause.systemCall == "syscall-35")
    }

    @Test func lockWaitNamesItsOwner() {
        let cause = classify(
            .at(25, .call(202)), [.at(50, .call(202))],
            BlockedCall(name: "futex", target: "futex 0x10", lockOwner: "4242 (worker-2)")
        )
        #expect(cause.category == .lockWait)
        #expect(cause.lockOwner == "4242 (worker-2)")
        #expect(cause.summary == "waiting for a lock held by thread 4242 (worker-2)")
    }

    @Test func disk() {
        let cause = classify(
            .at(25, state: "D", .call(74)), [.at(50, state: "D", .call(74))],
            BlockedCall(name: "fsync", target: "/var/db")
        )
        #expect(cause.category == .disk)
        #expect(cause.summary == "waiting for the disk in fsync(2) on /var/db")
    }

    @Test func pageFaults() {
        let many = classify(.at(25, state: "D", .fault), [.at(50, cpu: 5, state: "D", faults: 9, .fault)])
        #expect(many.category == .pageFaultIO)
        #expect(many.summary.contains("9 major page faults"))
        #expect(classify(nil, [.at(50, state: "D", .fault)]).category == .pageFaultIO)
    }

    @Test func starved() {
        let byDelay = classify(.at(25, state: "R", .running), [.at(50, cpu: 5, delay: 20, state: "R", .running)])
        #expect(byDelay.category == .starved)
        #expect(byDelay.hostAtFault)
        // A thread that never ran has no run delay yet.
        let neverRan = classify(
            .at(25, state: "R", .running), [ThreadSample.at(50, state: "R", .running).slices(25)])
        #expect(neverRan.category == .starved)
        #expect(neverRan.summary.contains("100 %"))
        #expect(neverRan.hostAtFault)
    }

    @Test func aLackOfCPUTimeProvesNothingOverAFewMilliseconds() {
        let brief = classify(.at(46, state: "R", .running), [.at(50, state: "R", .running)])
        #expect(brief.category == .unknown)
        #expect(!brief.hostAtFault)
        // What is positive evidence remains so.
        #expect(classify(.at(46, .running), [.at(50, cpu: 4, state: "R", .running)]).category == .computing)
        #expect(classify(.at(46, .running), [.at(50, delay: 4, state: "R", .running)]).category == .starved)
        #expect(classify(.at(46, .call(7)), [.at(50, .call(7))]).category == .blockedInSystemCall)
    }

    /// Recorded on 2 CPUs with six hogs: a thread that syncs a file again and again for 215 ms was found ready to run at each look,
    /// since that is when the watchdog got a CPU as well; the kernel had counted 9 % of the time as waiting for a CPU.
    @Test func aThreadThatKeepsWaitingForADiskIsNotStarvedThoughItIsAlwaysFoundRunnable() {
        let samples = [
            ThreadSample.at(20, cpu: 1, delay: 1, state: "R", .running).slices(71),
            .at(41, cpu: 2, delay: 2, state: "R", .running).slices(150),
            .at(80, cpu: 4, delay: 5, state: "R", .running).slices(307),
        ]
        let base = ThreadSample.at(10, state: "R", .running).slices(30)
        let closing = ThreadSample.at(215, cpu: 11, delay: 19, .running).slices(900)
        let fsync = BlockedCall(name: "fsync", target: "/var/journal")
        let named = classify(base, samples, fsync, closing: closing, signals: 3, inKernel: 3, calls: [18, 74])
        #expect(named.category == .disk && !named.hostAtFault)
        #expect(named.summary == "waiting for the disk in fsync(2) on /var/journal")
        // Without the end, and without a name: then it says what it knows.
        let nameless = classify(base, samples)
        #expect(nameless.category == .mixed && !nameless.hostAtFault, "\(nameless.summary)")
        // It really waited for a CPU for most of the time, but for the disk for longer than a stall takes.
        let loaded = ThreadSample.at(215, cpu: 11, delay: 120, .running).slices(900)
        let both = classify(base, samples, fsync, closing: loaded, signals: 1, inKernel: 1, calls: [74])
        #expect(both.category == .disk && !both.hostAtFault)
        #expect(both.summary == "waiting for the disk in fsync(2) on /var/journal, and for a CPU 59 % of the time")
        // It hardly waited for anything else.
        let starved = ThreadSample.at(215, cpu: 11, delay: 180, .running).slices(900)
        #expect(classify(base, samples, fsync, closing: starved, calls: [74]).category == .starved)
    }

    /// A time slice more, and the wait before it is counted: only what came after the last one is not.
    @Test func onlyTheLastWaitForACPUIsNotCountedYet() {
        let base = ThreadSample.at(25, .call(7)).slices(4)
        let first = ThreadSample.at(30, cpu: 1, state: "R", .running).slices(5)
        func second(_ slices: UInt64) -> ThreadSample {
            ThreadSample.at(100, cpu: 1, state: "R", .running).slices(slices)
        }
        #expect(classify(base, [first, second(5)]).category == .starved)
        #expect(classify(base, [first, second(6)]).category == .starved)
        #expect(classify(base, [first, second(7)], BlockedCall(name: "nanosleep")).category == .blockedInSystemCall)
    }

    @Test func whatNobodyCountedWasTheHypervisorsIfItTookThatMuch() {
        let base = ThreadSample.at(25, state: "R", .running)
        let samples = [ThreadSample.at(50, cpu: 2, state: "R", .running)]
        let closing = ThreadSample.at(125, cpu: 20, state: "R", .running)
        let host = [HostSample(atNs: 1, stealNs: 0), HostSample(atNs: 2, stealNs: 70_000_000)]
        #expect(classify(base, samples, closing: closing, host: host).category == .stolen)
        #expect(classify(base, samples, closing: closing).category == .mixed)
    }

    /// 200 ms in read(2), then 250 ms in the run queue: without the read there would be no stall of the handler's making.
    @Test func blockedAndThenStarvedIsBlocked() {
        let samples = [ThreadSample.at(50, .call(0)), .at(100, .call(0)), .at(200, .call(0))]
        let closing = ThreadSample.at(475, cpu: 1, delay: 250, .running)
        let cause = classify(.at(25, .call(0)), samples, BlockedCall(name: "read"), closing: closing)
        #expect(cause.category == .blockedInSystemCall)
        #expect(!cause.hostAtFault)
        // Blocked for a moment only: the machine's.
        let brief = classify(.at(25, .call(0)), [.at(50, .call(0))], closing: .at(475, cpu: 1, delay: 430, .running))
        #expect(brief.category == .starved)
    }

    static let hungry: (ThreadSample, [ThreadSample]) = (
        .at(25, state: "R", .running), [.at(125, cpu: 10, delay: 88, state: "R", .running)]
    )

    @Test func throttledByTheQuota() {
        let before = HostSample(atNs: 25_000_000, throttledPeriods: 7, throttledNs: 1_000_000, stealNs: 0)
        let after = HostSample(atNs: 125_000_000, throttledPeriods: 8, throttledNs: 91_000_000, stealNs: 0)
        let cause = classify(Self.hungry.0, Self.hungry.1, host: [after, before])
        #expect(cause.category == .throttled)
        #expect(cause.hostAtFault)
        #expect(cause.summary.contains("quota"))
        #expect(cause.evidence.contains { $0.contains("throttled in 1 period, 90 ms") })
        #expect(Remedy.text(for: cause, frames: []).contains("not to blame"))
        // A quota that took little of it is not the reason.
        let little = HostSample(atNs: 125_000_000, throttledPeriods: 8, throttledNs: 11_000_000)
        #expect(classify(Self.hungry.0, Self.hungry.1, host: [before, little]).category == .starved)
        // A handler that sleeps in a throttled group sleeps.
        let asleep = classify(.at(25, .call(7)), [.at(125, .call(7))], host: [before, after])
        #expect(asleep.category == .blockedInSystemCall)
        #expect(!asleep.hostAtFault)
    }

    @Test func stolenByTheHypervisor() {
        let host = [HostSample(atNs: 25_000_000, stealNs: 40), HostSample(atNs: 125_000_000, stealNs: 80_000_040)]
        let cause = classify(Self.hungry.0, Self.hungry.1, host: host)
        #expect(cause.category == .stolen)
        #expect(cause.hostAtFault)
        #expect(Remedy.text(for: cause, frames: [.user("a()")]).contains("not to blame"))
        let busy = classify(.at(25, .running), [.at(125, cpu: 95, .running)], host: host)
        #expect(busy.category == .computing)
        #expect(!busy.hostAtFault)
    }

    /// SIGSTOP and SIGCONT: the watchdog slept on without waiting for a CPU.
    @Test func theWholeProcessWasHeld() {
        let gap = HostSample(
            atNs: 900_000_000, gapNs: 850_000_000, gapRunDelayNs: 1_000_000, gapTimeslices: 3)
        let asleep = classify(.at(25, .call(7)), [.at(900, .call(7))], late: 850_000_000, host: [gap, gap])
        #expect(asleep.category == .stopped)
        #expect(asleep.hostAtFault)
        #expect(asleep.summary.contains("849 ms"))
        // Over before anybody could look.
        #expect(classify(nil, [], host: [gap]).category == .stopped)
        let traced = HostSample(atNs: 9, tracer: 77, gapNs: 850_000_000, gapTimeslices: 2)
        #expect(classify(nil, [], host: [traced]).summary.contains("debugger"))
        // A watchdog that waited for a CPU was starved, not stopped.
        let starved = HostSample(
            atNs: 900_000_000, gapNs: 850_000_000, gapRunDelayNs: 840_000_000, gapTimeslices: 3)
        #expect(classify(.at(25, .call(7)), [.at(900, .call(7))], host: [starved]).category == .blockedInSystemCall)
        // A thread that computed all the while is to blame.
        let busy = classify(.at(25, .running), [.at(900, cpu: 870, state: "R", .running)], host: [gap])
        #expect(busy.category == .computing)
        // A short stop inside a long stall is not its cause.
        let short = HostSample(atNs: 900_000_000, gapNs: 60_000_000, gapTimeslices: 3)
        #expect(classify(.at(25, .call(7)), [.at(900, .call(7))], host: [short]).category == .blockedInSystemCall)
    }

    /// Recorded with six hogs: 200 ms stopped, and 440 ms until the threads had a CPU again.
    @Test func stoppedAndThenWithoutACPUIsTheMachinesAndBothAreNamed() {
        func run(_ delay: UInt64, of wall: UInt64) -> StallCause {
            let gap = HostSample(
                atNs: (wall - 5) * 1_000_000, gapNs: 330_000_000, gapRunDelayNs: 130_000_000, gapTimeslices: 3,
                wokeNs: (wall - 10) * 1_000_000)
            let samples = [ThreadSample.at(wall - 5, cpu: 8, delay: delay, state: "R", .running).slices(40)]
            return classify(
                .at(25, state: "R", .running), samples, closing: .at(wall, cpu: 9, delay: delay, .running).slices(40),
                host: [gap])
        }
        let mostlyWaiting = run(420, of: 665)
        #expect(mostlyWaiting.category == .starved && mostlyWaiting.hostAtFault)
        #expect(
            mostlyWaiting.summary
                == "the process was stopped from outside for 200 ms, and waited for a CPU for 420 ms")
        let mostlyStopped = run(190, of: 445)
        #expect(mostlyStopped.category == .stopped && mostlyStopped.summary.contains("waited for a CPU for 190 ms"))
        // Recorded: the watchdog, which comes first, stopped at once, the stalled thread got a CPU to stop on 150 ms later.
        let long = HostSample(
            atNs: 325_000_000, gapNs: 304_000_000, gapRunDelayNs: 200_000, gapTimeslices: 2, wokeNs: 324_000_000)
        let late = classify(
            .at(20, state: "R", .running), [], closing: .at(326, delay: 151, .running).slices(22), host: [long])
        #expect(late.category == .stopped && late.hostAtFault, "\(late.summary)")
        // Clocks of the stalled thread that went on while the watchdog slept: nobody was held.
        #expect(run(440, of: 475).summary.contains("stopped") == false)
    }

    /// Whoever is stopped and let go is woken twice. Late timers and hypervisors wake nobody.
    @Test func aLateTimerIsNoStop() {
        func gap(_ slices: UInt64) -> HostSample {
            HostSample(atNs: 901_000_000, gapNs: 850_000_000, gapTimeslices: slices, wokeNs: 899_000_000)
        }
        func asleep(_ slices: UInt64, cpu: UInt64 = 0) -> [ThreadSample] {
            var after = ThreadSample.at(900, cpu: cpu, .call(7))
            after.timeslices = 25 + slices
            return [after]
        }
        let before = ThreadSample.at(25, .call(7))
        #expect(classify(before, asleep(2), host: [gap(3)]).category == .stopped)
        // At load the thread has stopped, but not gone on, when the watchdog looks; one that ran needs no new slice to stop.
        #expect(classify(before, asleep(1), host: [gap(3)]).category == .stopped)
        var running = ThreadSample.at(900, cpu: 5, state: "R", .running)
        running.timeslices = 25
        #expect(classify(.at(25, state: "R", .running), [running], host: [gap(2)]).category == .stopped)
        // At load the CPU that is waited for after SIGCONT is part of the same sleep.
        var loaded = gap(3)
        loaded.gapRunDelayNs = 300_000_000
        #expect(classify(before, asleep(2), host: [loaded]).category == .stopped)
        // The watchdog was woken once, or the thread never.
        let late = classify(before, asleep(2), host: [gap(1)])
        #expect(late.category == .blockedInSystemCall)
        #expect(late.evidence.contains { $0.contains("was not held") })
        #expect(classify(before, asleep(0), host: [gap(3)]).category == .blockedInSystemCall)
        // It was on a CPU for longer than there was time besides.
        #expect(classify(before, asleep(9, cpu: 400), host: [gap(3)]).category != .stopped)
        // The hypervisor took the time.
        let first = HostSample(atNs: 25_000_000, stealNs: 0)
        var stolen = gap(3)
        stolen.stealNs = 840_000_000
        #expect(classify(before, asleep(2), host: [first, stolen]).category == .blockedInSystemCall)
    }

    /// What came before the call that stalls must not give it its name.
    @Test func theCallThatLastedLongestCounts() {
        let spawn = BlockedCall(name: "clone3")
        var spawning = ThreadSample.at(25, state: "D", .call(435))
        let waiting = [ThreadSample.at(50, .call(61))]
        #expect(
            CauseClassifier.dominantCall(baseline: spawning, samples: waiting, closing: .at(90, .running)) == 61)
        let twice = [ThreadSample.at(30, state: "D", .call(435)), .at(50, .call(61))]
        #expect(CauseClassifier.dominantCall(baseline: spawning, samples: twice, closing: .at(110, .running)) == 61)
        #expect(CauseClassifier.dominantCall(baseline: spawning, samples: twice) == 435)
        // Uninterruptible in another call.
        let cause = classify(spawning, waiting, BlockedCall(name: "wait4"), closing: .at(90, .running))
        #expect(cause.category == .blockedInSystemCall)
        // The parent of a vfork waits for its child, not for a disk.
        spawning = .at(50, state: "D", .call(435))
        #expect(classify(nil, [spawning], spawn).category == .blockedInSystemCall)
        #expect(classify(nil, [.at(50, state: "D", .call(74))], BlockedCall(name: "fsync")).category == .disk)
    }

    @Test func aLockWithoutAnOwnerSaysSo() {
        let cause = classify(.at(25, .call(202)), [.at(50, .call(202))], BlockedCall(name: "futex"))
        #expect(cause.category == .lockWait)
        #expect(cause.evidence.contains { $0.contains("names no owner") })
    }

    @Test(arguments: ["T", "t"] as [Character])
    func stopped(state: Character) {
        let cause = classify(.at(25, .call(7)), [.at(50, state: state, .call(7))])
        #expect(cause.category == .stopped)
        #expect(cause.hostAtFault)
    }

    @Test func mixed() {
        let cause = classify(.at(25, .call(7)), [.at(50, cpu: 12, delay: 3, state: "R", .running)])
        #expect(cause.category == .mixed)
        #expect(cause.summary == "mixed: 48 % computing, 12 % waiting for a CPU, 40 % blocked")
    }

    @Test func mixedNamesOnlyWhatTookTime() {
        let cause = classify(.at(25, .call(7)), [.at(50, cpu: 13, delay: 12, state: "R", .running)])
        #expect(cause.category == .mixed)
        #expect(cause.summary == "mixed: 52 % computing, 48 % waiting for a CPU")
    }

    @Test func unknown() {
        #expect(classify(nil, []).category == .unknown)
        let once = classify(nil, [.at(50, state: "R", .running)])
        #expect(once.category == .unknown)
        #expect(!once.hostAtFault)
    }

    @Test func lateWatchdogAccusesTheHostOnlyForARunnableThread() {
        let runnable = classify(nil, [.at(50, state: "R", .running)], late: 26_000_000)
        #expect(runnable.hostAtFault)
        #expect(runnable.evidence.contains { $0.contains("26 ms late") })
        let punctual = classify(nil, [.at(50, state: "R", .running)], late: 25_000_000)
        #expect(!punctual.hostAtFault)
        let blocked = classify(nil, [.at(50, .call(7))], BlockedCall(name: "read"), late: 400_000_000)
        #expect(!blocked.hostAtFault)
        let computing = classify(
            .at(25, state: "R", .running), [.at(125, cpu: 99, state: "R", .running)], late: 75_000_000
        )
        #expect(computing.category == .computing)
        #expect(!computing.hostAtFault)
    }

    @Test func theCallOfMostSamplesWinsAndTheLatestBreaksTies() {
        let cause = classify(.at(25, .call(1)), [.at(50, .call(2)), .at(100, .call(2))])
        #expect(cause.systemCall == "syscall-2")
        #expect(classify(.at(25, .call(1)), [.at(50, .call(2))]).systemCall == "syscall-2")
    }

    @Test func countersThatGoBackwardsAndSamplesOutOfOrderDoNotTrap() {
        var random = SplitMix(seed: 7)
        let states: [Character] = ["R", "S", "D", "T", "Z", "?"]
        for _ in 0..<2_000 {
            let samples = (0..<Int(random.next() % 5)).map { _ in
                ThreadSample(
                    atNs: random.next() >> (random.next() % 64), cpuNs: random.next(), runDelayNs: random.next(),
                    timeslices: random.next(), state: states[Int(random.next() % 6)], majorFaults: random.next(),
                    systemTicks: random.next(), userTicks: random.next(),
                    systemCall: [.running, .call(-1), .fault, .unavailable][Int(random.next() % 4)]
                )
            }
            let cause = classify(samples.last, samples, BlockedCall(name: ""), late: random.next())
            for share in [cause.shares.cpu, cause.shares.runDelay, cause.shares.waiting] {
                #expect(share >= 0 && share <= 1)
            }
            #expect(!cause.summary.isEmpty)
        }
        let backwards = classify(.at(50, cpu: 40, .call(7)), [.at(25, cpu: 80, .call(7))])
        #expect(backwards.category == .blockedInSystemCall)
    }
}

@Suite struct KindClassifierTests {
    @Test(
        arguments: [
            (0, 0, false, StallKind.loopWork), (1, 0, true, .singleJob), (5_000, 0, false, .singleJob),
            (300, 3, true, .overloadedTick), (300, 64, true, .yieldStarvation), (300, 64, false, .overloadedTick),
            (1, nil, false, .singleJob), (32, nil, true, .overloadedTick), (0, nil, true, .loopWork),
        ] as [(UInt64, UInt64?, Bool, StallKind)])
    func table(jobs: UInt64, moved: UInt64?, same: Bool, kind: StallKind) {
        #expect(KindClassifier.classify(jobsInTick: jobs, jobsMovedSinceThreshold: moved, sameScope: same) == kind)
    }
}

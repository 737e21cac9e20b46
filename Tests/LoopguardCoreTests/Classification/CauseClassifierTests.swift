import LoopguardCore
import Testing

@Suite struct CauseClassifierTests {
    static let threshold: UInt64 = 50_000_000

    func classify(
        _ baseline: ThreadSample?, _ samples: [ThreadSample], _ call: BlockedCall? = nil, late: UInt64 = 0
    ) -> StallCause {
        CauseClassifier.classify(
            baseline: baseline, samples: samples, call: call, watchdogLatenessNs: late, thresholdNs: Self.threshold
        )
    }

    @Test func computingInUserCode() {
        let cause = classify(
            .at(25, state: "R", .running), [.at(50, cpu: 24, state: "R", user: 2, .running)]
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
        #expect(cause.category == .computing)
        #expect(cause.summary.contains("mostly in the kernel (75 %)"))
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
        let neverRan = classify(.at(25, state: "R", .running), [.at(50, state: "R", .running)])
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

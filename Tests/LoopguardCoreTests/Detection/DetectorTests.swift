import LoopguardCore
import Testing

@Suite struct DetectorTests {
    static let options = Detector.Options.defaults { $0.thresholdNs = 100_000_000 }

    /// Threshold 100 ms = 10 characters. `b` is half of it, `!` the threshold and its doublings.
    @Test(arguments: [
        // Healthy: short ticks, never a baseline.
        "----##----###----####----",
        // Over half the threshold, but not over it: a baseline, no report.
        "--#####b##---",
        // One stall.
        "--#####b####!###----",
        // Doubling distances: 10, 20, 40, 80 characters after its beginning.
        "#####b####!#########!###################!#######################################!#####---",
        // Two stalls in a row are two.
        "--#####b####!##--#####b####!##--",
        // After a long idle phase, by the bell.
        "-" + String(repeating: ".", count: 300) + "#####b####!###--",
    ])
    func marbles(_ text: String) {
        // The drawing gives `b` at +5 characters and `!` at +10 after the first `#`: check it for the drawing's own sake.
        let marble = Marble(text)
        var dog = VirtualWatchdog()
        dog.run(marble, options: Self.options)
        let begins = marble.ticks.map { Int(($0.begin - Marble.origin) / Marble.step) }
        let captures = marble.ticks.enumerated().flatMap { index, tick in
            [10, 20, 40, 80].map { begins[index] + $0 }.filter { Marble.time($0) < tick.end }
        }
        #expect(dog.captures == captures)
        #expect(dog.captures.count == marble.expectedCaptures.count)
        #expect(dog.baselines.count == marble.expectedBaselines.count)
        let stalls = marble.ticks.filter { $0.end - $0.begin >= Self.options.thresholdNs }
        #expect(dog.ended.map(\.tick) == stalls.map(\.begin))
        #expect(dog.ended.map(\.duration) == stalls.map { $0.end - $0.begin })
        #expect(dog.ended.allSatisfy { $0.exact })
        #expect(dog.missed.isEmpty)
    }

    @Test func lateWatchdogReportsMissedStallsOnceAndExactly() {
        var dog = VirtualWatchdog()
        let marble = Marble("--############---------############--------------------------")
        dog.run(marble, options: Self.options, lateness: 170_000_000)
        let seen = dog.ended.map(\.tick) + dog.missed.map(\.beganNs)
        #expect(seen.sorted() == marble.ticks.map(\.begin))
        #expect((dog.ended.map(\.duration) + dog.missed.map(\.durationNs)).allSatisfy { $0 == 120_000_000 })
    }

    @Test func lostRecordEndsTheStallOnceWithItsLeastDuration() {
        var dog = VirtualWatchdog()
        dog.run(Marble("-###############------------------------"), options: Self.options, loseRecords: true)
        #expect(dog.ended.count == 1)
        #expect(dog.ended.first?.exact == false)
        #expect((dog.ended.first?.duration ?? 0) >= 100_000_000)
        #expect((dog.ended.first?.duration ?? 0) <= 150_000_000)
        #expect(dog.missed.isEmpty)
    }

    @Test func recordBeforeTheLookAndTwiceGivesOneEnd() {
        var detector = Detector(options: Self.options)
        _ = detector.observe(now: 1_000, busySince: 900, jobs: 0, tickFirstJob: 0, scope: 0)
        let captured = detector.observe(now: 200_000_000, busySince: 900, jobs: 0, tickFirstJob: 0, scope: 0)
        #expect(captured.count == 1)
        #expect(detector.isStalled)
        let end = detector.observeLate(beganNs: 900, durationNs: 250_000_000, jobs: 0, scope: 0)
        #expect(end == [.ended(tick: 900, durationNs: 250_000_000, exact: true)])
        #expect(detector.observeLate(beganNs: 900, durationNs: 250_000_000, jobs: 0, scope: 0) == [])
        // A begin mark that was read before the end does not open the stall again.
        #expect(detector.observe(now: 500_000_000, busySince: 900, jobs: 0, tickFirstJob: 0, scope: 0) == [])
        #expect(!detector.isStalled)
    }

    @Test func samplesAreLimited() {
        var options = Self.options
        options.maxSamples = 3
        var dog = VirtualWatchdog()
        dog.run(Marble(String(repeating: "#", count: 1_000)), options: options)
        #expect(dog.captures == [10, 20, 40])
        // Nothing left to do for a loop that is stuck for good: no wake-ups.
        #expect(dog.deepSleeps == 1)
    }

    @Test func overslept() {
        // First look at 350 ms: one capture, not three; since there is no baseline, another half a threshold later.
        var detector = Detector(options: Self.options)
        let first = detector.observe(now: 350_000_000, busySince: 1, jobs: 5, tickFirstJob: 4, scope: 7)
        guard case .capture(let index, let view) = first.first else {
            Issue.record("no capture: \(first)")
            return
        }
        #expect(index == 0)
        #expect(view.jobsInTick == 1)
        #expect(view.kind == .singleJob)
        #expect(view.scope == 7)
        #expect(detector.nextDeadline(now: 350_000_000) == 400_000_000)
    }

    @Test func kindsFromJobs() {
        func kind(_ jobs: [UInt64], scopes: [UInt64]) -> StallKind? {
            var detector = Detector(options: Self.options)
            var kind: StallKind?
            for (index, (count, scope)) in zip(jobs, scopes).enumerated() {
                let now = 1 + UInt64(index + 1) * 50_000_000
                for action in detector.observe(now: now, busySince: 1, jobs: count, tickFirstJob: 0, scope: scope) {
                    if case .capture(_, let view) = action { kind = view.kind }
                }
            }
            return kind
        }
        #expect(kind([0, 0], scopes: [0, 0]) == .loopWork)
        #expect(kind([3, 3], scopes: [9, 9]) == .singleJob)
        #expect(kind([100, 200], scopes: [9, 9]) == .yieldStarvation)
        #expect(kind([100, 200], scopes: [9, 8]) == .overloadedTick)
        #expect(kind([100, 110], scopes: [9, 9]) == .overloadedTick)
    }

    /// A thread without a CPU begins no job either, so one such interval among others says nothing.
    @Test func anIntervalWithoutACPUIsNoLongJob() {
        func kind(_ looks: [(ms: UInt64, jobs: UInt64, cpu: UInt64?)]) -> StallKind? {
            var detector = Detector(options: Self.options)
            var kind: StallKind?
            for look in looks {
                let actions = detector.observe(
                    now: 1 + look.ms * 1_000_000, busySince: 1, jobs: look.jobs, tickFirstJob: 0, scope: 9,
                    cpuNs: look.cpu.map { $0 * 1_000_000 })
                for action in actions { if case .capture(_, let view) = action { kind = view.kind } }
            }
            return kind
        }
        // Starved from 50 to 100 ms, then thousands of jobs of one handler.
        #expect(kind([(50, 900, 1), (100, 900, 1), (200, 9_000, 90)]) == .yieldStarvation)
        #expect(kind([(50, 900, nil), (100, 900, nil), (200, 9_000, nil)]) == .yieldStarvation)
        // The thread ran: one long job, then others.
        #expect(kind([(50, 900, 1), (100, 900, 50), (200, 9_000, 90)]) == .singleJob)
        // Blocked for most of the time.
        #expect(kind([(50, 900, 1), (100, 980, 1), (200, 980, 1)]) == .singleJob)
        // Few jobs for want of a CPU in one interval, many in all.
        #expect(kind([(50, 900, 1), (100, 910, 2), (200, 9_000, 90)]) == .yieldStarvation)
    }

    @Test func wakeUpsOfAnIdleLoop() {
        // A quiet second: at most one wake-up a threshold, then none.
        var dog = VirtualWatchdog()
        dog.run(Marble("-" + String(repeating: ".", count: 1_000)), options: Self.options)
        #expect(dog.deepSleeps >= 1)
        #expect(dog.wakeUps <= 13)
    }

    @Test func scheduleTakesTheEarliestLoop() {
        var idle = Detector(options: Self.options)
        _ = idle.observe(now: 1_000_000_000, busySince: 0, jobs: 0, tickFirstJob: 0, scope: 0, ticks: 1)
        var busy = Detector(options: Self.options)
        _ = busy.observe(now: 1_000_000_000, busySince: 980_000_000, jobs: 0, tickFirstJob: 0, scope: 0, ticks: 1)
        #expect(WatchdogSchedule.nextWake([idle], now: 1_000_000_000) == .at(1_050_000_000))
        #expect(WatchdogSchedule.nextWake([idle, busy], now: 1_000_000_000) == .at(1_030_000_000))
        #expect(WatchdogSchedule.nextWake([], now: 5) == .deepSleep)
        #expect(WatchdogSchedule.nextWake([Detector()], now: 5) == .at(5))
        #expect(WatchdogSchedule.nextWake([idle], now: 3_000_000_000) == .deepSleep)
    }

    @Test(arguments: [
        (UInt64(0), UInt64.max), (.max, 1), (5, 5), (.max, .max),
    ])
    func absurdClocksDoNotTrap(now: UInt64, busySince: UInt64) {
        var detector = Detector(options: .defaults { $0.thresholdNs = .max })
        _ = detector.observe(now: now, busySince: busySince, jobs: 0, tickFirstJob: .max, scope: .max, ticks: .max)
        _ = detector.observe(now: 0, busySince: 0, jobs: 0, tickFirstJob: 0, scope: 0, ticks: 0)
        _ = detector.observeLate(beganNs: .max, durationNs: .max, jobs: .max, scope: .max)
        _ = detector.nextDeadline(now: .max)
    }

    @Test func randomTimelinesNeverLoseOrDoubleAStall() {
        var random = SplitMix(seed: 42)
        for _ in 0..<200 {
            var text = "-"
            for _ in 0..<20 {
                text += String(repeating: "#", count: Int(random.next() % 40))
                text += String(repeating: random.next() % 2 == 0 ? "-" : ".", count: Int(random.next() % 30) + 1)
            }
            let marble = Marble(text + String(repeating: "-", count: 60))
            var dog = VirtualWatchdog()
            let lateness = random.next() % 3 * (random.next() % 200_000_000)
            dog.run(marble, options: Self.options, lateness: lateness)
            let stalls = marble.ticks.filter { $0.end - $0.begin >= Self.options.thresholdNs }
            let seen = (dog.ended.map(\.tick) + dog.missed.map(\.beganNs)).sorted()
            #expect(seen == stalls.map(\.begin), "lateness \(lateness): \(text)")
            // A tick of exactly the threshold is over at the moment of its capture.
            if lateness == 0 {
                let lost = dog.missed.filter { $0.durationNs > Self.options.thresholdNs }
                #expect(lost.isEmpty, "\(text)")
            }
        }
    }
}

struct SplitMix: RandomNumberGenerator {
    var state: UInt64
    init(seed: UInt64) { state = seed }
    mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var z = state
        z = (z ^ (z >> 30)) &* 0xbf58_476d_1ce4_e5b9
        z = (z ^ (z >> 27)) &* 0x94d0_49bb_1331_11eb
        return z ^ (z >> 31)
    }
}

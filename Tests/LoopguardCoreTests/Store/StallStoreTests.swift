import Testing

@testable import LoopguardCore

@Suite struct ReportPolicyTests {
    static let second: Int64 = 1_000_000_000

    @Test func doublingDistances() {
        var policy = ReportPolicy()
        let full = (1...20).filter { index in
            policy.decide(fingerprint: "a", nowNs: Int64(index)) != .suppressed
        }
        #expect(full == [1, 2, 4, 8, 16])
        #expect(policy.suppressed == 15)
    }

    @Test func oneNoisyPlaceDoesNotHideANewOne() {
        var policy = ReportPolicy()
        for index in 1...1_000 { _ = policy.decide(fingerprint: "noisy", nowNs: Int64(index)) }
        #expect(policy.decide(fingerprint: "new", nowNs: 1_001) == .full(suppressedBefore: 0))
    }

    @Test func atLeastOneInAWhileAndItSaysHowManyWereLeftOut() {
        var policy = ReportPolicy()
        for index in 1...7 { _ = policy.decide(fingerprint: "a", nowNs: Int64(index)) }
        #expect(policy.decide(fingerprint: "a", nowNs: 8) == .full(suppressedBefore: 3))
        #expect(policy.decide(fingerprint: "a", nowNs: 9) == .suppressed)
        #expect(policy.decide(fingerprint: "a", nowNs: 61 * Self.second) == .full(suppressedBefore: 1))
        #expect(policy.decide(fingerprint: "a", nowNs: 62 * Self.second) == .suppressed)
    }

    @Test func remembersBoundedlyAndForgetsTheOldest() {
        var options = ReportPolicy.Options()
        options.maxFingerprints = 3
        var policy = ReportPolicy(options: options)
        for index in 0..<100 { _ = policy.decide(fingerprint: "f\(index)", nowNs: Int64(index)) }
        #expect(policy.fingerprints == 3)
        // f99, seen last, is remembered: its 3rd is suppressed.
        _ = policy.decide(fingerprint: "f99", nowNs: 101)
        #expect(policy.decide(fingerprint: "f99", nowNs: 102) == .suppressed)
        #expect(policy.decide(fingerprint: "f99", nowNs: .min) == .full(suppressedBefore: 1))
        #expect(policy.decide(fingerprint: "f99", nowNs: .max) != .suppressed)
    }
}

@Suite struct StallStoreTests {
    @Test func aStallFromBeginningToEnd() {
        var store = StallStore()
        var report = StallReport.sample(durationMs: 60, ongoing: true)
        #expect(store.begin(report) == .full(suppressedBefore: 0))
        #expect(store.status(total: 0).ongoing.map(\.id) == [report.id])
        #expect(store.status(total: 0).recent.isEmpty)
        report.durationNs = 100_000_000
        report.samples.append(report.samples[0])
        store.update(report)
        #expect(store.status(total: 0).ongoing.first?.samples.count == 2)
        report.durationNs = 812_000_000
        store.finish(report, at: 1_812_000_000)
        let status = store.status(total: 9)
        #expect(status.total == 9)
        #expect(status.ongoing.isEmpty)
        #expect(status.recent.map(\.ongoing) == [false])
        #expect(status.sites.map(\.count) == [1])
        #expect(status.sites.first?.lastSeenUnixNs == 1_812_000_000)
        #expect(status.sites.first?.maxNs == 812_000_000)
    }

    @Test func ongoingGrowsUntilNowButNeverShrinks() {
        var store = StallStore()
        store.begin(.sample(startedMs: 1_000, durationMs: 60, ongoing: true, connections: 10))
        let later = store.status(total: 0, nowUnixNs: 3_050_000_000).ongoing[0]
        #expect(later.durationNs == 2_050_000_000)
        #expect(later.blast.connectionSeconds == 20)
        #expect(store.status(total: 0, nowUnixNs: 0).ongoing[0].durationNs == 60_000_000)
        #expect(store.status(total: 0, nowUnixNs: .min).ongoing[0].durationNs == 60_000_000)
        #expect(store.status(total: 0, nowUnixNs: .max).ongoing[0].durationNs > 60_000_000)
    }

    @Test func recentIsNewestFirstAndSuppressedOnesAreOnlyCounted() {
        var store = StallStore()
        for index in 1...9 {
            store.finish(.sample(id: "r\(index)", startedMs: Int64(index)), at: Int64(index) * 1_000_000)
        }
        let status = store.status(total: 9)
        #expect(status.recent.map(\.id) == ["r8", "r4", "r2", "r1"])
        #expect(status.suppressed == 5)
        #expect(status.sites.map(\.count) == [9])
        #expect(status.sites.map(\.suppressed) == [5])
    }

    @Test func sitesAreRankedByHarmAndTheLeastHarmfulMakesRoom() {
        var options = StallStore.Options()
        options.sites = 3
        options.recent = 2
        var store = StallStore(options: options)
        for (index, connections) in [5, 900, 1, 40, 7].enumerated() {
            store.finish(
                .sample(id: "r\(index)", fingerprint: "f\(connections)", connections: connections), at: Int64(index)
            )
        }
        let status = store.status(total: 5)
        // f1 had to go for f40, f5 for f7.
        #expect(status.sites.map(\.fingerprint) == ["f900", "f40", "f7"])
        #expect(status.evictedSites == 2)
        #expect(status.recent.count == 2)
    }

    @Test func aLoopHasOneStallAtATime() {
        var store = StallStore()
        store.begin(.sample(id: "a", ongoing: true))
        store.begin(.sample(id: "b", ongoing: true))
        store.begin(.sample(id: "c", worker: 2, ongoing: true))
        let status = store.status(total: 0)
        #expect(status.ongoing.map(\.id) == ["b", "c"])
        #expect(status.recent.map(\.id) == ["a"])
        store.update(.sample(id: "never begun"))
        store.finish(.sample(id: "a"), at: 5)
        #expect(store.status(total: 0).ongoing.count == 2)
    }

    @Test func ongoingIsBounded() {
        var options = StallStore.Options()
        options.ongoing = 4
        var store = StallStore(options: options)
        for index in 0..<50 { store.begin(.sample(id: "\(index)", loop: "loop-\(index)", ongoing: true)) }
        #expect(store.status(total: 0).ongoing.count == 4)
    }

    @Test func theWorstReportHasAStackIfAnyHas() {
        var store = StallStore()
        var blind = StallReport.sample(id: "blind", durationMs: 5_000)
        blind.samples = []
        store.finish(blind, at: 1)
        store.finish(.sample(id: "seen", durationMs: 60), at: 2)
        blind.id = "blind-2"
        store.finish(blind, at: 3)
        #expect(store.status(total: 3).sites.first?.worst.id == "seen")
        #expect(store.status(total: 3).sites.first?.maxNs == 5_000_000_000)
    }

    @Test func aSiteShowsTheCodesFaultBeforeALongerOneOfTheMachine() {
        var store = StallStore()
        var ours = StallReport.sample(durationMs: 60)
        ours.id = "ours"
        var machines = StallReport.sample(durationMs: 900)
        machines.id = "machine's"
        machines.cause.hostAtFault = true
        for report in [machines, ours, machines] { store.finish(report, at: 1) }
        let site = store.status(total: 3).sites.first
        #expect(site?.worst.id == "ours")
        #expect(site?.maxNs == 900_000_000)
    }

    @Test func aReportIsCutToItsLimits() {
        var report = StallReport.sample()
        let long = String(repeating: "é", count: 5_000)
        report.samples = (0..<50).map { index in
            StackSample(
                offsetNs: UInt64(index), validity: .verified,
                frames: Array(repeating: .user(long), count: 500)
            )
        }
        report.cause.evidence = Array(repeating: long, count: 99)
        report.scope?.correlation = long
        let cut = report.bounded()
        #expect(cut.samples.map(\.offsetNs) == [0, 43, 44, 45, 46, 47, 48, 49])
        #expect(cut.samples.allSatisfy { $0.frames.count == 128 })
        #expect(cut.samples[0].note == "372 outer frames left out")
        #expect(cut.cause.evidence.count == 16)
        #expect((cut.scope?.correlation.utf8.count ?? .max) <= 1_024)
        #expect(cut.scope?.correlation.hasSuffix("é…") == true)
        #expect(StallReport.sample().bounded() == StallReport.sample())
    }

    @Test func absurdFiguresDoNotTrap() {
        var store = StallStore()
        for harm in [Double.nan, .infinity, -1, .greatestFiniteMagnitude] {
            var report = StallReport.sample(id: "\(harm)")
            report.durationNs = .max
            report.startedAtUnixNs = .max
            report.blast.connectionSeconds = harm
            store.begin(report)
            store.finish(report, at: .min)
        }
        #expect(store.status(total: .max, nowUnixNs: .max).sites.first?.totalNs == .max)
    }
}

import Testing

@testable import LoopguardCore

struct StallGateTests {
    /// A run of so many ticks, with stalls of these lengths in milliseconds.
    private func figures(
        ticks: UInt64, _ lengths: [UInt64], budget: String, fingerprint: String = "00112233aabbccdd", lost: UInt64 = 0,
        lostMaxMs: UInt64 = 0
    ) throws -> RunFigures {
        var figures = RunFigures(tally: StallTally(boundsNs: try StallBudget(budget).boundsNs))
        for length in lengths { figures.tally.add(.sample(durationMs: length, fingerprint: fingerprint)) }
        figures.ticks = ticks
        figures.lateTicks = UInt64(lengths.count) + lost
        figures.maxNs = max(lengths.max() ?? 0, lostMaxMs) * 1_000_000
        return figures
    }

    private func judge(ticks: UInt64, _ lengths: [UInt64], _ budget: String) throws -> GateVerdict {
        StallGate(budget: try StallBudget(budget)).judge(
            try figures(ticks: ticks, lengths, budget: budget), nowUnixNs: 0)
    }

    @Test func aQuantileIsJudgedExactly() throws {
        // 100 ticks: p99 is the 99th, so one may be long, however long.
        #expect(try judge(ticks: 100, [900], "p99<60ms").isPassed)
        #expect(try judge(ticks: 100, [900, 59], "p99<60ms").isPassed)
        #expect(try !judge(ticks: 100, [900, 60], "p99<60ms").isPassed)
        #expect(try judge(ticks: 100, [900, 60], "p99<=60ms").isPassed)
        #expect(try !judge(ticks: 99, [900], "p99<60ms").isPassed)
        #expect(try judge(ticks: 10_000, Array(repeating: 70, count: 10), "p999<60ms").isPassed)
        #expect(try !judge(ticks: 10_000, Array(repeating: 70, count: 11), "p999<60ms").isPassed)
    }

    /// Against sorting all ticks.
    @Test func aQuantileIsTheOneByNearestRank() throws {
        var generator = SeededGenerator(seed: 7)
        for _ in 0..<300 {
            let ticks = Int.random(in: 1...400, using: &generator)
            let lengths = (0..<Int.random(in: 0...min(ticks, 40), using: &generator)).map { _ in
                UInt64.random(in: 50...90, using: &generator)
            }
            let percent = Int.random(in: 10...99, using: &generator)
            let limit = UInt64.random(in: 50...90, using: &generator)
            let all = (lengths + Array(repeating: 0, count: ticks - lengths.count)).sorted()
            let rank = (ticks * percent + 99) / 100
            let quantile = all[rank - 1]
            let verdict = try judge(ticks: UInt64(ticks), lengths, "p\(percent)<\(limit)ms")
            #expect(verdict.isPassed == (quantile < limit), "\(ticks) \(lengths) p\(percent)<\(limit)")
            let rule = verdict.rules[0]
            let ns = quantile * 1_000_000
            #expect(rule.atLeast <= ns)
            #expect(ns <= (rule.below ?? 0) || (ns == 0 && rule.below == 0))
        }
    }

    @Test func theOtherMetrics() throws {
        #expect(try judge(ticks: 10, [60, 80], "max<=80ms,count<3,total<141ms").isPassed)
        let verdict = try judge(ticks: 10, [60, 80], "max<80ms,count<2,total<140ms,count<=2")
        #expect(verdict.rules.map(\.isKept) == [false, false, false, true])
        // 4,120 connections, 10 ms over the threshold.
        #expect(try judge(ticks: 10, [60], "connection-seconds<41.3").isPassed)
        #expect(try !judge(ticks: 10, [60], "connection-seconds<41.1").isPassed)
    }

    @Test func aRuleOfARouteLooksAtItAlone() throws {
        #expect(try judge(ticks: 10, [600], "/ws/echo:max<60ms").isPassed)
        #expect(try !judge(ticks: 10, [600], "/ws/rooms/{room}:max<60ms").isPassed)
        #expect(try !judge(ticks: 10, [600], "/ws/rooms/{room}:count<1").isPassed)
    }

    @Test func nothingThatHappenedPassesEverything() throws {
        let verdict = try judge(ticks: 0, [], "p99<20ms,max<20ms,count<1,total<1ms")
        #expect(verdict.isPassed)
        #expect(verdict.text.contains("passed"))
    }

    @Test func lostDetailsAreTakenForTheWorst() throws {
        let budget = "p99<60ms,max<100ms,count<1"
        let run = try figures(ticks: 100, [], budget: budget, lost: 2, lostMaxMs: 300)
        let verdict = StallGate(budget: try StallBudget(budget)).judge(run, nowUnixNs: 0)
        #expect(verdict.rules.map(\.isKept) == [false, false, false])
        #expect(verdict.withoutDetails == 2)
        #expect(verdict.text.contains("2 late ticks without details"))
    }

    @Test func whatTheMachineDidCountsForNothing() throws {
        var run = try figures(ticks: 100, [], budget: "max<60ms")
        var report = StallReport.sample(durationMs: 700)
        report.cause.hostAtFault = true
        run.tally.add(report)
        var missed = StallReport.sample(id: "missed", durationMs: 700)
        missed.samples = []
        missed.watchdogLatenessNs = 40_000_000
        run.tally.add(missed)
        run.lateTicks = 2
        run.maxNs = 700_000_000
        let gate = StallGate(budget: try StallBudget("max<60ms,count<1,p99<60ms"), baseline: StallBaseline())
        let verdict = gate.judge(run, nowUnixNs: 0)
        #expect(verdict.isPassed)
        #expect(verdict.places.map(\.standing) == [.hostAtFault])
        #expect(verdict.places[0].count == 2)
    }

    // MARK: Baseline

    private func gate(_ accepted: [StallBaseline.Entry], budget: String = "max<60ms,p99<60ms") throws -> StallGate {
        StallGate(budget: try StallBudget(budget), baseline: StallBaseline(accepted: accepted))
    }

    private static let entry = StallBaseline.Entry(
        fingerprint: "00112233aabbccdd", reason: "issue 12", until: "2026-11-30", where: "old")
    /// 2026-12-01T00:00:00Z.
    private static let december: Int64 = 1_796_083_200_000_000_000

    @Test func acceptedStallsDoNotCount() throws {
        let run = try figures(ticks: 10, [700, 800], budget: "max<60ms,p99<60ms")
        let verdict = try gate([Self.entry]).judge(run, nowUnixNs: Self.december - 1)
        #expect(verdict.isPassed)
        #expect(verdict.places.map(\.standing) == [.accepted])
    }

    @Test func anExpiredEntryFails() throws {
        let run = try figures(ticks: 10, [70], budget: "max<1s")
        let verdict = try gate([Self.entry], budget: "max<1s").judge(run, nowUnixNs: Self.december)
        #expect(!verdict.isPassed)
        #expect(verdict.places.map(\.standing) == [.expired])
        #expect(verdict.text.contains("EXPIRED  00112233aabbccdd"))
    }

    @Test func aNewStallFailsWithAnEntryToPaste() throws {
        let run = try figures(ticks: 10, [70], budget: "max<1s", fingerprint: "0123456789abcdef")
        let verdict = try gate([Self.entry], budget: "max<1s").judge(run, nowUnixNs: 0)
        #expect(!verdict.isPassed)
        #expect(verdict.places.map(\.standing) == [.new])
        #expect(verdict.unused == [Self.entry])
        #expect(
            verdict.text.contains(
                #"{"fingerprint": "0123456789abcdef", "reason": "", "where": "SlowStore.load(_:) Sources/App/SlowStore.swift:17"}"#
            ), "\(verdict.text)")
        #expect(verdict.text.contains("unused in the baseline: 00112233aabbccdd old"))
        // The same without a baseline is only a stall.
        #expect(StallGate(budget: try StallBudget("max<1s")).judge(run, nowUnixNs: 0).isPassed)
    }

    @Test func aStallWithoutAStackCannotBeCompared() throws {
        var run = try figures(ticks: 10, [], budget: "max<1s")
        var missed = StallReport.sample(durationMs: 70, fingerprint: "fedcba9876543210")
        missed.samples = []
        missed.watchdogLatenessNs = 0
        run.tally.add(missed)
        run.lateTicks = 1
        #expect(try gate([], budget: "max<1s").judge(run, nowUnixNs: 0).places.map(\.standing) == [.notCompared])
        #expect(try !gate([], budget: "max<65ms").judge(run, nowUnixNs: 0).isPassed)
    }

    @Test func theVerdictIsJSON() throws {
        let run = try figures(ticks: 10, [70], budget: "max<1s")
        let verdict = try gate([], budget: "max<1s,p50<1s").judge(run, nowUnixNs: 0)
        #expect(try StallJSON.decode(GateVerdict.self, from: StallJSON.encode(verdict)) == verdict)
    }
}

/// SplitMix64: the same cases in every run.
private struct SeededGenerator: RandomNumberGenerator {
    var state: UInt64
    init(seed: UInt64) { state = seed }
    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }
}

import Testing

@testable import LoopguardCore

/// Random stalls, in any order, with any figures: the store never traps, and never grows beyond its limits.
@Suite struct StallStorePropertyTests {
    /// SplitMix64 (public domain algorithm by S. Vigna): the same events for the same seed.
    private struct Random: RandomNumberGenerator {
        var state: UInt64
        mutating func next() -> UInt64 {
            state &+= 0x9e37_79b9_7f4a_7c15
            var z = state
            z = (z ^ (z >> 30)) &* 0xbf58_476d_1ce4_e5b9
            z = (z ^ (z >> 27)) &* 0x94d0_49bb_1331_11eb
            return z ^ (z >> 31)
        }
    }

    private static func report(_ random: inout Random) -> StallReport {
        let times: [Int64] = [.min, -1, 0, 1, .max, Int64.random(in: 0...4_000_000_000_000, using: &random)]
        let lengths: [UInt64] = [0, 1, .max, UInt64.random(in: 0...10_000_000_000, using: &random)]
        let text = String(repeating: "ä", count: Int.random(in: 0...60, using: &random))
        var report = StallReport.sample(
            id: "id-\(Int.random(in: 0..<40, using: &random))", worker: Int.random(in: 0..<3, using: &random),
            loop: "loop-\(Int.random(in: 0..<30, using: &random))",
            fingerprint: "fp-\(Int.random(in: 0..<60, using: &random))",
            connections: [Int.min, -1, 0, 7, .max].randomElement(using: &random) ?? 0,
            frames: (0..<Int.random(in: 0...40, using: &random)).map { .user("f\($0)\(text)", text) })
        report.startedAtUnixNs = times.randomElement(using: &random) ?? 0
        report.durationNs = lengths.randomElement(using: &random) ?? 0
        report.thresholdNs = lengths.randomElement(using: &random) ?? 0
        report.blast.connectionSeconds = [0, -1, .nan, .infinity, 12.5].randomElement(using: &random) ?? 0
        report.samples = Array(repeating: report.samples[0], count: Int.random(in: 0...20, using: &random))
        report.related = Array(
            repeating: RelatedStack(
                role: .poolThread, tid: 1, thread: text, state: text,
                sample: report.samples.first
                    ?? StackSample(offsetNs: 0, validity: .notCaptured, frames: [])),
            count: Int.random(in: 0...12, using: &random))
        report.cause.evidence = Array(repeating: text, count: Int.random(in: 0...20, using: &random))
        return report
    }

    @Test(arguments: [1, 2, 3, 4, 5, 6] as [UInt64])
    func `sizes stay bounded and counts exact whatever happens`(seed: UInt64) throws {
        var random = Random(state: seed)
        var options = StallStore.Options()
        options.recent = 5
        options.sites = 7
        options.ongoing = 4
        options.timeline = 11
        options.report.samples = 3
        options.report.framesPerSample = 9
        options.report.related = 2
        options.report.evidence = 4
        options.report.textBytes = 40
        options.policy.maxFingerprints = 10
        var store = StallStore(options: options)
        for step in 0..<1_500 {
            let report = Self.report(&random)
            switch Int.random(in: 0..<4, using: &random) {
            case 0: store.begin(report)
            case 1: store.update(report)
            default: store.finish(report, at: report.startedAtUnixNs)
            }
            guard step % 50 == 0 else { continue }
            let now: Int64 = [.min, 0, .max, 5_000_000_000].randomElement(using: &random) ?? 0
            let status = store.status(total: 1, nowUnixNs: now)
            #expect(status.recent.count <= 5 && status.sites.count <= 7 && status.ongoing.count <= 4)
            #expect(status.timeline.count <= 11)
            for report in status.recent + status.ongoing + status.sites.map(\.worst) {
                #expect(report.samples.count <= 3 && report.related.count <= 2 && report.cause.evidence.count <= 4)
                for sample in report.samples + report.related.map(\.sample) {
                    #expect(sample.frames.count <= 9)
                    #expect(sample.frames.allSatisfy { ($0.function?.utf8.count ?? 0) <= 40 })
                }
            }
            #expect(status.sites.allSatisfy { ($0.history?.counts.count ?? 0) <= SiteHistory.minutes })
            // A text may be twice its size in JSON; each report is far below this.
            #expect(try StallJSON.encode(.sample([.sample(stalls: status)])).count < 400_000)
            // And whatever it holds can be shown.
            let cluster = ClusterStatus.sample([.sample(worker: 1, stalls: status), .sample(worker: 2, stalls: status)])
            #expect(!StallsPage.html(cluster).isEmpty && !StallsText.render(cluster).isEmpty)
            #expect(!FlameGraph.svg(StallsDocument(cluster)).isEmpty && !LoopsPage.html(cluster).isEmpty)
        }
    }
}

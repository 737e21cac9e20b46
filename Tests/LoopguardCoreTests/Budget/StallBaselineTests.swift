import Testing

@testable import LoopguardCore

struct StallBaselineTests {
    private func load(_ json: String) throws -> StallBaseline {
        let baseline: StallBaseline = try StallJSON.decode(from: Array(json.utf8))
        try baseline.validate()
        return baseline
    }

    @Test func aBaselineIsReadAndWritten() throws {
        let json = #"""
            {"version": 1, "accepted": [
              {"fingerprint": "00112233aabbccdd", "reason": "issue 12", "until": "2027-01-31", "where": "load"},
              {"fingerprint": "ffffffffffffffff", "reason": "start-up"}]}
            """#
        let baseline = try load(json)
        #expect(baseline.accepted.map(\.reason) == ["issue 12", "start-up"])
        #expect(baseline.accepted[0].where == "load")
        #expect(try load(String(decoding: StallJSON.encode(baseline), as: UTF8.self)) == baseline)
        #expect(try load(#"{"version": 1, "accepted": []}"#).accepted.isEmpty)
    }

    @Test(arguments: [
        (#"{"version": 1, "accepted": [{"fingerprint": "00112233aabbccdd", "reason": " "}]}"#, "has no reason"),
        (#"{"version": 1, "accepted": [{"fingerprint": "00112233aabbccdd"}]}"#, "has no reason"),
        (#"{"version": 1, "accepted": [{"fingerprint": "0011", "reason": "r"}]}"#, "16 hexadecimal digits"),
        (
            #"{"version": 1, "accepted": [{"fingerprint": "00112233aabbccdd", "reason": "r", "until": "2027-02-29"}]}"#,
            "no day"
        ),
        (
            #"{"version": 1, "accepted": [{"fingerprint": "00112233aabbccdd", "reason": "r", "until": "31.1.2027"}]}"#,
            "no day"
        ),
        (
            #"{"version": 1, "accepted": [{"fingerprint": "00112233aabbccdd", "reason": "r", "utnil": "2027-01-31"}]}"#,
            "utnil"
        ),
        (#"{"version": 2, "accepted": []}"#, "version"),
        (
            #"{"version": 1, "accepted": [{"fingerprint": "00112233aabbccdd", "reason": "r"}, {"fingerprint": "00112233aabbccdd", "reason": "s"}]}"#,
            "twice"
        ),
        (#"[]"#, "malformed"), (#"{"version": 1}"#, "accepted"),
    ])
    func whatCannotBeUsedIsRefused(json: String, word: String) {
        do {
            _ = try load(json)
            Issue.record("accepted: \(json)")
        } catch { #expect("\(error)".contains(word), "\(error)") }
    }

    @Test func daysEndAtMidnight() {
        #expect(CalendarDay("1970-01-01")?.endUnixNs == 86_400_000_000_000)
        #expect(CalendarDay("2026-11-30")?.endUnixNs == 1_796_083_200_000_000_000)
        #expect(
            CalendarDay("2028-02-29")?.endUnixNs == CalendarDay("2028-02-28").map { $0.endUnixNs + 86_400_000_000_000 })
        for text in [
            "", "2026", "2026-13-01", "2026-00-10", "2026-04-31", "2026-1-01", "+026-01-01", "1969-12-31", "2200-01-01",
        ] {
            #expect(CalendarDay(text) == nil, "\(text)")
        }
    }

    @Test func aNewBaselineKeepsReasonsAndLeavesOutWhatNamesNoPlace() {
        var tally = StallTally()
        tally.add(.sample(fingerprint: "00112233aabbccdd"))
        tally.add(.sample(fingerprint: "00112233aabbccdd", scope: nil))
        tally.add(.sample(fingerprint: "1111111111111111"))
        var missed = StallReport.sample(fingerprint: "2222222222222222")
        missed.samples = []
        tally.add(missed)
        let old = StallBaseline(accepted: [
            .init(fingerprint: "00112233aabbccdd", reason: "issue 12", until: "2027-01-31"),
            .init(fingerprint: "ffffffffffffffff", reason: "gone"),
        ])
        let new = old.covering(tally)
        #expect(new.accepted.map(\.fingerprint) == ["00112233aabbccdd", "1111111111111111"])
        #expect(new.accepted.map(\.reason) == ["issue 12", ""])
        #expect(new.accepted[0].until == "2027-01-31")
        #expect(new.accepted[0].where?.contains("SlowStore") == true)
        #expect(throws: StallBaselineError.self) { try new.validate() }
    }
}

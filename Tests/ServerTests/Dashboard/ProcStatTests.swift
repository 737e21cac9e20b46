import Testing

@testable import loopguard_server

struct ProcStatTests {
    @Test func theFirstLineIsAddedUp() throws {
        let text = "cpu  10 20 30 400 50 6 7 8 900 1000\ncpu0 1 2 3 4 5 6 7 8 9 10\nintr 1\n"
        let stat = try #require(ProcStat(parsing: text))
        #expect(stat == ProcStat(busy: 81, total: 531), "guest times are contained in user and nice")
    }

    @Test func oldKernelsHaveFourFields() {
        #expect(ProcStat(parsing: "cpu 1 2 3 4") == ProcStat(busy: 6, total: 10))
    }

    @Test(arguments: [
        "", "\n", "cpu", "cpu 1 2 3", "cpu0 1 2 3 4", "cpu a b c d", "cpu 1 2 3 -4", "cpu 1 2 3 4.5",
        "cpu 18446744073709551615 1 0 0", "intr 1 2 3 4\ncpu 1 2 3 4",
    ])
    func everythingElseIsRefused(_ text: String) { #expect(ProcStat(parsing: text) == nil) }

    @Test func useIsTheShareOfTheTimeBetween() {
        let first = ProcStat(busy: 100, total: 1000)
        #expect(ProcStat(busy: 150, total: 1200).percent(since: first) == 25)
        #expect(ProcStat(busy: 100, total: 1200).percent(since: first) == 0)
        #expect(ProcStat(busy: 300, total: 1200).percent(since: first) == 100)
        #expect(ProcStat(busy: 101, total: 1003).percent(since: first) == 33.3)
    }

    @Test func withoutTimeOrWithACounterThatWentBackThereIsNoValue() {
        let first = ProcStat(busy: 100, total: 1000)
        #expect(first.percent(since: first) == nil)
        #expect(ProcStat(busy: 99, total: 1001).percent(since: first) == nil)
        #expect(ProcStat(busy: 0, total: 0).percent(since: first) == nil)
    }
}

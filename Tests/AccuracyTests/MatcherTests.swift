import LoopguardCore
import Testing

@testable import loopguard_accuracy

@Suite struct MatcherTests {
    @Test func byTimeAndLoop() {
        let runs = [
            Sample.run(id: 0, milliseconds: 40),
            Sample.run(id: 1, at: Sample.began + Sample.ms(100), milliseconds: 40),
        ]
        let second = Sample.report(at: Sample.began + Sample.ms(100), milliseconds: 40)
        let result = Matcher.match(runs, [second])
        #expect(result.byRun[0] == nil)
        #expect(result.byRun[1]?.report.id == second.report.id)
        #expect(result.rest.isEmpty)
    }

    @Test func anotherLoopIsAnotherMatter() {
        let result = Matcher.match(
            [Sample.run(milliseconds: 40)], [Sample.report(milliseconds: 40, loop: "control")])
        #expect(result.byRun.isEmpty)
        #expect(result.rest.count == 1)
    }

    @Test func aReportBetweenRunsBelongsToNobody() {
        let result = Matcher.match(
            [Sample.run(milliseconds: 40)], [Sample.report(at: Sample.began + Sample.ms(200), milliseconds: 40)])
        #expect(result.rest.count == 1)
    }

    @Test(arguments: [false, true]) func theLargerShareWins(isFirst: Bool) {
        // The tick before and the planted one: both in the envelope.
        let short = Sample.report(at: Sample.began - Sample.ms(22), milliseconds: 22)
        let own = Sample.report(milliseconds: 40)
        let run = Sample.run(milliseconds: 40, slack: 30)
        let result = Matcher.match([run], isFirst ? [own, short] : [short, own])
        #expect(result.byRun[0]?.report.id == own.report.id)
        #expect(result.rest.map(\.report.id) == [short.report.id])
    }
}

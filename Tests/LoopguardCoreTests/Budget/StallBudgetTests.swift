import Testing

@testable import LoopguardCore

struct StallBudgetTests {
    @Test func rulesAreRead() throws {
        let budget = try StallBudget(
            "p99<20ms, max <= 200ms,p9999<1s,count<5,total<1.5s,/ws/{a:b}:max<50us,connection-seconds<0.5")
        #expect(
            budget.rules.map(\.metric) == [
                .quantile(numerator: 99, denominator: 100), .max, .quantile(numerator: 9999, denominator: 10_000),
                .count, .total,
                .max, .connectionSeconds,
            ])
        #expect(
            budget.rules.map(\.limit) == [
                20_000_000, 200_000_000, 1_000_000_000, 5, 1_500_000_000, 50_000, 500_000_000,
            ])
        #expect(budget.rules.map(\.isInclusive) == [false, true, false, false, false, false, false])
        #expect(budget.rules[5].route == "/ws/{a:b}")
        #expect(budget.rules[1].text == "max<=200ms")
        #expect(budget.boundsNs == [50_000, 20_000_000, 200_000_001, 1_000_000_000])
    }

    @Test(arguments: [
        "", "p99", "p99<", "p99<20", "p99<-1ms", "p99<20 min", "p9<20ms", "p99999<20ms", "p00<1ms", "q99<20ms",
        "max>1ms",
        "count<5ms", "count<1.5", "max<0ms", "max<25h", "max<99999999999999999999s", "p99<20ms,", ",", "/ws:p99<20ms",
        "/ws<20ms", "max<nanms", "max<1e3ms", "max<<1ms", "total<=", "max<1.2.3ms", "count<٣",
    ])
    func nonsenseIsRefusedWithTheRemedy(text: String) {
        let error = #expect(throws: StallBudgetError.self) { try StallBudget(text) }
        #expect(error?.code == .syntax)
        #expect((error?.message.count ?? 0) > 20)
    }

    @Test func tooManyRulesAreRefused() {
        #expect(throws: StallBudgetError.self) {
            try StallBudget(Array(repeating: "max<1s", count: 33).joined(separator: ","))
        }
    }

    @Test func aLimitBelowTheThresholdCannotBeJudged() throws {
        let budget = try StallBudget("p99<20ms,max<200ms,total<1ms,count<1")
        #expect(budget.objection(thresholdNs: 20_000_000) == nil)
        #expect(budget.objection(thresholdNs: 50_000_000)?.contains("at most 20 ms") == true)
        #expect(budget.objection(thresholdNs: 50_000_000)?.hasPrefix("p99<20ms ") == true)
        #expect(try StallBudget("max<500us").objection(thresholdNs: 50_000_000)?.contains("at least 1 ms") == true)
    }
}

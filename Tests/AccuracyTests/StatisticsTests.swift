import Testing

@testable import loopguard_accuracy

@Suite struct StatisticsTests {
    @Test func ranksAreMeasuredValues() {
        let distribution = Distribution(Array((1...100).reversed()))
        #expect(distribution.p50Ns == 50)
        #expect(distribution.p95Ns == 95)
        #expect(distribution.p99Ns == 99)
        #expect(distribution.maxNs == 100)
    }

    @Test func nothingHasNoRank() {
        let distribution = Distribution([])
        #expect(distribution.count == 0)
        #expect(distribution.p50Ns == nil)
        #expect(distribution.maxNs == nil)
    }

    @Test func oneValueIsEveryRank() {
        let distribution = Distribution([7])
        #expect(distribution.p50Ns == 7)
        #expect(distribution.p99Ns == 7)
    }

    @Test func shareReachesItsTargetOnlyWithEnough() {
        #expect(Share(good: 997, of: 1000).reaches(0.997))
        #expect(!Share(good: 996, of: 1000).reaches(0.997))
        #expect(Share().value == nil)
    }

    @Test(arguments: [(0.5, 1, "0.5"), (12.346, 2, "12.35"), (-1.04, 1, "-1.0"), (3, 0, "3"), (.nan, 2, "–")])
    func numbersAreRounded(value: Double, places: Int, text: String) {
        #expect(Text.number(value, places: places) == text)
    }
}

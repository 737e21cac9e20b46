import Testing

@testable import LoopguardLint

@Suite struct FeatureTests {
    @Test(arguments: Feature.all)
    func everyBlockingCallIsFoundAndNoNeighbour(feature: Feature) throws {
        let outcome = try FeatureCorpus.outcome.get()
        let expected = outcome.expected.filter { $0.hasPrefix("\(feature.name).swift:") }
        #expect(!expected.isEmpty, "the fixture expects something")
        #expect(outcome.found.filter { $0.hasPrefix("\(feature.name).swift:") } == expected)
    }

    @Test(arguments: ["Base", "Elsewhere"])
    func whatIsNotLinkedIsNotMet(module: String) throws {
        let outcome = try FeatureCorpus.outcome.get()
        let prefix = "\(module).swift:"
        #expect(outcome.found.filter { $0.hasPrefix(prefix) } == outcome.expected.filter { $0.hasPrefix(prefix) })
    }

    @Test func everyFixtureHasNeighboursThatStaySilent() throws {
        for feature in Feature.all {
            let blocking = feature.source.split(separator: "\n").filter { $0.contains("usleep(") }
            #expect(blocking.contains { !$0.contains("// expect:") }, "\(feature.name) has no negative neighbour")
        }
    }
}

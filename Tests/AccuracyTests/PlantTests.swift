import CAccuracy
import Foundation
import Testing

@testable import loopguard_accuracy

/// The planters themselves, on a thread of their own: nobody watches.
@Suite(.serialized) struct PlantTests {
    @Test(arguments: PlantCatalogue.all.map(\.name))
    func lastsAsLongAsAskedForAndMeasuresIt(name: String) throws {
        let directory = FileManager.default.temporaryDirectory.appendingPathComponent(
            "accuracy-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: directory) }
        let kind = try #require(PlantCatalogue.all.first { $0.name == name })
        let preparation = PlantPreparation(kinds: [kind], directory: directory.path, coldBytes: 4 << 20)
        // What this machine cannot do is said, with the reason.
        guard preparation.skipped.isEmpty else {
            #expect(preparation.skipped.first?.reason.isEmpty == false)
            return
        }
        let ns: UInt64 = 5_000_000
        let truth = kind.plant(ns: ns, site: preparation.site)
        #expect(truth.error == 0)
        // A millisecond of grace: helper threads start their clock a little before the planter does.
        #expect(truth.span.lengthNs >= ns - 1_000_000)
        #expect(truth.shortenedNs == 0)
        #expect(truth.cpuNs <= truth.span.lengthNs + 1_000_000)
        #expect(!kind.expected(truth).categories.isEmpty)
    }

    @Test func namesAreUnique() {
        #expect(Set(PlantCatalogue.all.map(\.name)).count == PlantCatalogue.all.count)
        #expect(Set(PlantCatalogue.all.map(\.function)).count == PlantCatalogue.all.count)
    }

    @Test func theSameSeedGivesTheSameNumbers() {
        var a = SeededGenerator(seed: 7)
        var b = SeededGenerator(seed: 7)
        var c = SeededGenerator(seed: 8)
        let first = (0..<4).map { _ in a.next() }
        #expect(first == (0..<4).map { _ in b.next() })
        #expect(first != (0..<4).map { _ in c.next() })
    }
}

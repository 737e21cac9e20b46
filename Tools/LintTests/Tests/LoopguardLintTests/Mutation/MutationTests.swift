import Foundation
import Testing

@testable import LoopguardLint

/// Blocking calls are planted at random places of clean code; how many are found is the linter's recall. `Tools/Accuracy/lint`
/// runs it with more seeds: `LOOPGUARD_MUTATION_SEEDS` says how many, `LOOPGUARD_MUTATION_JSON` and `…_TABLE` where figures go.
@Suite struct MutationTests {
    @Test func plantedCallsAreFound() throws {
        let environment = ProcessInfo.processInfo.environment
        let seeds = environment["LOOPGUARD_MUTATION_SEEDS"].flatMap(Int.init) ?? 3
        var report = MutationReport()
        let catalogue = try Catalogue.builtIn()
        for seed in 1...UInt64(min(max(1, seeds), 1000)) {
            let program = MutatedProgram(seed: seed)
            try Fixture.withFolder { folder in
                let built = try program.fixture.build(in: folder, languageMode: "5")
                report.add(
                    program, seed: seed, linter: try Self.linterLines(built, catalogue),
                    compiler: Others.noasyncLines(built.diagnostics),
                    names: Others.nameLines(program.texts, catalogue))
            }
        }
        print(report.table)
        for mistake in report.mistakes.prefix(40) { print(mistake) }
        if let path = environment["LOOPGUARD_MUTATION_JSON"] {
            let encoder = JSONEncoder()
            encoder.keyEncodingStrategy = .convertToSnakeCase
            encoder.outputFormatting = [.prettyPrinted, .sortedKeys]
            try encoder.encode(report).write(to: URL(filePath: path))
        }
        if let path = environment["LOOPGUARD_MUTATION_TABLE"] {
            try report.table.write(toFile: path, atomically: true, encoding: .utf8)
        }
        let linter = report.tools[0]
        #expect(report.plantedOnLoops > 100)
        #expect(linter.recall >= 0.95, "\(report.mistakes.joined(separator: "\n"))")
        #expect(linter.precision >= 0.95, "\(report.mistakes.joined(separator: "\n"))")
        #expect(report.tools[1].recall < linter.recall && report.tools[2].precision < linter.precision)
    }

    /// The measure itself: who knows no blocking call finds none, and the clean program is clean.
    @Test func theMeasureCanFail() throws {
        let program = MutatedProgram(seed: 1)
        try Fixture.withFolder { folder in
            let built = try program.fixture.build(in: folder, languageMode: "5")
            #expect(try Self.linterLines(built, Catalogue()).isEmpty)
        }
        try Fixture.withFolder { folder in
            let clean = MutatedProgram(seed: 1, density: 0)
            #expect(clean.mutations.isEmpty)
            let built = try clean.fixture.build(in: folder, languageMode: "5")
            #expect(try Self.linterLines(built, try Catalogue.builtIn()).isEmpty)
        }
    }

    @Test func aSeedAlwaysGivesTheSameProgram() {
        let (one, two) = (MutatedProgram(seed: 7), MutatedProgram(seed: 7))
        #expect(one.texts == two.texts)
        #expect(one.texts != MutatedProgram(seed: 8).texts)
        #expect(one.mutations.allSatisfy { $0.line > 0 })
    }

    private static func linterLines(_ built: Fixture.Built, _ catalogue: Catalogue) throws -> Set<String> {
        var configuration = try Fixture.configuration(of: built)
        let own = MutationTemplate.modules.filter(\.isOwn).map { "/\($0.name).swift" }
        configuration.sources = built.sources.filter { path in own.contains { path.hasSuffix($0) } }
        configuration.catalogue = catalogue
        let result = try Linter(configuration).run()
        return Set(
            result.findings.map { "\($0.place.path.split(separator: "/").last ?? ""):\($0.place.line)" })
    }
}

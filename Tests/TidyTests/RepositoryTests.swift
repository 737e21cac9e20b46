import Foundation
import Testing

/// The repository as it is, held to the rules. That each rule can fail is shown in ``RuleTests``.
@Suite struct RepositoryTests {
    let repository = Repository.current
    let sources = Repository.current.swiftFiles(in: "Sources", "Plugins")

    private func expectNone(_ findings: [Finding]) {
        #expect(findings.isEmpty, "\n\(findings.listing)")
    }

    @Test func theRepositoryIsFound() {
        #expect(repository.paths.contains("Package.swift"))
        #expect(repository.paths.contains("Tests/TidyTests/RepositoryTests.swift"))
        #expect(sources.count > 20)
        #expect(sources.allSatisfy { !$0.path.contains(".build") })
    }

    @Test func modulesImportOnlyWhatStandsBelowThem() {
        expectNone(repository.swiftFiles(in: "Sources").flatMap(ImportRules.repository.check))
    }

    @Test func switchedOffChecksSayWhy() {
        expectNone(repository.swiftFiles(in: "Sources", "Tests", "Tools", "Plugins").flatMap(CodeRules.safetyComments))
    }

    @Test func nothingTraps() {
        expectNone(sources.flatMap { CodeRules.traps($0) })
    }

    @Test func pureTestsDoNotSleep() {
        let pure = repository.swiftFiles(
            in: "Tests/LoopguardCoreTests", "Tests/LoopguardBusTests", "Tools/LintTests/Tests/LoopguardLintTests",
            "Tests/TidyTests")
        expectNone(pure.flatMap(CodeRules.sleeps))
    }

    @Test func nothingIsLeftUnfinished() {
        expectNone(
            repository.sources.filter { !$0.path.hasPrefix("Tests/TidyTests/") }.flatMap(
                CodeRules.unfinishedMarks))
    }

    @Test func filesAreShort() {
        expectNone(repository.sources.flatMap(CodeRules.length))
    }

    @Test func publicDeclarationsAreDocumented() {
        expectNone(sources.flatMap(DocumentationRule(protocolsIn: sources).check))
    }

    @Test func buildProductsAreNotCommitted() {
        // Outside git (a source archive) there is nothing to ask.
        expectNone(TreeRules.buildProducts(tracked: repository.trackedPaths() ?? []))
    }

    @Test func scriptsCanBeStarted() {
        expectNone(
            repository.sources.flatMap { file in
                TreeRules.executableBit(
                    file,
                    isExecutable: FileManager.default.isExecutableFile(
                        atPath: repository.root.appendingPathComponent(file.path).path))
            })
    }
}

import Foundation
import Testing

@testable import LoopguardLint

/// The pages are the rules' tests.
@Suite struct RulePageTests {
    /// Fenced Swift code below a heading.
    static func code(_ section: String, of page: String) -> String {
        let text = Rule.section(
            section, of: page.split(separator: "\n", omittingEmptySubsequences: false).map(String.init))
        let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
        return lines.drop { !$0.hasPrefix("```swift") }.dropFirst().prefix { $0 != "```" }.joined(separator: "\n")
            + "\n"
    }

    /// `// ←` stands for the page's rule, `// ← A B` for the named ones.
    static func expectations(_ text: String, _ id: String) -> [String] {
        text.split(separator: "\n", omittingEmptySubsequences: false).enumerated().flatMap { number, line -> [String] in
            guard let mark = line.firstRange(of: "// ←") else { return [] }
            let rules = line[mark.upperBound...].split(separator: " ").map(String.init)
            return (rules.isEmpty ? [id] : rules).map { "\(id):\(number + 1) \($0)" }
        }.sorted()
    }

    static func found(_ result: Linter.Result) -> [String] {
        result.findings.map { finding in
            let file = finding.place.path.split(separator: "/").last.map(String.init) ?? ""
            return "\(file.replacing(".swift", with: "")):\(finding.place.line) \(finding.rule)"
        }.sorted()
    }

    /// Findings are compared page by page, so that a failure names its page.
    private func compare(
        _ result: Linter.Result, _ expected: (String, String) -> [String], section: String, ids: [String]
    ) {
        let found = Dictionary(grouping: Self.found(result)) { String($0.prefix { $0 != ":" }) }
        for id in ids {
            let page = RulePage.text(for: id) ?? ""
            #expect(found[id] ?? [] == expected(Self.code(section, of: page), id), "\(section) of \(id)")
        }
    }

    @Test func badExamplesGiveTheirRuleAndGoodOnesNothing() throws {
        let examples = try PageProgram()
        defer { examples.remove() }
        let quiet = RulePage.ids.filter { $0 != "lock" && $0 != "stdio" }
        let bad = try examples.lint("Bad")
        #expect(bad.filesBySyntax == [])
        compare(bad, Self.expectations, section: "Bad", ids: quiet)
        compare(try examples.lint("Good"), { _, _ in [] }, section: "Good", ids: RulePage.ids)
        // What is off by default, with everything else in its way.
        let strict = try examples.lint("Bad", strict: true)
        compare(strict, Self.expectations, section: "Bad", ids: ["lock", "stdio"])
    }

    @Test func theSyntaxAloneFindsWhatStandsInOneFile() throws {
        let examples = try PageProgram(compiled: false)
        defer { examples.remove() }
        let bad = try examples.lint("Bad", syntaxOnly: true)
        let indexed: Set<String> = ["lock", "stdio", "needless-offload"]
        compare(bad, Self.expectations, section: "Bad", ids: RulePage.ids.filter { !indexed.contains($0) })
        compare(try examples.lint("Good", syntaxOnly: true), { _, _ in [] }, section: "Good", ids: RulePage.ids)
    }

    @Test func everyPageMarksItsRule() {
        for id in RulePage.ids {
            let bad = Self.code("Bad", of: RulePage.text(for: id) ?? "")
            #expect(Self.expectations(bad, id).contains { $0.hasSuffix(" \(id)") }, "\(id)")
            #expect(Self.code("Good", of: RulePage.text(for: id) ?? "").count > 20, "\(id)")
        }
    }

    @Test func everyRuleHasAPageAndEveryPageARule() throws {
        let catalogue = Set(try Catalogue.builtIn().sinks.map(\.rule))
        let structure = Set(StructuralRules.all.map(\.id))
        let own: Set<String> = [
            "declared-blocking", "suppression-invalid", "suppression-expired", "suppression-unused",
        ]
        #expect(catalogue.union(structure).union(own).symmetricDifference(RulePage.ids).sorted() == [])
    }

    @Test func thePagesAreTheDocumentation() throws {
        let folder = URL(filePath: #filePath).deletingLastPathComponent()
            .appending(path: "../../../../../Documentation/Rules").standardizedFileURL
        let files = try FileManager.default.contentsOfDirectory(atPath: folder.path).filter { $0.hasSuffix(".md") }
        #expect(files.sorted() == (RulePage.ids.map { $0 + ".md" } + ["README.md"]).sorted())
        let overview = try String(contentsOf: folder.appending(path: "README.md"), encoding: .utf8)
        for rule in Rule.all {
            let row = "| [\(rule.id)](\(rule.id).md) | \(rule.title) | \(rule.tier) | \(rule.severity.rawValue) |"
            #expect(overview.contains(row), "Documentation/Rules/README.md lacks the row: \(row)")
        }
    }

    @Test func rulesAreReadFromTheirPages() throws {
        #expect(Rule.all.map(\.id) == RulePage.ids)
        let rule = try #require(Rule.named("blocking-sleep"))
        #expect(rule.title == "Sleeps on an event loop or in a task.")
        #expect(rule.tier == "waits")
        #expect(rule.severity == .error)
        #expect(rule.help.hasPrefix("`sleep`, `usleep`"))
        #expect(rule.help.contains("Task.sleep"))
        #expect(Rule.named("nothing") == nil)
        for rule in Rule.all { #expect(rule.help.count > 60, "\(rule.id)") }
    }

    @Test func tiersAndSeveritiesAreThoseOfTheCatalogue() throws {
        for sink in try Catalogue.builtIn().sinks {
            #expect(Rule.named(sink.rule)?.tier == sink.tier.rawValue, "\(sink.rule)")
        }
    }
}

import Foundation
import Testing

@testable import LoopguardLint

@Suite struct ReportTests {
    /// All that a report can hold, with texts that have to be escaped.
    private func result(_ path: String = "/p/So urces/A:1.swift") -> Linter.Result {
        var result = Linter.Result()
        let place = Finding.Place(path: path, line: 2, column: 5)
        var first = Finding(
            rule: "blocking-sleep", severity: .error, place: place, message: "a <b> & \"c\" 100% done",
            sink: "usleep()",
            context: "an async function",
            path: [.init(place: place, text: "f(): x"), .init(place: place, text: "calls")],
            related: [.init(place: .init(path: "/else/B.swift", line: 1, column: 1), text: "g() reaches it too")],
            confidence: 0.9, key: "blocking-sleep > usleep() > f()")
        first.production = .init(stalls: 12, totalNs: 2_100_000_000, maxNs: 1, fingerprints: ["ff"])
        var second = first
        second.production = nil
        second.severity = .note
        second.path = []
        second.related = []
        result.findings = [first, second]
        second.allowance = .init(by: .comment, reason: "known", until: "2027-01-31")
        var third = second
        third.allowance = .init(by: .baseline, reason: "", until: nil)
        result.suppressed = [second, third]
        result.blindSpots = ["one", "two"]
        result.files = 3
        result.filesBySyntax = [path]
        result.unexplainedStalls = [
            .init(
                fingerprint: "00", stalls: 1, totalNs: 5, cause: "computing", function: "h()", file: "H.swift", line: 4,
                call: "memcpy", rule: "blocking-sleep", why: "because"),
            .init(fingerprint: "01", stalls: 1, totalNs: 5, cause: "unknown", why: "nobody knows"),
        ]
        return result
    }

    private func options() throws -> Renderer.Options {
        var options = Renderer.Options(root: "/p")
        options.rules = RuleInfo.all(try Catalogue.builtIn())
        return options
    }

    private func schema(_ name: String) throws -> JSONSchema {
        try JSONSchema(file: Repository.root.appending(path: "Documentation/\(name)"))
    }

    @Test func jsonIsThatOfTheSchema() throws {
        let text = Renderer.render(result(), as: .json, try options())
        let value = try JSONSerialization.jsonObject(with: Data(text.utf8))
        #expect(try schema("lint-report.schema.json").problems(value) == [])
        let empty = Renderer.render(Linter.Result(), as: .json, try options())
        #expect(
            try schema("lint-report.schema.json").problems(JSONSerialization.jsonObject(with: Data(empty.utf8))) == [])
        // The schema can fail.
        #expect(try !schema("lint-report.schema.json").problems(["version": 1, "other": 2]).isEmpty)
    }

    @Test func sarifIsThatOfTheSchema() throws {
        let text = Renderer.render(result(), as: .sarif, try options())
        let value = try #require(try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any])
        #expect(try schema("lint-sarif.schema.json").problems(value) == [])
        let run = try #require((value["runs"] as? [[String: Any]])?.first)
        let results = try #require(run["results"] as? [[String: Any]])
        #expect(results.count == 4)
        #expect(results[0]["codeFlows"] != nil)
        #expect(results[1]["codeFlows"] == nil)
        #expect(
            (results[2]["suppressions"] as? [[String: String]])?.first == [
                "kind": "inSource", "status": "accepted", "justification": "known",
            ])
        #expect(
            (results[3]["suppressions"] as? [[String: String]])?.first == ["kind": "external", "status": "accepted"])
        let prints = results.compactMap { ($0["partialFingerprints"] as? [String: String])?["loopguardPath/v1"] }
        #expect(Set(prints).count == 4, "two findings of one kind need fingerprints of their own")
        #expect(text.contains("\"uri\" : \"So%20urces/A%3A1.swift\""))
        #expect(text.contains("\"uri\" : \"file:///else/B.swift\""))
        let rules = ((run["tool"] as? [String: Any])?["driver"] as? [String: Any])?["rules"] as? [[String: Any]]
        #expect(rules?.map { $0["id"] as? String } == ["blocking-sleep"])
    }

    @Test func columnsOfSarifAreUTF16() throws {
        let package = try TinyPackage(["Sources/A.swift": "// x\nlet ä😀 = usleep(1)\n"], isCompiled: false)
        defer { package.remove() }
        let place = Finding.Place(path: package.path("Sources/A.swift"), line: 2, column: 14)
        let lines = SourceLines()
        #expect(lines.utf16Column(place, in: place.path) == 11)
        #expect(lines.excerpt(place)?.caret.count == 11)
        #expect(lines.excerpt(.init(path: place.path, line: 99, column: 1)) == nil)
    }

    @Test func githubEscapes() throws {
        let text = Renderer.render(result(), as: .github, try options())
        let first = try #require(text.split(separator: "\n").first)
        #expect(
            first.hasPrefix(
                "::error file=So urces/A%3A1.swift,line=2,col=5,title=blocking-sleep::a <b> & \"c\" 100%25 done"))
        #expect(first.contains("seen in production: 12 stalls, 2.1 s"))
        #expect(text.split(separator: "\n").count == 4)
    }

    @Test func checkstyleIsXML() throws {
        let text = Renderer.render(result(), as: .checkstyle, try options())
        #expect(text.contains("message=\"a &lt;b&gt; &amp; &quot;c&quot; 100% done (seen in production"))
        #expect(text.contains("severity=\"info\""))
        #expect(text.split(separator: "<error ").count == 3)
    }

    @Test func xcodeHasNotes() throws {
        let text = Renderer.render(result(), as: .xcode, try options())
        let lines = text.split(separator: "\n")
        #expect(lines.count == 4)
        #expect(lines[0].hasPrefix("/p/So urces/A:1.swift:2:5: error: a <b>"))
        #expect(lines[1] == "/p/So urces/A:1.swift:2:5: note: f(): x")
    }

    @Test func textTellsAll() throws {
        var colored = try options()
        let plain = Renderer.render(result(), as: .text, colored)
        for words in [
            "So urces/A:1.swift:2:5: error: a <b>", "seen in production: 12 stalls, 2.1 s", "confidence 90 %",
            "also /else/B.swift:1: g() reaches it too", "not seen:", "1 error, 0 warnings, 1 note in 3 files",
            "1 allowed by comments; 1 accepted by the baseline; 1 files by syntax alone",
            "stalls in production without a finding:", "h() (H.swift:4)",
        ] { #expect(plain.contains(words), "\(words)") }
        #expect(!plain.contains("\u{1B}"))
        colored.isColored = true
        #expect(Renderer.render(result(), as: .text, colored).contains("\u{1B}[1;31merror:"))
    }

    @Test(arguments: [
        (0, "0 ns"), (999, "999 ns"), (1500, "1.5 µs"), (180_000_000, "180 ms"), (2_100_000_000, "2.1 s"),
        (61_000_000_000, "1.0 min"), (UInt64.max, "5124095 h"),
    ])
    func durations(_ ns: UInt64, _ text: String) { #expect(TextReport.duration(ns) == text) }

    @Test func everyRuleCanBeExplained() throws {
        let rules = RuleInfo.all(try Catalogue.builtIn())
        #expect(Set(rules.map(\.id)).count == rules.count)
        for rule in rules {
            #expect(rule.explanation.contains(rule.id))
            #expect(!rule.summary.isEmpty)
        }
    }

    /// Watchdog and linter use the same words: LoopguardCore has the catalogue as a table.
    @Test func theTableOfTheRuntimeIsThatOfTheCatalogue() throws {
        let text = try String(contentsOf: Repository.root.appending(path: RuleTable.path), encoding: .utf8)
        #expect(text == RuleTable.swift(try Catalogue.builtIn()), "the catalogue has changed: run Tools/rule-table")
    }
}

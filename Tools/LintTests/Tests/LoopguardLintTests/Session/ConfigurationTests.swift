import Testing

@testable import LoopguardLint

@Suite struct ConfigurationTests {
    private func read(_ yaml: String) throws -> LintConfiguration {
        try LintConfiguration(yaml: yaml, file: "x.yml", root: "/p")
    }

    @Test func allKeysAreRead() throws {
        let it = try read(
            """
            version: 1
            paths: [Sources, "Tools/a b"]
            exclude: ["**/Generated/**"]
            tiers: [waits, lock]
            rules:
              blocking-file: off
              stdio: error
            fail-on: warning
            baseline: base.json
            catalogues: ops.yml
            event-loop: ["*.onMessage"]
            blocking-allowed: ["*.inBackground"]
            start-up:
              report: true
              functions: [prepare]
            minimum-sleep-ms: 2.5
            kdf: {cost: 6, rounds: 10_000}
            depth: 7
            minimum-confidence: 0.5
            index-store: out
            """)
        #expect(it.paths == ["Sources", "Tools/a b"])
        #expect(it.exclude == [Glob("**/Generated/**")])
        #expect(it.tiers == [.waits, .lock])
        #expect(it.rules == ["blocking-file": .off, "stdio": .error])
        #expect(it.ruleLines == ["blocking-file": 6, "stdio": 7])
        #expect(it.failOn == .warning)
        #expect(it.baseline == "base.json")
        #expect(it.catalogues == ["ops.yml"])
        #expect(it.eventLoop == ["*.onMessage"])
        #expect(it.blockingAllowed == ["*.inBackground"])
        #expect(it.includesStartup)
        #expect(it.startup == ["prepare"])
        #expect(it.minimumSleepMs == 2.5)
        #expect(it.kdfCost == 6)
        #expect(it.kdfRounds == 10_000)
        #expect(it.depth == 7)
        #expect(it.confidence == 0.5)
        #expect(it.indexStore == "out")
        #expect(it.root == "/p")
    }

    @Test func nothingIsTheDefault() throws {
        for text in ["", "# nothing\n", "version: 1\n"] {
            var expected = LintConfiguration()
            expected.file = "x.yml"
            expected.root = "/p"
            #expect(try read(text) == expected)
        }
    }

    @Test(arguments: [
        ("exclud: [a]", "x.yml:1: key `exclud` is not known; did you mean `exclude`?"),
        ("version: 1\ntires: [waits]", "x.yml:2: key `tires` is not known; did you mean `tiers`?"),
        ("zzzzzzzzzzzz: 1", "x.yml:1: key `zzzzzzzzzzzz` is not known. Known: "),
        ("tiers: [wait]", "x.yml:1: tier `wait` is not known; did you mean `waits`?"),
        ("rules:\n  a: of", "x.yml:2: setting `of` is not known; did you mean `off`?"),
        ("rules: [a]", "x.yml:1: rules must be a mapping"),
        ("version: 2", "x.yml:1: version 2 is not known"),
        ("fail-on: bad", "x.yml:1: severity `bad` is not known"),
        ("depth: 0", "x.yml:1: depth must be a number from 1 to 64"),
        ("depth: deep", "x.yml:1: depth must be a number from 1 to 64"),
        ("minimum-confidence: 1.1", "x.yml:1: minimum-confidence must be a number from 0 to 1"),
        ("minimum-sleep-ms: -1", "x.yml:1: minimum-sleep-ms must be a number from 0 to 3600000"),
        ("kdf:\n  cost: 5\n  round: 3", "x.yml:3: key `round` is not known; did you mean `rounds`?"),
        ("start-up:\n  report: perhaps", "x.yml:2: report must be true or false"),
        ("paths:\n  a: b", "x.yml:1: paths must be a list"),
        ("- a\n- b", "x.yml:1: the file must be a mapping"),
        ("paths: [a", "x.yml:1: is not YAML: "),
        ("depth: 3\ndepth: 4", "x.yml:1: has the same key twice: depth"),
    ])
    func whatIsWrongIsSaidWithItsLine(_ yaml: String, _ message: String) {
        let error = #expect(throws: ConfigurationError.self) { try read(yaml) }
        let text = error?.description ?? ""
        #expect(text.hasPrefix(message) || text.replacing(/:\d+:/, with: ":1:").hasPrefix(message), "\(text)")
    }

    @Test(arguments: [
        ("*.swift", "a/b/C.swift", true), ("Generated", "Sources/Generated/A.swift", true),
        ("Sources/Gen", "Sources/Gen/A.swift", true), ("Sources/Gen/", "Sources/Gen/A.swift", true),
        ("Sources/Gen", "Sources/Generated/A.swift", false), ("**/Gen/**", "a/b/Gen/c/D.swift", true),
        ("Sources/*/A.swift", "Sources/x/A.swift", true), ("Sources/*/A.swift", "Sources/x/y/A.swift", false),
        ("Sources/**/A.swift", "Sources/A.swift", true), ("./Sources/A?.swift", "Sources/AB.swift", true),
        ("A?.swift", "A.swift", false), ("", "A.swift", false), ("/A.swift", "b/A.swift", false),
        ("*a*a*a*a*a*a*a*b", String(repeating: "a", count: 2000), false),
    ])
    func patterns(_ pattern: String, _ path: String, _ matches: Bool) {
        #expect(Glob(pattern).matches(path) == matches, "\(pattern) \(path.prefix(40))")
    }

    @Test func shortSleepsAndCheapKeysAreExcused() throws {
        var it = LintConfiguration()
        it.minimumSleepMs = 10
        it.kdfCost = 8
        it.blockingAllowed = ["*.inBackground"]
        var catalogue = try Catalogue.builtIn()
        try it.apply(to: &catalogue)
        func isExcused(_ entry: String, _ argument: String, label: String? = nil) throws -> Bool {
            let sink = try #require(catalogue.sinks.first { $0.functions.contains(entry) })
            return sink.isExcused(entry: entry, arguments: [.init(label: label, text: argument, isClosure: false)])
        }
        #expect(try isExcused("c:usleep", "10_000"))
        #expect(try !isExcused("c:usleep", "10001"))
        #expect(try !isExcused("c:sleep", "1"))
        #expect(try !isExcused("c:usleep", "delay"))
        #expect(try isExcused("*.Bcrypt.hash", "8", label: "cost"))
        #expect(try !isExcused("*.Bcrypt.hash", "9", label: "cost"))
    }

    @Test func nearestNames() {
        #expect(NearestName.of("exlude", among: ["exclude", "paths"]) == "exclude")
        #expect(NearestName.of("catalogue", among: ["catalogues", "baseline"]) == "catalogues")
        #expect(NearestName.of("qqqq", among: ["exclude", "paths"]) == nil)
        #expect(NearestName.of("x", among: []) == nil)
        #expect(NearestName.distance("kitten", "sitting") == 3)
    }
}

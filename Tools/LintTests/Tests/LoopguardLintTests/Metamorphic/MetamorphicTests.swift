import Foundation
import Testing

@testable import LoopguardLint

/// What must not change a verdict does not, and what must does.
@Suite struct MetamorphicTests {
    /// What is said of one blocking call, without names and places.
    struct Verdict: Hashable, Comparable {
        var number: Int
        var rule: String
        var severity: Finding.Severity
        var steps: Int

        static func < (a: Verdict, b: Verdict) -> Bool { a.number < b.number }
    }

    private static func verdicts(_ program: ChainProgram) throws -> [Verdict] {
        try Fixture.withFolder { folder in
            let built = try program.fixture.build(in: folder)
            let result = try Linter(try Fixture.configuration(of: built)).run()
            return try result.findings.map { finding in
                Verdict(
                    number: try number(at: finding.place), rule: finding.rule, severity: finding.severity,
                    steps: finding.path.count)
            }.sorted()
        }
    }

    /// The first number behind a place: the argument of the call that stands there.
    private static func number(at place: Finding.Place) throws -> Int {
        let text = try String(contentsOfFile: place.path, encoding: .utf8)
        let lines = text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline)
        let rest = lines[(place.line - 1)...].prefix(2).joined(separator: "\n").utf8.dropFirst(place.column - 1)
        let digits = rest.drop { !(0x30...0x39).contains($0) }.prefix { (0x30...0x39).contains($0) }
        return try #require(Int(String(decoding: digits, as: UTF8.self)), "no number behind \(place)")
    }

    @Test func helpersHideNothingOffloadSilencesAndNamesAndLayoutDoNotMatter() throws {
        let plain = ChainProgram(.plain)
        let verdicts = try Self.verdicts(plain)
        for chain in plain.chains {
            let isFound = verdicts.contains { $0.number == chain.number }
            #expect(
                isFound == !chain.isOffloaded,
                "\(chain.depth) steps by \(chain.vehicle.rawValue)\(chain.isOffloaded ? ", offloaded" : "")")
        }
        #expect(Set(verdicts.map(\.number)).count == verdicts.count, "one finding for one blocking call")
        #expect(try Self.verdicts(ChainProgram(.other)) == verdicts)
    }

    /// The fixtures of all language features, with their own names changed, every line pushed down, tabs for blanks and carriage
    /// returns at the ends.
    @Test func featuresKeepTheirFindingsUnderOtherNamesAndLayout() throws {
        let outcome = try FeatureCorpus.outcome.get()
        var fixture = FeatureCorpus.fixture
        let names = Self.ownNames(fixture.modules.flatMap { $0.files.values })
        #expect(names.count > 150)
        for index in fixture.modules.indices {
            for (file, text) in fixture.modules[index].files {
                fixture.modules[index].files[file] = Self.rewritten(text, names)
            }
        }
        let (found, _, _) = try fixture.findings()
        let lines = found.map { finding -> String in
            var moved = finding
            moved.place.line /= 2
            return FeatureCorpus.line(moved)
        }
        #expect(lines.sorted() == outcome.found)
    }

    /// Names that the language or the standard library asks for.
    private static let kept: Set<String> = [
        "Interpolation", "wrappedValue", "projectedValue", "dynamicMember", "callAsFunction", "appendInterpolation",
        "appendLiteral", "makeAsyncIterator", "stringLiteral", "stringInterpolation", "literalCapacity",
        "interpolationCount", "baseName",
    ]

    private static func words(_ text: some StringProtocol) -> [Substring] {
        Substring(text).split { !$0.isLetter && !$0.isNumber && $0 != "_" }
    }

    private static func ownNames(_ texts: [String]) -> Set<String> {
        let keywords: Set<Substring> = [
            "func", "struct", "class", "enum", "actor", "protocol", "let", "var", "typealias",
        ]
        var names: Set<String> = []
        for text in texts {
            let words = words(text)
            for (keyword, name) in zip(words, words.dropFirst()) where keywords.contains(keyword) {
                let isCompound = name.first?.isUppercase == true || name.contains(where: \.isUppercase)
                if isCompound, name.count > 3, !name.hasPrefix("build"), !kept.contains(String(name)) {
                    names.insert(String(name))
                }
            }
        }
        return names
    }

    private static func rewritten(_ text: String, _ names: Set<String>) -> String {
        var out = ""
        var word = ""
        func flush() {
            out += names.contains(word) ? "\(word)Renamed" : word
            word = ""
        }
        for line in text.split(separator: "\n", omittingEmptySubsequences: false) {
            out += "// usleep(1) {\r\n"
            let blanks = line.prefix { $0 == " " }
            out += String(repeating: "\t", count: blanks.count / 4)
            for character in line.dropFirst(blanks.count) {
                if character.isLetter || character.isNumber || character == "_" {
                    word.append(character)
                } else {
                    flush()
                    out.append(character)
                }
            }
            flush()
            out += "\r\n"
        }
        return out
    }
}

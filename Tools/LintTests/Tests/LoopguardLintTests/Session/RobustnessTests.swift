import Foundation
import Testing

@testable import LoopguardLint

@Suite struct RobustnessTests {
    /// One good file beside the bad one: it must still be judged.
    private func judge(_ bad: Data, name: String = "Bad.swift") throws -> TinyPackage.Run {
        let package = try TinyPackage(
            ["Sources/App/Good.swift": "import Glibc\nfunc g() async { usleep(1) }\n"], isCompiled: false)
        defer { package.remove() }
        try package.write("Sources/App/\(name)", bad)
        let run = package.run { $0.syntaxOnly = true }
        #expect(run.rules.contains("blocking-sleep"))
        #expect(run.exit == .findings)
        return run
    }

    @Test func brokenCode() throws {
        let run = try judge(Data("func f( { [[[ \n class } \"abc\nfunc \n".utf8))
        #expect(run.blindSpots.contains { $0.contains("Bad.swift:1:") })
        #expect(run.blindSpots.count <= SourceFacts.maximumProblems)
    }

    @Test func invalidUTF8() throws {
        let run = try judge(Data("func f() {}\nlet x = \"".utf8) + Data([0xC3, 0x28, 0xFF]) + Data("\"\n".utf8))
        #expect(run.blindSpots.contains { $0.contains("Bad.swift:2:10: is not UTF-8 from here") }, "\(run.blindSpots)")
    }

    @Test(
        arguments: [
            ([], nil), ([0x41, 0xC3, 0xA4], nil), ([0xF0, 0x9F, 0x98, 0x80], nil), ([0xC0, 0x80], 0),
            ([0x41, 0x80], 1),
            ([0xE0, 0x80, 0x80], 0), ([0xED, 0xA0, 0x80], 0), ([0xF4, 0x90, 0x80, 0x80], 0), ([0xE2, 0x82], 0),
            ([0xFF], 0),
        ] as [([UInt8], Int?)])
    func firstInvalidByte(_ bytes: [UInt8], _ offset: Int?) {
        #expect(ParsedSource.firstInvalidUTF8(bytes) == offset)
    }

    @Test func aLongFile() throws {
        let lines = (0..<50_000).map { $0 % 10 == 0 ? "func f\($0)() { g(\($0)) }" : "// line \($0)" }
        #expect(try judge(Data(lines.joined(separator: "\n").utf8)).json["files"] as? Int == 2)
    }

    @Test(arguments: ["(", "[", "{ ", "if x { ", "f(", "a.b(c: ", "!", "((("])
    func deepNesting(_ open: String) throws {
        let text = "func f() { let x = " + String(repeating: open, count: 3000) + "\n}\n"
        #expect(try judge(Data(text.utf8)).json["files"] as? Int == 2)
    }

    @Test func longChains() throws {
        let chain = "let x = a" + String(repeating: ".b(1)", count: 3000) + "\n"
        let sum = "let y = 1" + String(repeating: " + f(2)", count: 3000) + "\n"
        let elseIf = "func f() { if a {}" + String(repeating: " else if b {}", count: 1500) + " }\n"
        #expect(try judge(Data((chain + sum + elseIf).utf8)).json["files"] as? Int == 2)
    }

    @Test func whatIsNoFile() throws {
        let package = try TinyPackage(
            ["Sources/App/Good.swift": "import Glibc\nfunc g() async { usleep(1) }\n"], isCompiled: false)
        defer { package.remove() }
        try #require(mkfifo(package.path("Sources/App/Pipe.swift"), 0o600) == 0)
        let run = package.run { $0.syntaxOnly = true }
        #expect(run.rules == ["blocking-sleep"])
        #expect(run.blindSpots.count == 1)
        #expect(run.blindSpots[0].hasSuffix("Pipe.swift: is no file"))
    }

    @Test func emptyAndOddFiles() throws {
        for text in ["", "\u{FEFF}func f() {}\n", "\0\0\0", "\r\n\r\n", "#!/usr/bin/env swift\n"] {
            #expect(try judge(Data(text.utf8)).json["files"] as? Int == 2)
        }
    }
}

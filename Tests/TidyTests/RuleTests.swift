import Testing

/// Every rule, shown something bad and something good: a check that cannot fail is worse than none.
@Suite struct RuleTests {
    private func file(_ text: String, path: String = "Sources/LoopguardCore/Sample.swift") -> SourceFile {
        SourceFile(path: path, text: text)
    }

    private func lines(_ findings: [Finding]) -> [Int] { findings.map(\.line) }

    // MARK: Telling code from comments

    @Test func commentsAndLiteralsAreNotCode() {
        let sample = file(
            #"""
            let a = "try! // no comment" // try! one
            /* as! /* nested */ still */ let b = 1
            let c = "\(value as! Int) \" as! " + #"raw " as! \(no)"#
            let d = """
                as! TODO
                """ + e
            """#)
        #expect(sample.code.count == sample.lines.count && sample.comments.count == sample.lines.count)
        #expect(sample.code[0] == "let a = \"\" ")
        #expect(sample.comments[0] == "// try! one")
        #expect(sample.code[1] == " let b = 1")
        #expect(sample.code[2] == "let c = \"\"value as! Int + \"\"")
        #expect(sample.code[4].trimmingPrefix(while: \.isWhitespace).isEmpty)
        #expect(sample.code[5] == " + e")
    }

    // MARK: Imports

    @Test(arguments: [
        "import Foundation", "public import NIOCore", "@testable import Loopguard", "import struct Foundation.Date",
        "@preconcurrency public import Logging", "    import Glibc", "@_spi(Testing) import NIOPosix",
    ])
    func aForbiddenImportIsFound(line: String) {
        let findings = ImportRules.repository.check(file("/// A.\n\(line)\n"))
        #expect(lines(findings) == [2])
        #expect(findings.first?.message.contains("must not import") == true)
    }

    @Test func bordersBetweenModulesHold() {
        func count(_ module: String, _ name: String) -> Int {
            ImportRules.repository.check(file("import \(name)", path: "Sources/\(module)/A.swift")).count
        }
        #expect(count("LoopguardCapture", "NIOCore") == 1)
        #expect(count("LoopguardRedis", "LoopguardWebSocket") == 1)
        #expect(count("LoopguardRedis", "Loopguard") == 1)
        #expect(count("LoopguardWebSocket", "LoopguardRedis") == 1)
        #expect(count("LoopguardBus", "NIOCore") == 1)
        #expect(count("LoopguardLint", "Loopguard") == 1)
        #expect(count("loopguard-server", "CUnwind") == 1)
        #expect(count("LoopguardBus", "DequeModule") == 0)
        #expect(count("loopguard-server", "LoopguardRedis") == 0)
    }

    @Test func oneFileMayImportWhatItsModuleMayNot() {
        #expect(
            ImportRules.repository.check(file("import Foundation", path: "Sources/LoopguardCore/JSON/StallJSON.swift"))
                .isEmpty)
        #expect(
            !ImportRules.repository.check(file("import NIOCore", path: "Sources/LoopguardCore/JSON/StallJSON.swift"))
                .isEmpty
        )
    }

    @Test func aModuleWithoutAnEntryIsFound() {
        let findings = ImportRules.repository.check(file("import Swift", path: "Sources/LoopguardUtils/A.swift"))
        #expect(findings.first?.message.contains("has no entry") == true)
    }

    @Test func anImportInACommentOrLiteralIsNone() {
        #expect(
            ImportRules.repository.check(file("// import NIOCore\nlet a = \"import NIOCore\"\nlet importer = b"))
                .isEmpty)
    }

    // MARK: Safety

    @Test(arguments: [
        "struct A: @unchecked Sendable {}", "nonisolated(unsafe) var a = 1", "let a = unsafeBitCast(b, to: Int.self)",
        "let a = unsafeDowncast(b, to: C.self)",
    ])
    func aSwitchedOffCheckWithoutAReasonIsFound(line: String) {
        #expect(lines(CodeRules.safetyComments(file("\n\(line)\n"))) == [2])
        #expect(lines(CodeRules.safetyComments(file("// SAFETY: too far.\n\n\n\n\n\(line)\n"))) == [6])
        #expect(lines(CodeRules.safetyComments(file("let reason = \"SAFETY:\"\n\(line)\n"))) == [2])
        #expect(CodeRules.safetyComments(file("// SAFETY: guarded by the lock.\n// (two lines)\n\(line)\n")).isEmpty)
        #expect(CodeRules.safetyComments(file("\(line)\n    // SAFETY: below.\n")).isEmpty)
        #expect(CodeRules.safetyComments(file("// \(line)\n")).isEmpty)
    }

    // MARK: Traps

    @Test(arguments: ["fatalError(\"no\")", "let a = try! b()", "let a = b as! C", "x = \"\\(y as! Z)\""])
    func aTrapIsFound(line: String) {
        #expect(lines(CodeRules.traps(file("\(line)\n"))) == [1])
        #expect(CodeRules.traps(file("// \(line)\n")).isEmpty)
    }

    @Test func onlyTheListedTrapIsAllowed() {
        let sample = file("let a = b as! C\nlet d = try! e()\n")
        let allowed = [CodeRules.AllowedTrap(path: sample.path, pattern: "as!", reason: "checked in the line above")]
        #expect(lines(CodeRules.traps(sample, allowing: allowed)) == [2])
        #expect(CodeRules.traps(file("let a = try b() as? C ?? d != e")).isEmpty)
    }

    // MARK: Sleeping, unfinished work, length

    @Test(arguments: ["Thread.sleep(forTimeInterval: 1)", "usleep(10)", "try await Task.sleep(for: .seconds(1))"])
    func aSleepIsFound(line: String) {
        #expect(lines(CodeRules.sleeps(file("a()\n\(line)"))) == [2])
        #expect(CodeRules.sleeps(file("let name = \"\(line)\"")).isEmpty)
    }

    @Test(arguments: ["TODO", "FIXME", "XXX"])
    func anUnfinishedMarkIsFound(mark: String) {
        #expect(lines(CodeRules.unfinishedMarks(file("a()\n// \(mark): later"))) == [2])
        #expect(lines(CodeRules.unfinishedMarks(file("# \(mark)", path: "Tools/run"))) == [1])
        #expect(CodeRules.unfinishedMarks(file("/// mktemp \(mark)XXX \(mark)S")).isEmpty)
        #expect(CodeRules.unfinishedMarks(file("let a = \"\(mark)\"")).isEmpty)
    }

    @Test func aLongFileIsFound() {
        let limit = CodeRules.maximumLines
        #expect(CodeRules.length(file(String(repeating: "a\n", count: limit))).isEmpty)
        #expect(
            CodeRules.length(file(String(repeating: "a\n", count: limit + 1))).first?.message.contains("split") == true)
    }

    // MARK: Documentation

    @Test(arguments: [
        "public struct A {}", "public func a() {}", "public static func a() {}", "public final class A {}",
        "public init(a: Int) {\n    b = a + 1\n}", "@inlinable public func a() {}", "open class A {}",
        "public enum A {}",
        "public protocol P {}", "public typealias Handler = () -> Void",
    ])
    func aMissingCommentIsFound(declaration: String) {
        let rule = DocumentationRule()
        #expect(lines(rule.check(file("\n\(declaration)\n"))) == [2])
        #expect(lines(rule.check(file("// Not a documentation comment.\n\(declaration)\n"))) == [2])
        #expect(rule.check(file("/// Says what.\n\(declaration)\n")).isEmpty)
        #expect(rule.check(file("/// Says what.\n@available(*, noasync)\n@inlinable\n\(declaration)\n")).isEmpty)
    }

    @Test func whatSpeaksForItselfNeedsNoComment() {
        let samples = [
            "public var a: Int", "func a() {}", "public init(a: Int, b: Int) {\n    self.a = a\n    self.b = b\n}",
            "public init(rawValue: String) { self.rawValue = rawValue }",
            "public func hash(into hasher: inout Hasher) {}",
            "public init() {}", "private struct B {}", "let c = \"public struct A {}\"",
        ]
        for sample in samples { #expect(DocumentationRule().check(file(sample)).isEmpty, "\(sample)") }
    }

    @Test func whatAProtocolExplainsNeedsNoSecondComment() {
        let bus = file("/// Carries.\npublic protocol Bus {\n    /// Sends.\n    func publish(_ a: Int)\n}\n")
        let implementation = file("\npublic func publish(_ a: Int) {}\npublic func other() {}\n")
        #expect(lines(DocumentationRule(protocolsIn: [bus]).check(implementation)) == [3])
    }

    // MARK: The tree

    @Test func aCommittedBuildProductIsFound() {
        let paths = [
            "Package.resolved", "Tools/Fuzz/Package.resolved", ".build/a", "Tests/__pycache__/a.pyc", "Package.swift",
        ]
        #expect(TreeRules.buildProducts(tracked: paths).map(\.path) == Array(paths.prefix(4)))
    }

    @Test func aScriptThatCannotBeStartedIsFound() {
        let script = file("#!/usr/bin/env bash\n", path: "Tools/run")
        #expect(TreeRules.executableBit(script, isExecutable: false).count == 1)
        #expect(TreeRules.executableBit(script, isExecutable: true).isEmpty)
        #expect(TreeRules.executableBit(file("let a = 1"), isExecutable: false).isEmpty)
    }
}

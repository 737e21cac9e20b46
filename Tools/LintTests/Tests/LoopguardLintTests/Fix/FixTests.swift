import Foundation
import Testing

@testable import LoopguardLint

@Suite struct FixTests {
    private struct Outcome {
        var text: String
        var plan: FixPlan
    }

    /// Fixes what the syntax finds in a file.
    private func fix(_ source: String, kind: Fix.Kind = .safe) throws -> Outcome {
        let folder = FileManager.default.temporaryDirectory.appending(path: "fix-\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(at: folder) }
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        let path = folder.appending(path: "A.swift").path
        try source.write(toFile: path, atomically: true, encoding: .utf8)
        var configuration = Linter.Configuration(
            syntaxOnly: [path], catalogue: try .builtIn(), today: "2026-11-24")
        configuration.hasStructuralRules = false
        let findings = try Linter(configuration).run().findings
        let bytes = Array(source.utf8)
        let plan = Fixer.plan(findings, path: path, bytes: bytes, trustsSyntax: true)
        let fixed = FixPlan.apply(plan.fixes.filter { $0.kind == kind }, to: bytes)
        return Outcome(text: String(decoding: fixed, as: UTF8.self), plan: plan)
    }

    private static let sleeps = """
        import Foundation
        func retry(_ delay: UInt32) async throws {
            // before
            sleep(2)  // behind
            usleep(/* µs */ 500)
            usleep( delay * 2 )
            _ = sleep(delay)
            if delay > 3 { Glibc.sleep(1) }
            func inner() async throws -> Int { usleep(7); return 1 }
            let later = { @Sendable () async throws -> Void in
                sleep(3)
                usleep(4)
            }
            _ = try await inner()
            try await later()
        }
        """
    private static let sleepsFixed = """
        import Foundation
        func retry(_ delay: UInt32) async throws {
            // before
            try await Task.sleep(for: .seconds(2))  // behind
            usleep(/* µs */ 500)
            try await Task.sleep(for: .microseconds(delay * 2))
            _ = try await Task.sleep(for: .seconds(delay))
            if delay > 3 { try await Task.sleep(for: .seconds(1)) }
            func inner() async throws -> Int { try await Task.sleep(for: .microseconds(7)); return 1 }
            let later = { @Sendable () async throws -> Void in
                try await Task.sleep(for: .seconds(3))
                try await Task.sleep(for: .microseconds(4))
            }
            _ = try await inner()
            try await later()
        }
        """

    @Test func sleepsInAsyncThrowingCode() throws {
        let source = Self.sleeps.replacing("import Foundation", with: "import Foundation\nimport Glibc")
        let outcome = try fix(source)
        #expect(
            outcome.text == Self.sleepsFixed.replacing("import Foundation", with: "import Foundation\nimport Glibc"))
        #expect(outcome.plan.refusals.map(\.reason) == ["there is a comment in the call"])
        // Once more changes nothing.
        #expect(try fix(outcome.text).text == outcome.text)
        #expect(try fix(outcome.text).plan.fixes == [])
    }

    @Test func threadSleepInAClosureThatSaysWhatItIs() throws {
        let outcome = try fix(
            "import Foundation\nfunc f(_ n: TimeInterval) async throws { Thread.sleep(forTimeInterval: n) }")
        #expect(outcome.text.hasSuffix("{ try await Task.sleep(for: .seconds(n)) }"))
    }

    @Test(arguments: [
        ("func f() async { usleep(1) }", "the code around it does not throw"),
        ("func f() async throws(Oops) { usleep(1); usleep(2) }", "the code around it throws Oops only"),
        ("func f() async throws { [1].forEach { _ in usleep(1) } }", "it is in a closure that does not say `async`"),
        ("actor A { func f() throws { usleep(1) } }", "it is in a function that is not `async`"),
        ("func f() async throws { defer { usleep(1) } }", "nothing can be awaited in `defer`"),
        ("func f() async throws { let left = sleep(1) }", "its result is used: `Task.sleep` has none"),
        ("func f() async throws -> UInt32 { sleep(1) }", "its result is returned"),
        ("func f() async throws { let x = if a { sleep(1) } else { sleep(2) } }", "it is part of an expression"),
        (
            "func f() async throws { do { usleep(1) } catch { } }",
            "the `catch` around it would get the cancellation too: decide what it is to do then"
        ),
        (
            "func f(_ l: NIOLock) async throws { l.lock(); usleep(1); l.unlock() }",
            "a lock is held here, and must not be held across an `await`"
        ),
        ("struct Task {}\nfunc f() async throws { usleep(1) }", "the file has a type `Task` of its own"),
        (
            "func f(_ t: timespec) async throws { nanosleep(t, nil) }",
            "nanosleep has no counterpart with the same arguments"
        ),
    ])
    func sleepsThatAreLeftToPeople(source: String, reason: String) throws {
        let outcome = try fix("import Glibc\n" + source)
        #expect(outcome.text == "import Glibc\n" + source)
        #expect(!outcome.plan.refusals.isEmpty)
        #expect(outcome.plan.refusals.allSatisfy { $0.reason == reason }, "\(outcome.plan.refusals.map(\.reason))")
    }

    @Test(arguments: [
        ("let x = try f.wait()", "let x = try await f.get()"),
        ("return try f.wait()", "return try await f.get()"),
        ("_ = try f.wait().count // how many", "_ = try await f.get().count // how many"),
        ("let x = try f.wait() + f.wait()", "let x = try await f.get() + f.get()"),
        ("try f\n        .wait()", "try await f\n        .get()"),
    ])
    func futures(before: String, after: String) throws {
        func source(_ body: String) -> String {
            "import NIOCore\nfunc g(f: EventLoopFuture<Int>) async throws {\n    \(body)\n}\n"
        }
        let outcome = try fix(source(before))
        #expect(outcome.text == source(after))
        #expect(try fix(outcome.text).text == source(after))
    }

    @Test(arguments: [
        ("let x = try? f.wait()", "`try?` hides errors, cancellation among them: decide what is to happen then"),
        ("let x = try! f.wait()", "`try!` would trap on cancellation too: decide what is to happen then"),
        ("let x = try y ?? f.wait()", "`??`, `&&` and `||` may not evaluate it, and cannot await"),
        (
            "try use(f.wait())", "there is no `try` before it, or something takes its result as an argument"
        ),
        ("[1].forEach { _ in let x = try f.wait() }", "it is in a closure that does not say `async`"),
    ])
    func futuresThatAreLeftToPeople(body: String, reason: String) throws {
        let source = "import NIOCore\nfunc g(f: EventLoopFuture<Int>) async throws { \(body) }"
        let outcome = try fix(source)
        #expect(outcome.text == source)
        #expect(outcome.plan.refusals.map(\.reason) == [reason])
    }

    @Test func offloadIsAProposal() throws {
        let source = """
            import Foundation
            func page(_ url: URL, in context: Context) async throws -> Int {
                let all = try Data(contentsOf: url).count
                let isThere = FileManager.default.fileExists(atPath: "/x")
                return all
            }
            """
        #expect(try fix(source).text == source)
        let outcome = try fix(source, kind: .preview)
        let diff = UnifiedDiff.text(path: "A.swift", from: Array(source.utf8), to: Array(outcome.text.utf8))
        #expect(
            diff == """
                --- a/A.swift
                +++ b/A.swift
                @@ -1,6 +1,6 @@
                 import Foundation
                 func page(_ url: URL, in context: Context) async throws -> Int {
                -    let all = try Data(contentsOf: url).count
                -    let isThere = FileManager.default.fileExists(atPath: "/x")
                +    let all = try await context.offload { try Data(contentsOf: url).count }
                +    let isThere = try await context.offload { FileManager.default.fileExists(atPath: "/x") }
                     return all
                 }
                \\ No newline at end of file

                """)
    }

    @Test func aFindingOfAnotherVersionOfTheFileIsRefused() throws {
        let place = Finding.Place(path: "A.swift", line: 9, column: 3)
        let finding = Finding(
            rule: "blocking-sleep", severity: .error, place: place, message: "", sink: "", context: "", path: [],
            related: [], confidence: 1, key: "")
        let plan = Fixer.plan([finding], path: "A.swift", bytes: Array("let x = 1\n".utf8))
        #expect(plan.fixes == [])
        #expect(plan.refusals.map(\.reason) == ["there is no call at this place; was the file changed?"])
        #expect(Fixer.plan([finding], path: "B.swift", bytes: []) == FixPlan())
    }

    @Test func filesAreChangedOnlyWhereTheMeaningIsCertain() throws {
        let source = """
            import Foundation
            func pause(_ context: Context) async throws {
                usleep(5)
                _ = try Data(contentsOf: URL(filePath: "/x"))
                [1].forEach { _ in usleep(6) }
            }
            struct Context: Sendable {
                func offload<T: Sendable>(_ body: @escaping @Sendable () throws -> T) async throws -> T { try body() }
            }
            """
        try Fixture.withFolder { folder in
            let built = try Fixture(modules: [(name: "App", files: ["App.swift": source])]).build(in: folder)
            let findings = try Linter(Fixture.configuration(of: built)).run().findings
            let path = try #require(built.sources.first)
            let dry = FileFixer.run(findings, root: folder.path, isDryRun: true)
            #expect(dry.changed == [])
            #expect(dry.preview.contains("+    try await Task.sleep(for: .microseconds(5))"))
            let outcome = FileFixer.run(findings, root: folder.path)
            #expect(outcome.changed == [path])
            #expect(outcome.refusals.map(\.reason) == ["it is in a closure that does not say `async`"])
            let text = try String(contentsOfFile: path, encoding: .utf8)
            #expect(text == source.replacing("usleep(5)", with: "try await Task.sleep(for: .microseconds(5))"))
            #expect(outcome.preview.hasPrefix("--- a/App/App.swift\n"))
            #expect(
                outcome.preview.contains(
                    "+    _ = try await context.offload { try Data(contentsOf: URL(filePath: \"/x\")) }"))
            #expect(!outcome.preview.contains("-    usleep"))
            // By syntax alone nothing is changed.
            try source.write(toFile: path, atomically: false, encoding: .utf8)
            let guesses = try Linter(.init(syntaxOnly: [path], catalogue: .builtIn(), today: "2026-11-24")).run()
                .findings
            #expect(FileFixer.run(guesses, root: folder.path).changed == [])
        }
    }

    /// With the compiler: what was fixed compiles, and the findings are gone.
    @Test func fixedCodeCompilesAndIsClean() throws {
        let stub = """
            public final class EventLoopFuture<Value: Sendable>: Sendable {
                public func wait() throws -> Value { fatalError() }
                public func get() async throws -> Value { fatalError() }
            }
            """
        let source = """
            import Foundation
            import NIOCore
            func retry(_ delay: UInt32, _ interval: TimeInterval, _ future: EventLoopFuture<String>) async throws -> Int {
                sleep(2)  // behind
                usleep(delay * 2)
                _ = sleep(delay)
                let text = try future.wait()
                let later = { @Sendable () async throws -> Void in
                    sleep(UInt32(interval))
                    usleep(4)
                }
                try await later()
                return try future.wait().count + text.count
            }
            """
        func judge(_ text: String) throws -> (Linter.Result, FixPlan) {
            var plan = FixPlan()
            let fixture = Fixture(modules: [
                (name: "NIOCore", files: ["NIO.swift": stub]), (name: "App", files: ["App.swift": text]),
            ])
            var path = ""
            let (findings, _, result) = try fixture.findings { path = $0.sources.last ?? "" }
            plan = Fixer.plan(findings, path: path, bytes: Array(text.utf8))
            return (result, plan)
        }
        let (before, plan) = try judge(source)
        #expect(before.findings.count == 7)
        #expect(plan.refusals == [])
        let fixed = String(decoding: FixPlan.apply(plan.fixes, to: Array(source.utf8)), as: UTF8.self)
        let (after, _) = try judge(fixed)
        #expect(after.findings == [])
        #expect(fixed.contains("return try await future.get().count + text.count"))
    }
}

@Suite struct UnifiedDiffTests {
    private func diff(_ old: String, _ new: String) -> String {
        UnifiedDiff.text(path: "a", from: Array(old.utf8), to: Array(new.utf8), context: 1)
    }

    @Test func nothingForNoDifference() {
        #expect(diff("a\nb\n", "a\nb\n") == "")
        #expect(diff("", "") == "")
    }

    @Test func changesFarApartAreHunksOfTheirOwn() {
        #expect(
            diff("a\nb\nc\nd\ne\nf\ng\n", "a\nB\nc\nd\ne\nF\ng\n")
                == "--- a/a\n+++ b/a\n@@ -1,3 +1,3 @@\n a\n-b\n+B\n c\n@@ -5,3 +5,3 @@\n e\n-f\n+F\n g\n")
    }

    @Test func insertedAndRemovedLines() {
        #expect(diff("a\nc\n", "a\nb\nc\n") == "--- a/a\n+++ b/a\n@@ -1,2 +1,3 @@\n a\n+b\n c\n")
        #expect(diff("a\nb\n", "a\n") == "--- a/a\n+++ b/a\n@@ -1,2 +1 @@\n a\n-b\n")
        #expect(diff("", "a\n") == "--- a/a\n+++ b/a\n@@ -0,0 +1 @@\n+a\n")
    }
}

import Foundation
import Testing

@testable import LoopguardLint

@Suite struct GitChangesTests {
    private func finding(_ line: Int, path: [Int] = []) -> Finding {
        Finding(
            rule: "r", severity: .error, place: .init(path: "/p/A.swift", line: line, column: 1), message: "",
            sink: "s",
            context: "", path: path.map { .init(place: .init(path: "/p/B.swift", line: $0, column: 1), text: "") },
            related: [], confidence: 1, key: "r > s")
    }

    @Test func hunksAreLinesOfTheNewText() {
        let changes = GitChanges(
            diff: """
                diff --git A.swift A.swift
                --- A.swift
                +++ A.swift
                @@ -1,2 +3,4 @@ func f() {
                +x
                @@ -10 +20 @@
                @@ -30,5 +40,0 @@
                --- B.swift
                +++ /dev/null
                @@ -1,9 +0,0 @@
                --- "sp\\303\\244t.swift"
                +++ "sp\\303\\244t.swift"
                @@ -0,0 +1 @@
                """, root: "/p")
        #expect(changes.lines["/p/A.swift"] == .some([3...6, 20...20, 40...41]))
        #expect(changes.lines["/p/spät.swift"] == .some([1...1]))
        #expect(changes.lines.count == 2)
        for line in [3, 6, 20, 40, 41] { #expect(changes.touches(finding(line))) }
        for line in [2, 7, 19, 21, 39, 42] { #expect(!changes.touches(finding(line))) }
    }

    @Test func aStepOfTheWayCountsToo() {
        let changes = GitChanges(diff: "+++ B.swift\n@@ -1 +7,2 @@", root: "/p")
        #expect(changes.touches(finding(1, path: [1, 8])))
        #expect(!changes.touches(finding(7, path: [1, 9])))
    }

    private func git(_ folder: String, _ arguments: String...) throws {
        let identity = ["-c", "user.name=t", "-c", "user.email=t@example.org", "-c", "commit.gpgsign=false"]
        let result = try ChildProcess.run("git", ["-C", folder] + identity + arguments)
        try #require(result.status == 0, "\(result.errors)")
    }

    @Test func onlyWhatTouchesTheChangeIsReported() throws {
        var files = TinyPackage.blocking
        files["Sources/App/Old.swift"] = "import Glibc\nfunc old() async {\n    sleep(3)\n}\n"
        files[".gitignore"] = ".build\n"
        let package = try TinyPackage(files)
        defer { package.remove() }
        try git(package.folder.path, "init", "-q")
        try git(package.folder.path, "add", "-A")
        try git(package.folder.path, "commit", "-qm", "a")
        #expect(package.run().rules.count == 2)
        #expect(package.run { $0.since = "HEAD" }.rules.isEmpty)
        #expect(package.run { $0.since = "HEAD" }.exit == .clean)
        // The caller has changed, the call that blocks has not.
        try package.write("Sources/App/Handler.swift", "func handle() async {\n    load()  // again\n}\n")
        try package.touch("Sources/App/Handler.swift", -1000)
        let run = package.run { $0.since = "HEAD" }
        #expect(run.rules == ["blocking-sleep"])
        #expect(run.exit == .findings)
        let wrong = package.run { $0.since = "nowhere" }
        #expect(wrong.exit == .usage)
        #expect(wrong.messages.count == 1)
        #expect(wrong.messages[0].hasPrefix("--since nowhere: git knows no such revision here"))
        #expect(package.run { $0.since = "--output=x" }.exit == .usage)
    }

    @Test func afolderWithoutGitIsNamed() throws {
        let package = try TinyPackage(TinyPackage.blocking, isCompiled: false)
        defer { package.remove() }
        let run = package.run { $0.since = "HEAD" }
        #expect(run.exit == .usage)
        #expect(run.messages.count == 1)
        #expect(run.messages.first?.contains("is in no git repository") == true)
    }
}

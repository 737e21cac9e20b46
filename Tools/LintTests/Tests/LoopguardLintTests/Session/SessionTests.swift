import Foundation
import Testing

@testable import LoopguardLint

@Suite struct SessionTests {
    @Test func exitCodesAndChoices() throws {
        let package = try TinyPackage(TinyPackage.blocking)
        defer { package.remove() }
        let plain = package.run()
        #expect(plain.exit == .findings)
        #expect(plain.rules == ["blocking-sleep"])
        #expect(plain.blindSpots == [])
        #expect(plain.messages == [])
        #expect(package.run().report == plain.report, "two runs give the same bytes")

        try package.write(".loopguard.yml", "rules:\n  blocking-sleep: warning\n")
        #expect(package.run().exit == .clean)
        #expect(package.run().rules == ["blocking-sleep"])
        #expect(package.run { $0.failOn = .warning }.exit == .findings)
        #expect(package.run { $0.strict = true }.exit == .findings)
        try package.write(".loopguard.yml", "rules:\n  blocking-sleep: off\n")
        #expect(package.run().rules == [])
        try package.write(".loopguard.yml", "exclude: [Store.swift]\n")
        #expect(package.run().json["files"] as? Int == 1)
        try package.write(".loopguard.yml", "rules:\n  blocking-slep: off\n")
        let wrong = package.run()
        #expect(wrong.exit == .usage)
        #expect(wrong.messages.count == 1)
        #expect(
            wrong.messages[0].hasSuffix(
                ".loopguard.yml:2: rule `blocking-slep` is not known; did you mean `blocking-sleep`? loopguard-lint --list-rules shows all"
            ))
        try package.write(".loopguard.yml", "path: [a]\n")
        #expect(package.run().messages[0].contains(".loopguard.yml:1: key `path` is not known; did you mean `paths`?"))
        #expect(package.run { $0.config = "none.yml" }.exit == .usage)
        try package.write(".loopguard.yml", "")
        #expect(package.run { $0.paths = ["nowhere"] }.exit == .usage)
        #expect(package.run { $0.catalogues = ["none.yml"] }.exit == .usage)
        try package.write("empty/readme", "")
        let empty = package.run { $0.paths = ["empty"] }
        #expect(empty.exit == .nothing)
        #expect(empty.messages.count == 1)
        #expect(package.run { $0.output = "out.json" }.report == "")
        #expect(
            FileManager.default.contents(atPath: package.path("out.json")).map { Array($0) } == Array(plain.report.utf8)
        )
        #expect(package.run { $0.output = "Sources" }.exit == .usage)
    }

    @Test func baselinesAcceptAndAge() throws {
        let package = try TinyPackage(TinyPackage.blocking)
        defer { package.remove() }
        #expect(package.run { $0.baseline = "b.json" }.exit == .usage)
        let written = package.run {
            $0.baseline = "b.json"
            $0.writeBaseline = true
        }
        #expect(written.exit == .clean)
        #expect(written.messages.count == 1)
        let accepted = package.run { $0.baseline = "b.json" }
        #expect(accepted.exit == .clean)
        #expect(accepted.rules == [])
        #expect(accepted.suppressed == 1)
        // Lines move, nothing else does.
        try package.write("Sources/App/Store.swift", "import Glibc\n\n\n// more\nfunc load() {\n    usleep(5)\n}\n")
        try package.compile(["Sources/App/Handler.swift", "Sources/App/Store.swift"])
        #expect(package.run { $0.baseline = "b.json" }.rules == [])
        // Repaired: the entry is out of use.
        try package.write("Sources/App/Store.swift", "func load() {}\n")
        try package.compile(["Sources/App/Handler.swift", "Sources/App/Store.swift"])
        let stale = package.run { $0.baseline = "b.json" }
        #expect(stale.rules == ["baseline-stale"])
        #expect(stale.exit == .clean)
    }

    @Test func commentsAllowWithAReason() throws {
        let lines = [
            "    // loopguard:allow(blocking-sleep) reason: tested\n    usleep(1)",
            "    usleep(2)  // loopguard:allow(blocking-sleep)",
            "    usleep(3)  // loopguard:allow(blocking-sleep) reason: old until: 2020-01-01",
            "    let x = 4  // loopguard:allow(blocking-sleep) reason: nothing\n    _ = x",
        ]
        let package = try TinyPackage([
            "Sources/App/A.swift": "import Glibc\nfunc f() async {\n\(lines.joined(separator: "\n"))\n}\n"
        ])
        defer { package.remove() }
        let run = package.run()
        #expect(run.suppressed == 1)
        #expect(
            run.rules.sorted() == [
                "blocking-sleep", "blocking-sleep", "suppression-expired", "suppression-invalid", "suppression-unused",
            ])
        let allowances = (run.json["suppressed"] as? [[String: Any]])?.compactMap {
            $0["allowance"] as? [String: String]
        }
        #expect(allowances == [["by": "comment", "reason": "tested"]])
    }

    // MARK: freshness

    @Test func withoutAnIndexFilesAreJudgedAlone() throws {
        let package = try TinyPackage(
            TinyPackage.blocking.merging(["Sources/App/Direct.swift": "import Glibc\nfunc g() async { usleep(1) }\n"]) {
                $1
            },
            isCompiled: false)
        defer { package.remove() }
        let run = package.run()
        #expect(run.rules == ["blocking-sleep"])
        #expect(run.exit == .findings)
        #expect(run.messages.count == 1)
        #expect(
            run.messages[0].contains("has no index of a debug build; run `swift build --build-tests`, or add --build"))
        #expect(run.blindSpots.count == 1)
        #expect(package.run { $0.syntaxOnly = true }.messages == [])
        try FileManager.default.createDirectory(
            atPath: package.path(".build/release"), withIntermediateDirectories: true)
        #expect(package.run().messages[0].contains("a release build only, which leaves no index"))
    }

    @Test func whatHasChangedSinceTheBuildIsSaid() throws {
        var files = TinyPackage.blocking
        files["Sources/App/Gone.swift"] = "import Glibc\nfunc gone() async { usleep(7) }\n"
        files["Tests/AppTests/T.swift"] = "func t() {}\n"
        let package = try TinyPackage(files)
        defer { package.remove() }
        #expect(package.run().rules.count == 2)
        #expect(
            package.run().blindSpots == [
                "Tests/AppTests/T.swift: not in the index: judged by its syntax alone; `swift build` leaves test targets out, "
                    + "use `swift build --build-tests`"
            ])
        // A deleted file's unit stays in the store.
        try FileManager.default.removeItem(atPath: package.path("Sources/App/Gone.swift"))
        let deleted = package.run()
        #expect(deleted.rules == ["blocking-sleep"])
        #expect(deleted.blindSpots.contains { $0.contains("Gone.swift: in the index, but deleted since") })
        // Newer than its unit.
        try package.write("Sources/App/Store.swift", "func load() {}\n")
        try package.touch("Sources/App/Store.swift", 100)
        let newer = package.run()
        #expect(newer.rules == [])
        #expect(newer.blindSpots.contains { $0.hasPrefix("Sources/App/Store.swift: has changed since it was built") })
        // Edited within the clock's resolution of the build: the times say nothing, the text does.
        try package.touch("Sources/App/Store.swift", -100)
        let same = package.run()
        #expect(same.rules == [])
        #expect(same.blindSpots.contains { $0.hasPrefix("Sources/App/Store.swift: is not the text that was built") })
    }

    @Test func aFailedCompileIsSaid() throws {
        let package = try TinyPackage(TinyPackage.blocking)
        defer { package.remove() }
        try package.write("Sources/App/Handler.swift", "func handle() async {\n    load()\n    let x: Int = \"s\"\n}\n")
        try #require(try !package.compile(["Sources/App/Handler.swift", "Sources/App/Store.swift"], mayFail: true))
        // The driver of a real build removes the object; so does swiftc for the file that failed.
        try? FileManager.default.removeItem(atPath: package.path(".build/debug/App.build/Handler.swift.o"))
        let run = package.run()
        #expect(run.rules == ["blocking-sleep"])
        #expect(run.blindSpots.contains { $0.contains("Handler.swift: the last compile failed") }, "\(run.blindSpots)")
    }

    @Test func aForeignOrDamagedIndexIsSaid() throws {
        let package = try TinyPackage(TinyPackage.blocking)
        defer { package.remove() }
        let other = try TinyPackage(
            ["Sources/App/B.swift": "import Glibc\nfunc g() async { usleep(1) }\n"], isCompiled: false)
        defer { other.remove() }
        let store = package.path(".build/debug/index/store")
        let foreign = other.run { $0.indexStore = store }
        #expect(foreign.rules == ["blocking-sleep"])
        #expect(
            foreign.blindSpots.contains {
                $0.contains("none of the 1 files is in this index, it is of another program")
            })
        // No store at all, and not even a library.
        let none = other.run { $0.indexStore = other.path("Sources") }
        #expect(none.rules == ["blocking-sleep"])
        #expect(none.messages.count == 1)
        #expect(none.messages[0].contains("holds no index (no v5/units in it)"))
        let noLibrary = package.run { $0.indexLibrary = "Package.swift" }
        #expect(noLibrary.messages.count == 1)
        #expect(noLibrary.messages[0].contains("Package.swift cannot be loaded"))
        #expect(noLibrary.exit != .nothing)
        // One unit damaged: the rest is still used.
        let units = try FileManager.default.contentsOfDirectory(atPath: store + "/v5/units")
        let unit = try #require(units.first { $0.hasPrefix("Handler.swift.o") })
        try Data("garbage".utf8).write(to: URL(filePath: store + "/v5/units/" + unit))
        let damaged = package.run()
        #expect(damaged.exit != .nothing)
        #expect(damaged.blindSpots.contains { $0.contains(unit) }, "\(damaged.blindSpots)")
        #expect(damaged.json["files"] as? Int == 2)
    }

    @Test func aBuildThatFailsIsThreeAndStillAnalyses() throws {
        let package = try TinyPackage(TinyPackage.blocking)
        defer { package.remove() }
        try package.write("Package.swift", "// swift-tools-version: 99.0\n")
        let run = package.run { $0.build = true }
        #expect(run.exit == .nothing)
        #expect(run.rules == ["blocking-sleep"])
        #expect(run.messages.count == 1)
        #expect(run.messages[0].contains("the build failed"))
    }
}

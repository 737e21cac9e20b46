import Foundation
import Testing

@testable import LoopguardLint

/// The program itself, as users start it.
@Suite struct CommandLineTests {
    private static let program =
        Bundle.allBundles.map(\.bundleURL).map { $0.deletingLastPathComponent() }
        .map { $0.appending(path: "loopguard-lint").path }.first { FileManager.default.isExecutableFile(atPath: $0) }
        ?? URL(filePath: CommandLine.arguments[0]).deletingLastPathComponent().appending(path: "loopguard-lint").path

    private func run(_ arguments: [String], _ environment: [String: String] = [:]) throws -> ChildProcess.Result {
        try ChildProcess.run(Self.program, arguments, environment: environment)
    }

    @Test(arguments: [
        (["--bad"], "Unknown option '--bad'"), (["--format", "yaml"], "--format yaml: choose text, json, sarif"),
        (["--fail-on", "x"], "--fail-on x: choose note, warning, error"), (["--format"], "Missing value"),
        (["--explain", "blocking-slep"], "no such rule; did you mean `blocking-sleep`?"),
        (["/nonexistent"], "/nonexistent: no such file or folder"), (["--config", "/nonexistent"], "cannot be read"),
    ])
    func whatIsWrongIsTwo(_ arguments: [String], _ words: String) throws {
        let result = try run(arguments)
        #expect(result.status == 2)
        #expect(result.output.isEmpty)
        #expect(result.errors.contains(words), "\(result.errors)")
    }

    @Test func helpRulesAndPages() throws {
        let help = try run(["--help"])
        #expect(help.status == 0)
        #expect(help.output.contains("Exit codes: 0 clean"))
        let rules = try run(["--list-rules"])
        #expect(rules.status == 0)
        #expect(rules.output.contains("blocking-sleep"))
        let page = try run(["--explain", "blocking-sleep"])
        #expect(page.status == 0)
        #expect(page.output.contains("Task.sleep"))
    }

    @Test func reportsGoToStandardOutputAndNothingElseDoes() throws {
        let package = try TinyPackage(
            ["Sources/A.swift": "import Glibc\nfunc g() async { usleep(1) }\n"], isCompiled: false)
        defer { package.remove() }
        let result = try run([package.folder.path, "--format", "json"])
        #expect(result.status == 1)
        #expect((try? JSONSerialization.jsonObject(with: Data(result.output.utf8))) != nil)
        #expect(result.errors.contains("no index of a debug build"))
        #expect(!result.errors.contains("\u{1B}"), "no progress where nobody watches")
        #expect(try !run([package.folder.path], ["NO_COLOR": "1"]).output.contains("\u{1B}"))
    }
}

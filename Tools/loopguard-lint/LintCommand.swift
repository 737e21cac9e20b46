import ArgumentParser
import Foundation
import LoopguardLint

@main
struct LintCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "loopguard-lint",
        abstract: "Finds calls that block an event loop, through the whole program.",
        discussion: """
            Reads the compiler's index of the last debug build: run `swift build --build-tests` first.
            Exit codes: 0 clean, 1 findings at or above --fail-on, 2 usage or configuration, 3 nothing could be analysed.
            """)

    @Argument(help: "Folders or files to judge; default: the package in the current folder.")
    var paths: [String] = ["."]
    @Option(help: "Folder of the index, which holds v5; default: that of the package's debug build.")
    var indexStore: String?
    @Option(help: "libIndexStore.so; default: that of the toolchain in PATH.")
    var indexLibrary: String?
    @Option(help: "text, json, sarif, github, xcode or checkstyle.")
    var format = "text"
    @Option(help: "Further catalogue files (YAML); repeatable.")
    var catalogue: [String] = []
    @Option(help: "The least severity that makes the exit code 1: error, warning or note.")
    var failOn = "error"
    @Flag(help: "Report locks, writes to standard output and start-up code as well.")
    var strict = false
    @Flag(help: "Print the rules and end.")
    var listRules = false

    func run() throws {
        // A damaged index may kill the compiler's library that reads it: a child does the reading.
        if let code = IndexReaderGuard().supervise() { throw ExitCode(code) }
        guard let format = Renderer.Format(rawValue: format) else {
            throw usage(
                "--format \(format): choose \(Renderer.Format.allCases.map(\.rawValue).joined(separator: ", "))")
        }
        guard let least = Finding.Severity(rawValue: failOn) else {
            throw usage("--fail-on \(failOn): choose error, warning or note")
        }
        var known: Catalogue
        do {
            known = try Catalogue.builtIn()
            for path in catalogue {
                guard let bytes = FileManager.default.contents(atPath: path) else {
                    throw usage("--catalogue \(path): cannot be read")
                }
                try known.add(yaml: String(decoding: bytes, as: UTF8.self), from: path)
            }
        } catch let error as CatalogueError { throw usage(error.description) }
        if listRules {
            for sink in known.sinks { print("\(sink.rule)\t\(sink.tier.rawValue)\tuse \(sink.replacement)") }
            return
        }
        let result = try lint(known)
        let root = FileManager.default.currentDirectoryPath
        var options = Renderer.Options(root: root)
        options.isColored = format == .text && isatty(STDOUT_FILENO) == 1
        FileHandle.standardOutput.write(Data(Renderer.render(result, as: format, options).utf8))
        if result.files == 0 { throw ExitCode(3) }
        if result.findings.contains(where: { $0.severity >= least }) { throw ExitCode(1) }
    }

    private func lint(_ known: Catalogue) throws -> Linter.Result {
        let sources = try SourceList.files(paths)
        guard let library = indexLibrary ?? Toolchain.find()?.indexLibrary else {
            throw failure(3, "no toolchain with libIndexStore.so in PATH; name it with --index-library")
        }
        guard let store = indexStore ?? SourceList.indexStore(near: paths) else {
            throw failure(
                3, "no index of a debug build here; run swift build --build-tests, or name it with --index-store")
        }
        var configuration = Linter.Configuration(
            sources: sources, indexStore: store, indexLibrary: library, catalogue: known, today: today())
        if strict {
            configuration.tiers = Set(Catalogue.Tier.allCases)
            configuration.includesStartup = true
        }
        do { return try Linter(configuration).run() } catch { throw failure(3, error.description) }
    }

    private func today() -> String {
        let parts = Calendar(identifier: .gregorian).dateComponents(in: .gmt, from: Date())
        func two(_ number: Int?) -> String { String(format: "%02d", number ?? 1) }
        return "\(parts.year ?? 1970)-\(two(parts.month))-\(two(parts.day))"
    }

    private func usage(_ message: String) -> any Error { failure(2, message) }

    private func failure(_ code: Int32, _ message: String) -> any Error {
        FileHandle.standardError.write(Data("loopguard-lint: \(message)\n".utf8))
        return ExitCode(code)
    }
}

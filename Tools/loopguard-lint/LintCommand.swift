import ArgumentParser
import Foundation
import LoopguardLint

@main
struct LintCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "loopguard-lint",
        abstract: "Finds calls that block an event loop, through the whole program.",
        usage: "loopguard-lint [PATH ...] [--build] [--format FORMAT] [OPTIONS]",
        discussion: """
            Reads the compiler's index of the last debug build: run `swift build --build-tests` first, or give --build.
            Without an index, only calls within a file are followed.
            Exit codes: 0 clean, 1 findings at or above the level that fails, 2 usage or configuration, 3 nothing could be analysed.
            Documentation/Lint.md tells more.
            """)

    @Argument(
        help: "Folders or files to judge; default: those of .loopguard.yml, else the package around the current folder."
    )
    var paths: [String] = []
    @Flag(help: "Build first: swift build --build-tests.")
    var build = false
    @Flag(help: "Judge the files one by one, by their syntax: direct calls, and calls within a file.")
    var syntaxOnly = false
    @Option(help: "Folder of the index, which holds v5; default: that of the package's debug build.")
    var indexStore: String?
    @Option(help: "libIndexStore.so; default: that of the toolchain in PATH.")
    var indexLibrary: String?

    @Option(help: "text, json, sarif, github, xcode or checkstyle.")
    var format = "text"
    @Option(help: "File for the report; default: standard output.")
    var output: String?
    @Option(help: "Configuration; default: .loopguard.yml of the package, if there is one.")
    var config: String?
    @Option(help: "Further catalogue files (YAML); repeatable.")
    var catalogue: [String] = []
    @Option(help: "The least severity that fails: error, warning or note; never: all is advice; default: error.")
    var failOn: String?
    @Flag(help: "Report locks, writes to standard output and start-up code as well; warnings fail.")
    var strict = false

    @Option(help: "Findings that are accepted.")
    var baseline: String?
    @Flag(help: "Accept all that is found now: write the baseline and end.")
    var writeBaseline = false
    @Option(help: "Only findings whose way touches lines changed since this git revision.")
    var since: String?
    @Option(help: "Mark what a server saw: its /debug/stalls.json, as URL or file.")
    var stalls: String?
    @Flag(help: "Make the changes that are safe.")
    var fix = false

    @Flag(help: "Print the rules and end.")
    var listRules = false
    @Option(help: "Print what there is to say about a rule and end.")
    var explain: String?
    @Flag(help: .hidden)
    var ruleTable = false

    /// ArgumentParser ends with 64 for a wrong flag; ours is 2, as documented.
    static func main() {
        do {
            var command = try parseAsRoot()
            try command.run()
        } catch {
            guard !(error is ExitCode), exitCode(for: error) != .success else { exit(withError: error) }
            FileHandle.standardError.write(Data((fullMessage(for: error) + "\n").utf8))
            Foundation.exit(LintExit.usage.code)
        }
    }

    func run() throws {
        if listRules || explain != nil || ruleTable { return try show() }
        var options = LintOptions(folder: FileManager.default.currentDirectoryPath, today: today())
        options.paths = paths
        options.build = build
        options.syntaxOnly = syntaxOnly
        options.indexStore = indexStore
        options.indexLibrary = indexLibrary
        options.format = try choice("--format", format, Renderer.Format.allCases)
        options.output = output
        options.config = config
        options.catalogues = catalogue
        options.isAdvice = failOn == "never"
        if let failOn, !options.isAdvice {
            options.failOn = try choice("--fail-on", failOn, Finding.Severity.allCases, also: ", never")
        }
        options.strict = strict
        options.baseline = baseline
        options.writeBaseline = writeBaseline
        options.since = since
        options.stalls = stalls
        options.fix = fix
        options.isColored = options.format == .text && output == nil && Terminal.showsColors(STDOUT_FILENO)
        // A damaged index may kill the compiler's library that reads it: a child does the reading.
        if let code = IndexReaderGuard().supervise() { throw ExitCode(code) }
        let code = LintSession(options, Terminal.console()).run().code
        if code != 0 { throw ExitCode(code) }
    }

    private func show() throws {
        let catalogue: Catalogue
        do { catalogue = try Catalogue.builtIn() } catch { throw failure(error.description) }
        let rules = RuleInfo.all(catalogue)
        if ruleTable {
            Terminal.write(RuleTable.swift(catalogue), to: STDOUT_FILENO)
        } else if let explain {
            guard let rule = rules.first(where: { $0.id == explain }) else {
                throw failure("--explain \(explain): no such rule\(RuleInfo.hint(explain, among: rules))")
            }
            Terminal.write(rule.explanation, to: STDOUT_FILENO)
        } else {
            Terminal.write(rules.map { $0.line + "\n" }.joined(), to: STDOUT_FILENO)
        }
    }

    private func choice<T: RawRepresentable<String>>(_ flag: String, _ text: String, _ all: [T], also: String = "")
        throws -> T
    {
        if let value = T(rawValue: text) { return value }
        throw failure("\(flag) \(text): choose \(all.map(\.rawValue).joined(separator: ", "))\(also)")
    }

    private func failure(_ message: String) -> any Error {
        Terminal.write("loopguard-lint: \(message)\n", to: STDERR_FILENO)
        return ExitCode(LintExit.usage.code)
    }

    private func today() -> String {
        let parts = Calendar(identifier: .gregorian).dateComponents(in: .gmt, from: Date())
        func two(_ number: Int?) -> String { String(format: "%02d", number ?? 1) }
        return "\(parts.year ?? 1970)-\(two(parts.month))-\(two(parts.day))"
    }
}

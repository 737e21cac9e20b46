import Foundation

/// One run of the linter, from the flags to the exit code.
public struct LintSession: Sendable {
    private let options: LintOptions
    private let console: LintConsole

    public init(_ options: LintOptions, _ console: LintConsole) {
        self.options = options
        self.console = console
    }

    /// Everything that was said goes to the console; the result is the exit code.
    public func run() -> LintExit {
        do {
            let exit = try runThrowing()
            console.progress("")
            return exit
        } catch {
            console.progress("")
            console.message("\(error)")
            return .usage
        }
    }

    private func runThrowing() throws -> LintExit {
        let plan = try LintPlan(options)
        guard !plan.sources.files.isEmpty else {
            for problem in plan.sources.problems { console.message(problem) }
            console.message("no Swift file in \(plan.shownPaths); nothing could be analysed")
            return .nothing
        }
        // Asked before anything slow is done.
        let changes = try options.since.map { try GitChanges(since: $0, in: plan.root) }
        let export = try options.stalls.map {
            try StallExport.load($0.contains("://") ? $0 : plan.path($0))
        }
        let baseline = try readBaseline(plan)
        var notices: [String] = plan.sources.problems
        var isBuilt = true
        if options.build {
            isBuilt = build(plan, &notices)
        }
        var result = analyse(plan, &notices)
        result.blindSpots = notices + result.blindSpots
        guard result.files > 0 else {
            for line in result.blindSpots { console.message(line) }
            console.message("nothing could be analysed")
            return .nothing
        }
        if options.writeBaseline { return try write(baseline?.baseline, result, plan) }
        if let baseline { accept(&result, baseline, plan) }
        if let changes { result.findings = result.findings.filter(changes.touches) }
        if let export {
            result.unexplainedStalls = StallMatcher(export).mark(&result.findings, rules: plan.ruleNames)
        }
        if options.isAdvice {
            for number in result.findings.indices {
                result.findings[number].severity = min(result.findings[number].severity, .warning)
            }
        }
        if options.fix { try fix(&result) }
        result.sort()
        try report(result, plan)
        if !isBuilt { return .nothing }
        if options.isAdvice { return .clean }
        let least = options.failOn ?? plan.configuration.failOn
        return result.findings.contains { $0.severity >= least } ? .findings : .clean
    }

    // MARK: building

    /// False when the build failed; the reason is a notice.
    private func build(_ plan: LintPlan, _ notices: inout [String]) -> Bool {
        guard let package = plan.package else {
            notices.append("--build: no package here (no Package.swift in \(plan.root) or above); nothing was built")
            console.message(notices[notices.count - 1])
            return false
        }
        console.progress("building \(package.path)")
        do {
            let result = try ChildProcess.run(
                "swift", ["build", "--package-path", package.path, "--build-tests"], outputToErrors: true)
            if result.status == 0 { return true }
            notices.append("the build failed (swift build --build-tests ended with \(result.status)): see its messages")
        } catch {
            notices.append("the build could not be started: \(error.message)")
        }
        console.message(notices[notices.count - 1] + "; what is there is analysed all the same")
        return false
    }

    // MARK: analysis

    private func analyse(_ plan: LintPlan, _ notices: inout [String]) -> Linter.Result {
        var configuration = plan.linter(today: options.today)
        configuration.progress = { [console] step in
            switch step {
            case .readingIndex: console.progress("reading the index")
            case .parsing(let files): console.progress("parsing \(files) files")
            case .analysing(let files): console.progress("following the calls of \(files) files")
            }
        }
        if !options.syntaxOnly {
            switch plan.index() {
            case .found(let store, let library):
                configuration.indexStore = store
                configuration.indexLibrary = library
            case .missing(let why): degrade(why, &notices)
            }
        }
        do { return try Linter(configuration).run() } catch {
            degrade(error.description, &notices)
            configuration.indexStore = nil
            return (try? Linter(configuration).run()) ?? Linter.Result()
        }
    }

    private func degrade(_ why: String, _ notices: inout [String]) {
        notices.append(
            "\(why); files are judged one by one, by their syntax alone: direct calls and calls within a file only")
        console.message(notices[notices.count - 1])
    }

    // MARK: baseline

    private func readBaseline(_ plan: LintPlan) throws(ConfigurationError) -> BaselineFile? {
        guard let path = plan.baselinePath else { return nil }
        if options.writeBaseline, !FileManager.default.fileExists(atPath: path) { return nil }
        return try BaselineFile(path: path)
    }

    private func accept(_ result: inout Linter.Result, _ file: BaselineFile, _ plan: LintPlan) {
        let judged = Set(plan.sources.files.map { Renderer.relative($0, to: plan.root) })
        let outcome = file.baseline.apply(result.findings, today: options.today) { name in
            judged.contains(name) || access(plan.root + "/" + name, F_OK) != 0
        }
        let policy = plan.policy
        result.findings = outcome.remaining + file.findings(outcome.complaints).compactMap(policy.apply)
        result.suppressed += outcome.accepted
    }

    private func write(
        _ old: Baseline?, _ result: Linter.Result, _ plan: LintPlan
    ) throws(ConfigurationError) -> LintExit {
        let path = plan.baselinePath ?? plan.root + "/" + LintPlan.baselineName
        let baseline = Baseline(accepting: result.findings, root: plan.root, keeping: old ?? Baseline())
        try OutputFile.write(BaselineFile.text(baseline), to: path)
        console.message(
            "\(path): accepts \(result.findings.count) findings in \(baseline.entries.count) entries; "
                + "give each a reason, and name the file with --baseline or in .loopguard.yml")
        return .clean
    }

    // MARK: fixes

    /// What was repaired is no finding any more; the rest is.
    private func fix(_ result: inout Linter.Result) throws(ConfigurationError) {
        let outcome = try FixRun.run(result.findings, root: options.folder)
        result.findings.removeAll { outcome.repaired.contains(.init(place: $0.place, rule: $0.rule)) }
        for fix in outcome.applied {
            let place = "\(Renderer.relative(fix.place.path, to: options.folder)):\(fix.place.line)"
            console.message("\(place): \(fix.title) [\(fix.rule)]")
        }
        if !outcome.preview.isEmpty {
            console.message("proposed, not applied, since somebody has to judge them:\n\(outcome.preview)")
        }
        console.message(
            "\(outcome.applied.count) fixed, \(outcome.refused) without a safe change; build again before the next run")
    }

    // MARK: report

    private func report(_ result: Linter.Result, _ plan: LintPlan) throws(ConfigurationError) {
        var options = Renderer.Options(root: self.options.folder)
        options.isColored = self.options.isColored
        options.rules = RuleInfo.all(plan.catalogue)
        options.failOn = self.options.failOn ?? plan.configuration.failOn
        let text = Renderer.render(result, as: self.options.format, options)
        if let output = self.options.output {
            try OutputFile.write(text, to: plan.path(output))
        } else {
            console.progress("")
            console.report(text)
        }
    }
}

/// One run of the linter, as asked for on the command line. What is nil is taken from `.loopguard.yml`, else the default.
public struct LintOptions: Sendable {
    /// Folders and files to judge.
    public var paths: [String] = []
    /// Build the package first.
    public var build = false
    public var indexStore: String?
    public var indexLibrary: String?
    public var format = Renderer.Format.text
    /// The configuration; nil = `.loopguard.yml` of the package, if there is one.
    public var config: String?
    public var catalogues: [String] = []
    public var baseline: String?
    public var writeBaseline = false
    public var fix = false
    public var strict = false
    public var failOn: Finding.Severity?
    /// Findings are advice: none is shown as more than a warning, and none makes the exit code 1. For the build-tool plugin: an
    /// exit code would stop the user's build.
    public var isAdvice = false
    /// Only what has changed since this revision.
    public var since: String?
    /// A server's export of its stalls: URL or file.
    public var stalls: String?
    /// Look at files one by one, without an index.
    public var syntaxOnly = false
    /// Where the report goes; nil = standard output.
    public var output: String?
    /// The report goes to a terminal that shows colours.
    public var isColored = false
    /// Folder that relative paths count from, absolute.
    public var folder: String
    /// `YYYY-MM-DD`.
    public var today: String

    public init(folder: String, today: String) {
        self.folder = folder
        self.today = today
    }
}

/// How the linter talks to whoever started it.
public struct LintConsole: Sendable {
    /// Takes the report.
    public var report: @Sendable (String) -> Void
    /// Takes messages, a line each, without line break.
    public var message: @Sendable (String) -> Void
    /// Takes what the linter is busy with; shown on terminals only. Empty when it is done.
    public var progress: @Sendable (String) -> Void

    /// - Parameter progress: called on the thread that runs the session, as the others are. Default: nowhere.
    public init(
        report: @escaping @Sendable (String) -> Void, message: @escaping @Sendable (String) -> Void,
        progress: @escaping @Sendable (String) -> Void = { _ in }
    ) {
        self.report = report
        self.message = message
        self.progress = progress
    }
}

/// What the process ends with. Documented in Documentation/Lint.md; scripts rely on it.
public struct LintExit: Error, Sendable, Equatable {
    public var code: Int32

    /// Nothing at or above the level that fails.
    public static let clean = LintExit(code: 0)
    /// Findings at or above it.
    public static let findings = LintExit(code: 1)
    /// A flag, the configuration or the baseline cannot be used.
    public static let usage = LintExit(code: 2)
    /// No file could be analysed, or the build that was asked for failed.
    public static let nothing = LintExit(code: 3)
}

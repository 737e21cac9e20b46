/// The team's choices: what is judged, and how severely. Read from `.loopguard.yml`; Documentation/Lint.md has all keys.
public struct LintConfiguration: Sendable, Equatable {
    /// What becomes of one rule's findings.
    public enum RuleSetting: String, Sendable, CaseIterable {
        /// Not reported.
        case off
        /// Reported, with the severity that the linter gives them, also when the tier is off.
        case on
        case note, warning, error
    }

    /// The file it came from; nil for the built-in choices.
    public var file: String?
    /// Folder that relative paths in it count from.
    public var root = "."
    /// Files and folders to judge. Default: all of the package.
    public var paths: [String] = []
    /// Files that are not judged, though still looked through.
    public var exclude: [Glob] = []
    /// Tiers that are reported. Default: waits, file, cpu.
    public var tiers: Set<Catalogue.Tier> = [.waits, .file, .cpu]
    /// By rule.
    public var rules: [String: RuleSetting] = [:]
    /// The lines of ``rules``, for complaints about unknown ones.
    public var ruleLines: [String: Int] = [:]
    /// The least severity that makes the exit code 1. Default: error.
    public var failOn = Finding.Severity.error
    /// Accepted findings; nil = none.
    public var baseline: String?
    /// Further catalogues.
    public var catalogues: [String] = []
    /// Functions whose closures run on an event loop, as the catalogue writes functions.
    public var eventLoop: [String] = []
    /// Functions whose closures run where blocking is meant.
    public var blockingAllowed: [String] = []
    /// Report what only start-up code reaches. Default false.
    public var includesStartup = false
    /// Functions besides `main`, `configure` and `boot` that count as start-up code, by base name.
    public var startup: [String] = []
    /// Shorter sleeps are no finding. Milliseconds, default 0: all are.
    public var minimumSleepMs = 0.0
    /// bcrypt up to this cost is no finding. Default 5.
    public var kdfCost = 5.0
    /// PBKDF2 up to this many rounds is no finding. Default 1000.
    public var kdfRounds = 1000.0
    /// Calls from the loop's code to the blocking one. Default 12, 1 to 64.
    public var depth = 12
    /// Findings less certain than this are left out, 0 to 1. Default 0.2.
    public var confidence = 0.2
    /// Folder of the index, which holds `v5`; nil = that of the package's debug build.
    public var indexStore: String?

    public init() {}

    /// What `--strict` changes: locks, writes to standard output and start-up code are reported, and warnings fail.
    public mutating func makeStrict() {
        tiers = Set(Catalogue.Tier.allCases)
        includesStartup = true
        failOn = min(failOn, .warning)
    }

    /// Keys of the file.
    static let keys = [
        "version", "paths", "exclude", "tiers", "rules", "fail-on", "baseline", "catalogues", "event-loop",
        "blocking-allowed", "start-up", "minimum-sleep-ms", "kdf", "depth", "minimum-confidence", "index-store",
    ]
}

extension LintConfiguration {
    /// Puts what it adds to the catalogue there.
    ///
    /// - Throws: ``CatalogueError`` naming the pattern.
    public func apply(to catalogue: inout Catalogue) throws(CatalogueError) {
        let name = file ?? "configuration"
        var contexts: [Catalogue.Context] = []
        if !eventLoop.isEmpty {
            contexts.append(
                .init(kind: .eventLoop, why: "runs on the event loop, says \(name)", closures: eventLoop))
        }
        if !blockingAllowed.isEmpty {
            contexts.append(
                .init(
                    kind: .blockingAllowed, why: "runs where blocking is meant, says \(name)",
                    closures: blockingAllowed))
        }
        try catalogue.add(Catalogue.Document(version: 1, contexts: contexts), from: name)
        catalogue.excuse(sleepsUpToMs: minimumSleepMs)
        catalogue.excuse(keyDerivationUpToCost: kdfCost, rounds: kdfRounds)
    }
}

extension Catalogue {
    /// Short sleeps are harmless: a literal argument of at most so many milliseconds.
    mutating func excuse(sleepsUpToMs limit: Double) {
        guard limit > 0 else { return }
        let excuses = [
            Excuse(function: "c:sleep", argument: 0, atMost: limit / 1000),
            Excuse(function: "c:usleep", argument: 0, atMost: limit * 1000),
            Excuse(function: "Foundation.Thread.sleep", label: "forTimeInterval", atMost: limit / 1000),
            Excuse(
                function: "Foundation.Thread.sleep(forTimeInterval:)", label: "forTimeInterval", atMost: limit / 1000),
        ]
        for index in sinks.indices where sinks[index].functions.contains("c:usleep") {
            sinks[index].unless = (sinks[index].unless ?? []) + excuses
        }
    }

    /// The limits of cheap key derivation.
    mutating func excuse(keyDerivationUpToCost cost: Double, rounds: Double) {
        for index in sinks.indices {
            guard let unless = sinks[index].unless else { continue }
            sinks[index].unless = unless.map { excuse in
                guard excuse.atMost != nil else { return excuse }
                var excuse = excuse
                switch excuse.label {
                case "cost": excuse.atMost = cost
                case "rounds", "unsafeUncheckedRounds": excuse.atMost = rounds
                default: break
                }
                return excuse
            }
        }
    }
}

import Foundation

/// What a run is about: the flags, the configuration and the folders put together. Nothing slow has happened yet.
struct LintPlan: Sendable {
    /// The file that a package keeps its choices in.
    static let configurationName = ".loopguard.yml"
    /// Where --write-baseline writes when nobody says.
    static let baselineName = ".loopguard-baseline.json"

    let configuration: LintConfiguration
    let catalogue: Catalogue
    let package: PackageFolder?
    /// Of the package, else the current folder.
    let root: String
    let sources: SourceSearch.Result
    let shownPaths: String
    private let options: LintOptions

    init(_ options: LintOptions) throws {
        self.options = options
        func absolute(_ path: String, _ base: String) -> String { path.hasPrefix("/") ? path : base + "/" + path }
        let first = absolute(options.paths.first ?? ".", options.folder)
        package = PackageFolder(around: first)
        var configuration = try Self.configuration(options, package)
        root = package?.path ?? SourceSearch.real(options.folder) ?? options.folder
        if options.strict { configuration.makeStrict() }
        self.configuration = configuration
        catalogue = try Self.catalogue(options, configuration)
        try Self.checkRules(configuration, catalogue)
        var paths = options.paths.map { absolute($0, options.folder) }
        if paths.isEmpty { paths = configuration.paths.map { absolute($0, configuration.root) } }
        if paths.isEmpty { paths = [package?.path ?? options.folder] }
        shownPaths = paths.joined(separator: ", ")
        sources = try SourceSearch.files(paths, exclude: configuration.exclude, root: configuration.root)
    }

    func path(_ name: String) -> String { name.hasPrefix("/") ? name : options.folder + "/" + name }

    private static func configuration(
        _ options: LintOptions, _ package: PackageFolder?
    ) throws(ConfigurationError) -> LintConfiguration {
        let base = package?.path ?? options.folder
        let path: String
        if let named = options.config {
            path = named.hasPrefix("/") ? named : options.folder + "/" + named
        } else {
            path = base + "/" + configurationName
            guard FileManager.default.fileExists(atPath: path) else {
                var configuration = LintConfiguration()
                configuration.root = base
                return configuration
            }
        }
        guard let data = FileManager.default.contents(atPath: path) else {
            throw ConfigurationError("the configuration cannot be read", file: path)
        }
        let folder = URL(filePath: path).deletingLastPathComponent().path
        return try LintConfiguration(yaml: String(decoding: data, as: UTF8.self), file: path, root: folder)
    }

    private static func catalogue(_ options: LintOptions, _ configuration: LintConfiguration) throws -> Catalogue {
        var catalogue = try Catalogue.builtIn()
        let named =
            configuration.catalogues.map { $0.hasPrefix("/") ? $0 : configuration.root + "/" + $0 }
            + options.catalogues.map { $0.hasPrefix("/") ? $0 : options.folder + "/" + $0 }
        for path in named {
            guard let data = FileManager.default.contents(atPath: path) else {
                throw ConfigurationError("the catalogue cannot be read", file: path)
            }
            try catalogue.add(yaml: String(decoding: data, as: UTF8.self), from: path)
        }
        try configuration.apply(to: &catalogue)
        return catalogue
    }

    private static func checkRules(_ configuration: LintConfiguration, _ catalogue: Catalogue) throws {
        let names = RuleInfo.all(catalogue).map(\.id)
        for rule in configuration.rules.keys.sorted() where !names.contains(rule) {
            throw ConfigurationError(
                "rule `\(rule)` is not known\(NearestName.hint(rule, among: names)) loopguard-lint --list-rules shows all",
                file: configuration.file, line: configuration.ruleLines[rule])
        }
    }

    // MARK: derived

    var ruleNames: Set<String> { Set(RuleInfo.all(catalogue).map(\.id)) }

    var policy: RulePolicy {
        RulePolicy(tiers: configuration.tiers, settings: configuration.rules, catalogue: catalogue)
    }

    var baselinePath: String? {
        if let named = options.baseline { return path(named) }
        return configuration.baseline.map { $0.hasPrefix("/") ? $0 : configuration.root + "/" + $0 }
    }

    func linter(today: String) -> Linter.Configuration {
        var linter = Linter.Configuration(
            sources: sources.files, indexStore: nil, indexLibrary: nil, catalogue: catalogue, today: today)
        linter.tiers = configuration.tiers
        linter.includesStartup = configuration.includesStartup
        linter.depth = configuration.depth
        linter.confidence = configuration.confidence
        linter.rules = configuration.rules
        linter.root = root
        return linter
    }

    /// Where the index is, or why there is none.
    enum Index {
        case found(store: String, library: String)
        case missing(String)
    }

    func index() -> Index {
        let store: String
        if let named = options.indexStore {
            store = path(named)
        } else if let named = configuration.indexStore {
            store = named.hasPrefix("/") ? named : configuration.root + "/" + named
        } else if let found = package?.indexStore {
            store = found
        } else {
            return .missing(
                package?.whyNoIndex ?? "no package here, hence no index of a build; name one with --index-store")
        }
        guard let library = options.indexLibrary.map(path) ?? Toolchain.find()?.indexLibrary else {
            return .missing("no toolchain with libIndexStore.so in PATH; name it with --index-library")
        }
        return .found(store: store, library: library)
    }
}

import Foundation

/// The whole linter: reads an index and sources, gives findings.
public struct Linter: Sendable {
    /// What to look at, and how.
    public struct Configuration: Sendable {
        /// The user's own source files, absolute paths.
        public var sources: [String] = []
        /// Folder with `v5`; nil = no index: only what single files show.
        public var indexStore: String?
        /// `libIndexStore.so` of the toolchain that built the program; nil = no index.
        public var indexLibrary: String?
        /// Tiers that are reported. Default: waits, file, cpu.
        public var tiers: Set<Catalogue.Tier> = [.waits, .file, .cpu]
        /// Report what only start-up code reaches as well. Default false.
        public var includesStartup = false
        /// Calls from the loop's code to the blocking one. Default 12.
        public var depth = 12
        /// Findings less certain than this are left out. Default 0.2.
        public var confidence = 0.2
        /// What becomes of single rules. Default: nothing.
        public var rules: [String: LintConfiguration.RuleSetting] = [:]
        public var catalogue: Catalogue
        /// `YYYY-MM-DD`: suppressions that end before it have expired.
        public var today: String
        /// Paths in messages are relative to it. Default: absolute.
        public var root = "/"
        /// Called on this thread when a step begins.
        public var progress: (@Sendable (Step) -> Void)?

        public init(
            sources: [String], indexStore: String?, indexLibrary: String?, catalogue: Catalogue, today: String
        ) {
            self.sources = sources
            self.indexStore = indexStore
            self.indexLibrary = indexLibrary
            self.catalogue = catalogue
            self.today = today
        }
    }

    /// What the linter is busy with.
    public enum Step: Sendable, Equatable {
        case readingIndex
        case parsing(files: Int)
        case analysing(files: Int)
    }

    /// What came out.
    public struct Result: Sendable {
        public var findings: [Finding] = []
        /// Findings that a comment or the baseline accepts.
        public var suppressed: [Finding] = []
        /// What could not be seen, one line each: silence about it is no proof.
        public var blindSpots: [String] = []
        /// Own files that were judged, in whole or alone.
        public var files = 0
        /// Those of them that were judged alone: the index does not have them as they are.
        public var filesWithoutIndex = 0
        /// Stalls of a production server that no finding explains.
        public var unexplainedStalls: [StallSiteSummary] = []

        public init() {}
    }

    public let configuration: Configuration

    public init(_ configuration: Configuration) { self.configuration = configuration }

    /// - Throws: ``IndexStoreError`` when there should be an index and is none.
    public func run() throws(IndexStoreError) -> Result {
        var result = Result()
        var freshness = Freshness(root: configuration.root)
        let own = Set(configuration.sources)
        var index = ProgramIndex()
        if let path = configuration.indexStore, let library = configuration.indexLibrary {
            configuration.progress?(.readingIndex)
            let store = try IndexStore(path: path, library: library)
            // Files that are gone stay in the store; dependencies are recognised by still being there.
            let gone = PathList()
            index = ProgramIndex(
                reading: store,
                .init(accepts: { path in
                    if access(path, F_OK) == 0 { return true }
                    gone.add(path)
                    return false
                }))
            freshness.note(
                deleted: gone.all.filter {
                    let shown = Renderer.relative($0, to: configuration.root)
                    return !shown.hasPrefix("/") && !shown.hasPrefix(".build/")
                })
        }
        let isOwn = Self.own(index.files, own)
        let indexed = Set(zip(index.files, isOwn).filter(\.1).map { SourceSearch.real($0.0.path) ?? $0.0.path })
        let unindexed = configuration.sources.filter { !indexed.contains($0) }
        if configuration.indexStore != nil {
            freshness.note(unindexed: unindexed, isWholeIndexForeign: indexed.isEmpty)
            freshness.note(failed: Freshness.failed(index.files).filter { own.contains($0) }.sorted())
        }
        configuration.progress?(.parsing(files: index.files.count + unindexed.count))
        var parsed = Self.parse(index, alone: unindexed)
        let alone = Array(parsed[index.files.count...])
        parsed.removeSubrange(index.files.count...)
        var direct: [SourceFacts] = alone.compactMap(\.facts)
        result.blindSpots += index.problems
        for (number, source) in parsed.enumerated() {
            if isOwn[number] { result.blindSpots += source.problems }
            switch source.state {
            case .fresh: break
            case .stale(let reason):
                parsed[number].facts = nil
                guard isOwn[number] else { break }
                freshness.note(index.files[number].path, reason)
                if let facts = source.facts { direct.append(facts) }
                // Its places are of another text.
                index.files[number].occurrences = []
            case .unreadable(let reason): freshness.note(index.files[number].path, reason)
            }
        }
        for (path, source) in zip(unindexed, alone) {
            result.blindSpots += source.problems
            if case .unreadable(let reason) = source.state { freshness.note(path, reason) }
        }
        result.blindSpots += freshness.report
        result.filesWithoutIndex = direct.count
        result.files = direct.count + zip(isOwn, parsed).count { $0 && $1.facts != nil }
        configuration.progress?(.analysing(files: result.files))
        let program = Program(
            index: index, facts: parsed.map(\.facts), isOwn: isOwn, catalogue: configuration.catalogue)
        var options = Analyzer.Options()
        options.depth = configuration.depth
        options.confidence = configuration.confidence
        options.tiers = policy.analysedTiers
        options.includesStartup = configuration.includesStartup
        var findings = Analyzer(program: program, graph: GraphBuilder.graph(of: program), options: options).findings()
        findings += DirectFindings.find(in: direct, catalogue: configuration.catalogue, tiers: policy.analysedTiers)
        let facts = direct + zip(isOwn, parsed).compactMap { $0 ? $1.facts : nil }
        result.judge(findings, policy, Suppressions(facts: facts, today: configuration.today))
        return result
    }

    private var policy: RulePolicy {
        RulePolicy(tiers: configuration.tiers, settings: configuration.rules, catalogue: configuration.catalogue)
    }

    /// Which files of the index are the user's own, whatever links their paths lead through.
    private static func own(_ files: [ProgramIndex.File], _ own: Set<String>) -> [Bool] {
        let names = Set(own.map { $0.split(separator: "/").last ?? "" })
        return files.map { file in
            if own.contains(file.path) { return true }
            guard names.contains(file.path.split(separator: "/").last ?? "") else { return false }
            return SourceSearch.real(file.path).map { own.contains($0) } ?? false
        }
    }

    /// Reads and parses all Swift files of the index, then those that it does not have.
    private static func parse(_ index: ProgramIndex, alone: [String]) -> [ParsedSource] {
        let count = index.files.count
        let results = ParsedFiles(count: count + alone.count)
        BigStackThreads.forEach(count + alone.count) { number in
            guard number < count else {
                return results.set(number, ParsedSource.read(alone[number - count], indexed: nil, []))
            }
            let file = index.files[number]
            guard file.path.hasSuffix(".swift") else { return }
            results.set(number, ParsedSource.read(file.path, indexed: file, index.symbols))
        }
        return results.all
    }

    private final class ParsedFiles: @unchecked Sendable {
        // SAFETY: all access is under the lock.
        private let lock = NSLock()
        private var sources: [ParsedSource]

        init(count: Int) { sources = Array(repeating: ParsedSource(state: .fresh), count: count) }

        func set(_ number: Int, _ value: ParsedSource) { lock.withLock { sources[number] = value } }

        var all: [ParsedSource] { lock.withLock { sources } }
    }

    private final class PathList: @unchecked Sendable {
        // SAFETY: all access is under the lock.
        private let lock = NSLock()
        private var paths: Set<String> = []

        func add(_ path: String) { lock.withLock { _ = paths.insert(path) } }

        var all: [String] { lock.withLock { paths.sorted() } }
    }
}

extension Linter.Result {
    /// Applies the team's choices and the comments in the sources.
    fileprivate mutating func judge(_ found: [Finding], _ policy: RulePolicy, _ comments: Suppressions) {
        var comments = comments
        for finding in found.compactMap(policy.apply) {
            if let allowance = comments.silence(finding) {
                var finding = finding
                finding.allowance = allowance
                suppressed.append(finding)
            } else {
                findings.append(finding)
            }
        }
        findings += comments.complaints().filter { !policy.isOff($0) }.compactMap(policy.apply)
        sort()
    }

    /// By place and rule, so that two runs give the same bytes.
    mutating func sort() {
        func order(_ a: Finding, _ b: Finding) -> Bool {
            (a.place.path, a.place.line, a.place.column, a.rule, a.key) < (
                b.place.path, b.place.line, b.place.column, b.rule, b.key
            )
        }
        findings.sort(by: order)
        suppressed.sort(by: order)
    }
}

import Foundation

/// The whole linter: reads an index and sources, gives findings.
public struct Linter: Sendable {
    /// What to look at, and how.
    public struct Configuration: Sendable {
        /// The user's own source files, absolute paths.
        public var sources: [String] = []
        /// Folder with `v5`. Nil = syntax only: direct calls and calls within one file, each file for itself.
        public var indexStore: String?
        /// `libIndexStore.so` of the toolchain that built the program. Not needed without ``indexStore``.
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

        /// Syntax only: no index is opened, no file but `sources` is read.
        public init(syntaxOnly sources: [String], catalogue: Catalogue, today: String) {
            self.init(sources: sources, indexStore: nil, indexLibrary: nil, catalogue: catalogue, today: today)
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
        /// Own files that were judged.
        public var files = 0
        /// Those of them that were judged by their syntax alone, because the index does not know them as they are.
        public var filesBySyntax: [String] = []
        /// Stalls of a production server that no finding explains.
        public var unexplainedStalls: [StallSiteSummary] = []

        public init() {}
    }

    public let configuration: Configuration

    public init(_ configuration: Configuration) { self.configuration = configuration }

    /// - Throws: ``IndexStoreError`` when there is to be an index and it cannot be opened.
    public func run() throws(IndexStoreError) -> Result {
        var result = Result()
        var freshness = Freshness(root: configuration.root)
        var index = try readIndex(&freshness)
        var isOwn = Self.own(index.files, Set(configuration.sources))
        let others = unindexed(index, isOwn, &freshness)
        configuration.progress?(.parsing(files: index.files.count + others.count))
        let parsed = Self.parse(index, isOwn, others)
        result.blindSpots += index.problems
        var facts = parsed.prefix(index.files.count).map(\.facts)
        var stale: [Int] = []
        for (number, source) in parsed.prefix(index.files.count).enumerated() {
            if isOwn[number] { result.blindSpots += source.problems }
            switch source.state {
            case .fresh: break
            case .stale(let reason) where isOwn[number]:
                freshness.note(index.files[number].path, reason)
                stale.append(number)
            case .stale: facts[number] = nil  // Its places are of another text.
            case .unreadable(let reason): freshness.note(index.files[number].path, reason)
            }
        }
        for (path, source) in zip(others, parsed.dropFirst(index.files.count)) {
            result.blindSpots += source.problems
            if case .unreadable(let reason) = source.state { freshness.note(path, reason) }
        }
        result.blindSpots += freshness.report
        let fallback = Fallback(catalogue: configuration.catalogue)
        let alone = parsed.dropFirst(index.files.count).compactMap(\.facts)
        fallback.judgeBySyntax(stale, alone, &index, &facts, &result)
        isOwn += Array(repeating: true, count: index.files.count - isOwn.count)
        result.files = zip(isOwn, facts).count { $0 && $1 != nil }
        configuration.progress?(.analysing(files: result.files))
        let program = Program(index: index, facts: facts, isOwn: isOwn, catalogue: configuration.catalogue)
        var findings = analyse(program, result.filesBySyntax)
        fallback.mark(&findings, by: Set(result.filesBySyntax))
        let own = zip(isOwn, facts).compactMap { $0 ? $1 : nil }
        result.judge(findings, policy, Suppressions(facts: own, today: configuration.today))
        return result
    }

    private func analyse(_ program: Program, _ filesBySyntax: [String]) -> [Finding] {
        var options = Analyzer.Options()
        options.depth = configuration.depth
        options.confidence = configuration.confidence
        options.tiers = policy.analysedTiers
        options.includesStartup = configuration.includesStartup
        let graph = GraphBuilder.graph(of: program)
        return Analyzer(program: program, graph: graph, options: options).findings()
    }

    // MARK: reading

    /// Everything in the store; nothing without one.
    private func readIndex(_ freshness: inout Freshness) throws(IndexStoreError) -> ProgramIndex {
        guard let path = configuration.indexStore else { return ProgramIndex() }
        guard let library = configuration.indexLibrary else {
            throw IndexStoreError(
                .noLibrary, "the index at \(path) needs libIndexStore.so of the toolchain that wrote it")
        }
        configuration.progress?(.readingIndex)
        let store = try IndexStore(path: path, library: library)
        // Files that are gone stay in the store; dependencies are recognised by still being there.
        let gone = PathList()
        let index = ProgramIndex(
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
        return index
    }

    /// Own files that the index does not have, and what follows from that.
    private func unindexed(_ index: ProgramIndex, _ isOwn: [Bool], _ freshness: inout Freshness) -> [String] {
        let known = zip(index.files, isOwn).filter(\.1).map(\.0.path)
        let indexed = Set(known).union(known.compactMap(SourceSearch.real))
        let others = configuration.sources.filter { !indexed.contains($0) }.sorted()
        if configuration.indexStore != nil {
            freshness.note(unindexed: others, isWholeIndexForeign: indexed.isEmpty)
            freshness.note(failed: Freshness.failed(index.files).intersection(configuration.sources).sorted())
        }
        return others
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
    private static func parse(_ index: ProgramIndex, _ isOwn: [Bool], _ others: [String]) -> [ParsedSource] {
        let count = index.files.count
        let results = ParsedFiles(count: count + others.count)
        BigStackThreads.forEach(count + others.count) { number in
            guard number < count else {
                return results.set(number, ParsedSource.read(others[number - count], isOwn: true))
            }
            let file = index.files[number]
            guard file.path.hasSuffix(".swift") else { return }
            results.set(
                number, ParsedSource.read(file.path, isOwn: isOwn[number], indexed: file, symbols: index.symbols))
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

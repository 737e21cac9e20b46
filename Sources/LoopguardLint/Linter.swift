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
        /// Ask the rules about how calls stand to each other as well. Default true.
        public var hasStructuralRules = true
        /// Report what only start-up code reaches as well. Default false.
        public var includesStartup = false
        /// Judge test targets as well. Default false.
        public var includesTests = false
        public var catalogue: Catalogue
        /// `YYYY-MM-DD`: suppressions that end before it have expired.
        public var today: String

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

    /// What came out.
    public struct Result: Sendable {
        public var findings: [Finding] = []
        /// Findings that a comment silences.
        public var suppressed: [Finding] = []
        /// What could not be seen, one line each: silence about it is no proof.
        public var blindSpots: [String] = []
        /// Own files that were judged.
        public var files = 0
        /// Those of them that were judged by their syntax alone, because the index does not know them as they are.
        public var filesBySyntax: [String] = []
    }

    public let configuration: Configuration

    public init(_ configuration: Configuration) { self.configuration = configuration }

    /// - Throws: ``IndexStoreError`` when there is to be an index and it cannot be opened.
    public func run() throws(IndexStoreError) -> Result {
        let own = Set(configuration.sources)
        var result = Result()
        var index = try readIndex()
        var parsed = Self.parse(index.files, own: own)
        result.blindSpots += index.problems + parsed.problems
        let known = Set(index.files.map(\.path))
        let others = configuration.sources.filter { !known.contains($0) }.sorted()
        if configuration.indexStore != nil {
            result.blindSpots += others.map {
                "\($0): not in the index: judged by its syntax alone; build it to have it checked in full"
            }
        }
        let fallback = Fallback(catalogue: configuration.catalogue)
        fallback.judgeBySyntax(parsed.stale, others, &index, &parsed.facts, &result)
        result.files = zip(index.files, parsed.facts).count { own.contains($0.path) && $1 != nil }
        let program = Program(
            index: index, facts: parsed.facts, isOwn: index.files.map { own.contains($0.path) },
            catalogue: configuration.catalogue)
        var options = Analyzer.Options()
        options.tiers = configuration.tiers
        options.includesStartup = configuration.includesStartup
        options.includesTests = configuration.includesTests
        let (graph, unseen) = GraphBuilder.build(program)
        result.blindSpots += unseen.lines
        var findings = Analyzer(program: program, graph: graph, options: options).findings()
        if configuration.hasStructuralRules {
            let rules = StructuralRules(
                program: program, graph: graph, tiers: configuration.tiers,
                includesStartup: configuration.includesStartup, bySyntax: Set(result.filesBySyntax))
            findings = rules.findings(besides: findings)
        }
        fallback.mark(&findings, by: Set(result.filesBySyntax))
        var comments = Suppressions(
            facts: zip(program.isOwn, parsed.facts).compactMap { $0 ? $1 : nil }, today: configuration.today)
        for finding in findings {
            if comments.silence(finding) { result.suppressed.append(finding) } else { result.findings.append(finding) }
        }
        // What syntax alone does not see may still be what a comment silences.
        let bySyntax = Set(configuration.indexStore == nil ? [] : result.filesBySyntax)
        result.findings += comments.complaints().filter {
            $0.rule != "suppression-unused" || !bySyntax.contains($0.place.path)
        }
        result.findings.sort { ($0.place.path, $0.place.line, $0.rule) < ($1.place.path, $1.place.line, $1.rule) }
        return result
    }

    /// Everything in the store; nothing without one.
    private func readIndex() throws(IndexStoreError) -> ProgramIndex {
        guard let path = configuration.indexStore else { return ProgramIndex() }
        guard let library = configuration.indexLibrary else {
            throw IndexStoreError(
                .noLibrary, "the index at \(path) needs libIndexStore.so of the toolchain that wrote it")
        }
        let store = try IndexStore(path: path, library: library)
        // Files that are gone stay in the store; dependencies are recognised by still being there.
        var selection = ProgramIndex.Selection()
        selection.existingOnly = true
        return ProgramIndex(reading: store, selection)
    }

    /// Parses all Swift files of the index in parallel. Of the files whose text is newer than their index, the user's own are
    /// returned apart, others left out; both is said.
    private static func parse(
        _ files: [ProgramIndex.File], own: Set<String>
    ) -> (facts: [SourceFacts?], stale: [Int], problems: [String]) {
        let results = ParsedFiles(count: files.count)
        DispatchQueue.concurrentPerform(iterations: files.count) { number in
            let file = files[number]
            guard file.path.hasSuffix(".swift") else { return }
            guard let bytes = FileManager.default.contents(atPath: file.path) else {
                return results.set(number, nil, problem: "\(file.path): is in the index, but cannot be read")
            }
            let changed = (try? FileManager.default.attributesOfItem(atPath: file.path))?[.modificationDate] as? Date
            let isOwn = own.contains(file.path)
            let isStale =
                changed.map {
                    Int64(clamping: Int($0.timeIntervalSince1970 * 1000)) > file.indexedAtUnixNs / 1_000_000
                } ?? false
            if isStale, !isOwn {
                return results.set(
                    number, nil, problem: "\(file.path): has changed since it was built; build again to have it checked"
                )
            }
            results.set(
                number, SourceFacts(path: file.path, bytes: [UInt8](bytes), withStructure: isOwn),
                problem: isStale
                    ? "\(file.path): has changed since it was built: judged by its syntax alone; build again to have it "
                        + "checked in full" : nil, isStale: isStale)
        }
        return results.all
    }

    private final class ParsedFiles: @unchecked Sendable {
        // SAFETY: all access is under the lock.
        private let lock = NSLock()
        private var facts: [SourceFacts?]
        private var stale: [Int] = []
        private var problems: [(Int, String)] = []

        init(count: Int) { facts = Array(repeating: nil, count: count) }

        func set(_ number: Int, _ value: SourceFacts?, problem: String?, isStale: Bool = false) {
            lock.withLock {
                facts[number] = value
                if isStale { stale.append(number) }
                if let problem { problems.append((number, problem)) }
            }
        }

        var all: (facts: [SourceFacts?], stale: [Int], problems: [String]) {
            lock.withLock { (facts, stale.sorted(), problems.sorted { $0.0 < $1.0 }.map(\.1)) }
        }
    }
}

import Foundation

/// The whole linter: reads an index and sources, gives findings.
public struct Linter: Sendable {
    /// What to look at, and how.
    public struct Configuration: Sendable {
        /// The user's own source files, absolute paths.
        public var sources: [String] = []
        /// Folder with `v5`.
        public var indexStore: String
        /// `libIndexStore.so` of the toolchain that built the program.
        public var indexLibrary: String
        /// Tiers that are reported. Default: waits, file, cpu.
        public var tiers: Set<Catalogue.Tier> = [.waits, .file, .cpu]
        /// Report what only start-up code reaches as well. Default false.
        public var includesStartup = false
        /// Judge test targets as well. Default false.
        public var includesTests = false
        public var catalogue: Catalogue
        /// `YYYY-MM-DD`: suppressions that end before it have expired.
        public var today: String

        public init(sources: [String], indexStore: String, indexLibrary: String, catalogue: Catalogue, today: String) {
            self.sources = sources
            self.indexStore = indexStore
            self.indexLibrary = indexLibrary
            self.catalogue = catalogue
            self.today = today
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
    }

    public let configuration: Configuration

    public init(_ configuration: Configuration) { self.configuration = configuration }

    /// - Throws: ``IndexStoreError`` when there is no index.
    public func run() throws(IndexStoreError) -> Result {
        let store = try IndexStore(path: configuration.indexStore, library: configuration.indexLibrary)
        let own = Set(configuration.sources)
        // Files that are gone stay in the store; dependencies are recognised by still being there.
        var selection = ProgramIndex.Selection()
        selection.existingOnly = true
        let index = ProgramIndex(reading: store, selection)
        var result = Result()
        let parsed = Self.parse(index.files)
        result.blindSpots += index.problems + parsed.problems
        let indexed = Set(index.files.map(\.path))
        for path in configuration.sources where !indexed.contains(path) {
            result.blindSpots.append("\(path): not in the index; build it to have it checked")
        }
        result.files = own.intersection(indexed).count
        let program = Program(
            index: index, facts: parsed.facts, isOwn: index.files.map { own.contains($0.path) },
            catalogue: configuration.catalogue)
        var options = Analyzer.Options()
        options.tiers = configuration.tiers
        options.includesStartup = configuration.includesStartup
        options.includesTests = configuration.includesTests
        let (graph, unseen) = GraphBuilder.build(program)
        let findings = Analyzer(program: program, graph: graph, options: options).findings()
        result.blindSpots += unseen.lines
        var comments = Suppressions(
            facts: zip(program.isOwn, parsed.facts).compactMap { $0 ? $1 : nil }, today: configuration.today)
        for finding in findings {
            if comments.silence(finding) { result.suppressed.append(finding) } else { result.findings.append(finding) }
        }
        result.findings += comments.complaints()
        result.findings.sort { ($0.place.path, $0.place.line, $0.rule) < ($1.place.path, $1.place.line, $1.rule) }
        return result
    }

    /// Parses all Swift files of the index in parallel. A file whose text is newer than its index is left out, and said.
    private static func parse(_ files: [ProgramIndex.File]) -> (facts: [SourceFacts?], problems: [String]) {
        let results = ParsedFiles(count: files.count)
        DispatchQueue.concurrentPerform(iterations: files.count) { number in
            let file = files[number]
            guard file.path.hasSuffix(".swift") else { return }
            guard let bytes = FileManager.default.contents(atPath: file.path) else {
                return results.set(number, nil, problem: "\(file.path): is in the index, but cannot be read")
            }
            let changed = (try? FileManager.default.attributesOfItem(atPath: file.path))?[.modificationDate] as? Date
            if let changed,
                Int64(clamping: Int(changed.timeIntervalSince1970 * 1000)) > file.indexedAtUnixNs / 1_000_000
            {
                return results.set(
                    number, nil, problem: "\(file.path): has changed since it was built; build again to have it checked"
                )
            }
            results.set(number, SourceFacts(path: file.path, bytes: [UInt8](bytes)), problem: nil)
        }
        return results.all
    }

    private final class ParsedFiles: @unchecked Sendable {
        // SAFETY: all access is under the lock.
        private let lock = NSLock()
        private var facts: [SourceFacts?]
        private var problems: [(Int, String)] = []

        init(count: Int) { facts = Array(repeating: nil, count: count) }

        func set(_ number: Int, _ value: SourceFacts?, problem: String?) {
            lock.withLock {
                facts[number] = value
                if let problem { problems.append((number, problem)) }
            }
        }

        var all: (facts: [SourceFacts?], problems: [String]) {
            lock.withLock { (facts, problems.sorted { $0.0 < $1.0 }.map(\.1)) }
        }
    }
}

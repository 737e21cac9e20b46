/// What the linter knows of other people's code: calls that block, contexts that must not, wrappers that move work away. Data,
/// see Documentation/Lint.md for the format.
public struct Catalogue: Sendable {
    /// How much a call hurts an event loop.
    public enum Tier: String, Codable, Sendable, CaseIterable, Comparable {
        /// Short critical sections, off by default.
        case lock
        /// Writes to a pipe or a terminal, off by default.
        case stdio
        /// Computes for long.
        case cpu
        /// Waits for a disk.
        case file
        /// Waits for another party, without bound.
        case waits

        /// By how much it hurts.
        public static func < (a: Tier, b: Tier) -> Bool { a.rank < b.rank }
        private var rank: Int { Self.allCases.firstIndex(of: self) ?? 0 }
    }

    /// A call is harmless when one of its arguments says so.
    public struct Excuse: Codable, Sendable, Equatable {
        /// For this function of the entry only.
        public var function: String?
        public var argument: Int?
        public var label: String?
        /// Any argument will do.
        public var any: Bool?
        public var `is`: String?
        public var contains: String?
        public var atMost: Double?
    }

    /// Calls of one kind.
    public struct Sink: Codable, Sendable, Equatable {
        public var rule: String
        public var tier: Tier
        public var functions: [String]
        public var replacement: String
        public var unless: [Excuse]?
    }

    /// What a closure or a method is for.
    public enum ContextKind: String, Codable, Sendable {
        case eventLoop = "event-loop"
        case blockingAllowed = "blocking-allowed"
    }

    /// Where code of some kind runs.
    public struct Context: Codable, Sendable, Equatable {
        public var kind: ContextKind
        public var why: String
        /// Functions whose closure arguments run there.
        public var closures: [String]?
        /// Protocols whose requirements run there.
        public var witnesses: [String]?
        public var except: [String]?
    }

    struct Document: Codable {
        var version: Int
        var sinks: [Sink]?
        var contexts: [Context]?
    }

    public internal(set) var sinks: [Sink] = []
    public internal(set) var contexts: [Context] = []
    private var sinkByBase: [String: [(pattern: SymbolPattern, sink: Int, text: String)]] = [:]
    private var contextByBase: [String: [(pattern: SymbolPattern, context: Int)]] = [:]

    public init() {}

    /// Adds a file's entries; later ones are asked first.
    ///
    /// - Throws: ``CatalogueError`` naming the file and the entry.
    mutating func add(_ document: Document, from file: String) throws(CatalogueError) {
        guard document.version == 1 else {
            throw CatalogueError("\(file): version \(document.version) is not known; this linter reads version 1")
        }
        for sink in document.sinks ?? [] {
            for text in sink.functions {
                let pattern = try Self.pattern(text, in: file)
                sinkByBase[pattern.base, default: []].insert((pattern, sinks.count, text), at: 0)
            }
            sinks.append(sink)
        }
        for context in document.contexts ?? [] {
            let excepted = Set(context.except ?? [])
            for text in context.closures ?? [] where !excepted.contains(text) {
                let pattern = try Self.pattern(text, in: file)
                contextByBase[pattern.base, default: []].insert((pattern, contexts.count), at: 0)
            }
            contexts.append(context)
        }
    }

    private static func pattern(_ text: String, in file: String) throws(CatalogueError) -> SymbolPattern {
        do { return try SymbolPattern(text) } catch { throw CatalogueError("\(file): \(error.message)") }
    }

    /// The kind of blocking call that a declaration is, with the entry's text.
    public func sink(_ path: SymbolPath) -> (sink: Sink, entry: String)? {
        sinkByBase[path.base]?.first { $0.pattern.matches(path) }.map { (sinks[$0.sink], $0.text) }
    }

    /// Where closures given to a declaration run.
    public func context(ofClosuresGivenTo path: SymbolPath) -> Context? {
        contextByBase[path.base]?.first { $0.pattern.matches(path) }.map { contexts[$0.context] }
    }

    /// Names that any sink or context has: everything else needs no closer look.
    public func mayKnow(base: String) -> Bool { sinkByBase[base] != nil || contextByBase[base] != nil }
}

extension Catalogue.Sink {
    /// Whether the arguments make a call of `entry` harmless.
    public func isExcused(entry: String, arguments: [SourceFacts.CallArgument]) -> Bool {
        (unless ?? []).contains { excuse in
            if let function = excuse.function, function != entry { return false }
            if excuse.any == true { return arguments.contains { excuse.accepts($0.text) } }
            if let label = excuse.label { return arguments.contains { $0.label == label && excuse.accepts($0.text) } }
            guard let number = excuse.argument, arguments.indices.contains(number) else { return false }
            return excuse.accepts(arguments[number].text)
        }
    }
}

extension Catalogue.Excuse {
    func accepts(_ text: String) -> Bool {
        if let wanted = self.is { return text == wanted }
        if let part = contains { return text.contains(part) }
        if let limit = atMost, let value = Double(text.filter { $0 != "_" }) { return value <= limit }
        return false
    }
}

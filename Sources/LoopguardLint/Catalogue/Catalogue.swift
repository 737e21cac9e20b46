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
        /// For the functions that it names: harmless unless one of these holds.
        public var onlyIf: [Excuse]?
    }

    /// What a closure or a method is for.
    public enum ContextKind: String, Codable, Sendable {
        /// On an event loop: who blocks there stops every connection of the loop.
        case eventLoop = "event-loop"
        /// On a thread of the cooperative pool, of which there are as many as cores.
        case pool
        /// On a thread that is there to be blocked.
        case blockingAllowed = "blocking-allowed"
        /// Before the callee returns, on its caller's thread.
        case inPlace = "in-place"
    }

    /// Where code of some kind runs.
    public struct Context: Codable, Sendable, Equatable {
        public var kind: ContextKind
        public var why: String
        /// Functions whose closure arguments run there.
        public var closures: [String]?
        /// Protocols whose requirements run there; `MODULE.PROTOCOL` or `MODULE.PROTOCOL.NAME`.
        public var witnesses: [String]?
        public var except: [String]?
        /// Holds for synchronous closures only; those for `async` ones are tasks like any other. Default false.
        public var synchronousOnly: Bool?
    }

    /// Code that does not block, whatever it looks like.
    public struct Trusted: Codable, Sendable, Equatable {
        public var why: String
        /// `MODULE.*`, `MODULE.TYPE.*` or `MODULE.TYPE.NAME`.
        public var code: [String]
    }

    /// Code that runs before anything is served.
    public struct Startup: Codable, Sendable, Equatable {
        public var why: String
        /// Names of functions of the user's program, with labels.
        public var functions: [String]?
        /// Requirements that a framework calls once, at the start; as in ``Context/witnesses``.
        public var witnesses: [String]?
    }

    /// Which of other people's `noasync` declarations say that they block: many only say that they need a thread of their own.
    public struct Noasync: Codable, Sendable, Equatable {
        /// Parts of the message or of the name that say so; lower case.
        public var words: [String]
        /// Declarations that do not block in spite of such a word.
        public var except: [String]?
    }

    struct Document: Codable {
        var version: Int
        var sinks: [Sink]?
        var contexts: [Context]?
        var trusted: [Trusted]?
        var startup: [Startup]?
        var noasync: Noasync?
    }

    public internal(set) var sinks: [Sink] = []
    public internal(set) var contexts: [Context] = []
    public internal(set) var trusted: [Trusted] = []
    public internal(set) var startup: [Startup] = []
    public internal(set) var noasync = Noasync(words: [])
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
        for text in (document.contexts ?? []).flatMap({ $0.witnesses ?? [] })
            + (document.startup ?? []).flatMap({ $0.witnesses ?? [] }) + (document.trusted ?? []).flatMap(\.code)
        where !(2...6).contains(
            text.split(separator: ".", omittingEmptySubsequences: false).count(where: { !$0.isEmpty }))
        {
            throw CatalogueError("\(file): `\(text)` is not MODULE.PROTOCOL, MODULE.TYPE.NAME or MODULE.*")
        }
        trusted += document.trusted ?? []
        startup += document.startup ?? []
        if let more = document.noasync {
            noasync.words += more.words
            noasync.except = (noasync.except ?? []) + (more.except ?? [])
        }
    }

    /// Whether a declaration that is `noasync` blocks, by what its author says about it.
    public func saysThatItBlocks(message: String, path: SymbolPath) -> Bool {
        let text = (message + " " + path.base).lowercased()
        guard noasync.words.contains(where: { text.contains($0) }) else { return false }
        return !(noasync.except ?? []).contains { path.description.hasPrefix($0) }
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
        if (unless ?? []).contains(where: { ($0.function ?? entry) == entry && $0.holds(for: arguments) }) {
            return true
        }
        let conditions = (onlyIf ?? []).filter { $0.function == entry }
        return !conditions.isEmpty && !conditions.contains { $0.holds(for: arguments) }
    }
}

extension Catalogue.Excuse {
    /// Whether the argument that is meant, or any of them, has the text.
    func holds(for arguments: [SourceFacts.CallArgument]) -> Bool {
        if any == true { return arguments.contains { accepts($0.text) } }
        if let label { return arguments.contains { $0.label == label && accepts($0.text) } }
        guard let argument, arguments.indices.contains(argument) else { return false }
        return accepts(arguments[argument].text)
    }

    func accepts(_ text: String) -> Bool {
        if let wanted = self.is { return text == wanted }
        if let part = contains { return text.contains(part) }
        if let limit = atMost, let value = Double(text.filter { $0 != "_" }) { return value <= limit }
        return false
    }
}

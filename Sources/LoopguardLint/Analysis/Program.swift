/// A program as the linter sees it: the compiler's index joined with the syntax of its files.
struct Program: Sendable {
    var index: ProgramIndex
    /// By file number; nil for files of other languages, and for those whose text is not that of the index.
    var facts: [SourceFacts?]
    /// The files that are judged: the user's own. All others are only looked through.
    var isOwn: [Bool]
    var catalogue: Catalogue
    private(set) var paths: [ProgramIndex.SymbolID: SymbolPath] = [:]
    /// Everything that a module's files use, and what that uses.
    private(set) var linked: [String: Set<String>] = [:]
    /// By module, what may be in one program with it: what it uses, and what own executables that use it use. Tests are none.
    private(set) var together: [String: Set<String>] = [:]
    /// Of a property or subscript.
    private(set) var accessors: [ProgramIndex.SymbolID: [ProgramIndex.SymbolID]] = [:]

    init(index: ProgramIndex, facts: [SourceFacts?], isOwn: [Bool], catalogue: Catalogue) {
        self.index = index
        self.facts = facts
        self.isOwn = isOwn
        self.catalogue = catalogue
        for (number, symbol) in index.symbols.enumerated() where symbol.kind != .parameter && symbol.kind != .type {
            // Demangling is what costs: only for names that the catalogue has.
            var base = symbol.name.prefix { $0 != "(" }
            // `getter:hostName`: reading a property may block as well.
            if symbol.accessor != .none, let colon = base.firstIndex(of: ":") {
                base = base[base.index(after: colon)...]
            }
            guard catalogue.mayKnow(base: String(base)) else { continue }
            if let path = SymbolPath(usr: symbol.usr, demangle: Demangler.demangle) {
                paths[ProgramIndex.SymbolID(clamping: number)] = path
            }
        }
        for (child, parent) in index.parents where index[child].accessor != .none {
            accessors[parent, default: []].append(child)
        }
        for property in accessors.keys { accessors[property]?.sort() }
        link()
    }

    /// Who links these runs no server: its event loops and stores are doubles.
    private static let testSupport: Set<String> = ["XCTest", "Testing", "NIOEmbedded", "NIOTestUtils"]

    private mutating func link() {
        var direct: [String: Set<String>] = [:]
        for file in index.files { direct[file.module, default: []].formUnion(file.modules) }
        for module in direct.keys {
            var all: Set<String> = [module]
            var waiting = [module]
            while let next = waiting.popLast() {
                for other in direct[next] ?? [] where all.insert(other).inserted { waiting.append(other) }
            }
            linked[module] = all
        }
        together = linked
        var programs: Set<String> = []
        for (number, file) in index.files.enumerated()
        where isOwn[number] && (file.path.hasSuffix("/main.swift") || (facts[number]?.hasMain ?? false)) {
            programs.insert(file.module)
        }
        for program in programs {
            guard let all = linked[program], all.isDisjoint(with: Self.testSupport) else { continue }
            for module in all { together[module]?.formUnion(all) }
        }
    }

    /// Whether the body of a declaration was compiled from source.
    func hasBody(_ symbol: ProgramIndex.SymbolID) -> Bool { index.definitions[symbol] != nil }

    /// Whether code of `module` can meet code of the file.
    func mayMeet(_ file: ProgramIndex.FileID, from module: String) -> Bool {
        together[module]?.contains(index.files[Int(file)].module) ?? true
    }

    /// What may run instead of `symbol`: the index relates properties, not their accessors, to a protocol's.
    private func overriding(_ symbol: ProgramIndex.SymbolID) -> [ProgramIndex.SymbolID] {
        let direct = index.overrides[symbol] ?? []
        let kind = index[symbol].accessor
        guard kind != .none, let property = index.parents[symbol] else { return direct }
        return direct
            + (index.overrides[property] ?? []).flatMap { other in
                (accessors[other] ?? []).filter { index[$0].accessor == kind }
            }
    }

    /// All implementations that a dynamic call of `symbol` may lead to, `symbol` itself included when it has a body. Which of
    /// them a program can meet depends on where the search began: see ``mayMeet(_:from:)``.
    ///
    /// A protocol of the system has its implementations everywhere; none of them is assumed.
    func targets(
        of symbol: ProgramIndex.SymbolID, receiver: ProgramIndex.SymbolID
    ) -> [ProgramIndex.SymbolID] {
        guard hasBody(symbol) else { return [] }
        var all: [ProgramIndex.SymbolID] = []
        var seen: Set<ProgramIndex.SymbolID> = [symbol]
        var waiting = [symbol]
        while let next = waiting.popLast() {
            all.append(next)
            for other in overriding(next) where seen.insert(other).inserted { waiting.append(other) }
        }
        guard all.count > 1 else { return all }
        let family = receiver < 0 ? nil : subtypes(of: receiver)
        return all.filter { candidate in
            guard hasBody(candidate) else { return false }
            guard let family, candidate != symbol else { return true }
            return family.contains(owner(of: candidate))
        }
    }

    /// A type, and all that inherit from it or conform to it.
    private func subtypes(of type: ProgramIndex.SymbolID) -> Set<ProgramIndex.SymbolID> {
        var all: Set<ProgramIndex.SymbolID> = [type]
        var waiting = [type]
        while let next = waiting.popLast() {
            for other in index.subtypes[next] ?? [] {
                let real = index.extended[other] ?? other
                if all.insert(real).inserted { waiting.append(real) }
            }
        }
        return all
    }

    /// The property of an accessor; anything else is returned.
    func property(of symbol: ProgramIndex.SymbolID) -> ProgramIndex.SymbolID {
        index[symbol].accessor == .none ? symbol : index.parents[symbol] ?? symbol
    }

    /// The type that a member belongs to; extensions are looked through.
    func owner(of symbol: ProgramIndex.SymbolID) -> ProgramIndex.SymbolID {
        var current = symbol
        for _ in 0..<8 {
            guard let parent = index.parents[current] else { return current }
            current = index.extended[parent] ?? parent
            if index[current].kind == .type || index[current].kind == .protocol { return current }
        }
        return current
    }
}

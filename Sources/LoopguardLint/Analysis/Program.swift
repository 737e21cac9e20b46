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

    init(index: ProgramIndex, facts: [SourceFacts?], isOwn: [Bool], catalogue: Catalogue) {
        self.index = index
        self.facts = facts
        self.isOwn = isOwn
        self.catalogue = catalogue
        for (number, symbol) in index.symbols.enumerated() where symbol.kind != .parameter && symbol.kind != .type {
            // Demangling is what costs: only for names that the catalogue has.
            let base = symbol.name.prefix { $0 != "(" }
            guard catalogue.mayKnow(base: String(base)) else { continue }
            if let path = SymbolPath(usr: symbol.usr, demangle: Demangler.demangle) {
                paths[ProgramIndex.SymbolID(clamping: number)] = path
            }
        }
        link()
    }

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
    }

    /// Whether the body of a declaration was compiled from source.
    func hasBody(_ symbol: ProgramIndex.SymbolID) -> Bool { index.definitions[symbol] != nil }

    /// Whether code of `module` can meet the implementation `symbol`.
    func isLinked(_ symbol: ProgramIndex.SymbolID, into module: String) -> Bool {
        guard let definition = index.definitions[symbol] else { return false }
        return linked[module]?.contains(index.files[Int(definition.file)].module) ?? true
    }

    /// All implementations that a dynamic call of `symbol` may lead to, `symbol` itself included when it has a body.
    ///
    /// A protocol of the system has its implementations everywhere; none of them is assumed.
    func targets(
        of symbol: ProgramIndex.SymbolID, receiver: ProgramIndex.SymbolID, from module: String
    ) -> [ProgramIndex.SymbolID] {
        guard hasBody(symbol) else { return [] }
        var all: [ProgramIndex.SymbolID] = []
        var seen: Set<ProgramIndex.SymbolID> = [symbol]
        var waiting = [symbol]
        while let next = waiting.popLast() {
            all.append(next)
            for other in index.overrides[next] ?? [] where seen.insert(other).inserted { waiting.append(other) }
        }
        guard all.count > 1 else { return all }
        let family = receiver < 0 ? nil : subtypes(of: receiver)
        return all.filter { candidate in
            guard isLinked(candidate, into: module) else { return false }
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

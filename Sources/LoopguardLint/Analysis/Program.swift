/// A program as the linter sees it: the compiler's index joined with the syntax of its files.
struct Program: Sendable {
    var index: ProgramIndex
    /// By file number; nil for files of other languages, and for those whose text is not that of the index.
    var facts: [SourceFacts?]
    /// The files that are judged: the user's own. All others are only looked through.
    var isOwn: [Bool]
    var catalogue: Catalogue
    private(set) var paths: [ProgramIndex.SymbolID: SymbolPath] = [:]
    /// Modules by number; files and symbols refer to them.
    private(set) var modules: [String] = []
    private(set) var moduleOfFile: [Int] = []
    /// By module: the modules whose code it can meet. See ``isReachable(_:from:)``.
    private var reachable: [Set<Int>] = []
    /// Of a property or subscript.
    private(set) var accessors: [ProgramIndex.SymbolID: [ProgramIndex.SymbolID]] = [:]
    /// By module: a test target, whose code is not judged and proves nothing about who calls what.
    private(set) var isTest: [Bool] = []

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

    // MARK: who can meet whom

    /// Which modules use which, from what their files import or include, and on through what those use.
    private mutating func link() {
        var numbers: [String: Int] = [:]
        for file in index.files {
            let number = numbers[file.module] ?? modules.count
            if number == modules.count {
                numbers[file.module] = number
                modules.append(file.module)
            }
            moduleOfFile.append(number)
        }
        var direct = Array(repeating: Set<Int>(), count: modules.count)
        var ownModules: Set<Int> = []
        isTest = Array(repeating: false, count: modules.count)
        for (number, file) in index.files.enumerated() {
            let module = moduleOfFile[number]
            direct[module].formUnion(file.modules.lazy.compactMap { numbers[$0] })
            if isOwn[number] { ownModules.insert(module) }
            if file.modules.contains("XCTest") || file.modules.contains("Testing") { isTest[module] = true }
        }
        for module in modules.indices {
            var all: Set<Int> = [module]
            var waiting = [module]
            while let next = waiting.popLast() {
                for other in direct[next] where all.insert(other).inserted { waiting.append(other) }
            }
            reachable.append(all)
        }
        // What is passed to a library from above is met there: own modules that link it, and all of a program that does; tests
        // apart.
        let below = reachable
        var programs: Set<Int> = []
        for (number, file) in index.files.enumerated()
        where file.path.hasSuffix("/main.swift") || (facts[number]?.hasMain ?? false) {
            programs.insert(moduleOfFile[number])
        }
        for program in programs where below[program].allSatisfy({ !isTest[$0] }) {
            for module in below[program] { reachable[module].formUnion(below[program]) }
        }
        for upper in ownModules where !isTest[upper] {
            for lower in below[upper] where lower != upper { reachable[lower].insert(upper) }
        }
    }

    /// Whether code that is judged in one module can meet code of another: it links it, or is linked by it and both are the
    /// user's.
    func isReachable(_ module: Int, from other: Int) -> Bool { reachable[other].contains(module) }

    /// Whether the body of a declaration was compiled from source.
    func hasBody(_ symbol: ProgramIndex.SymbolID) -> Bool { index.definitions[symbol] != nil }

    /// The module that defines a symbol.
    func module(of symbol: ProgramIndex.SymbolID) -> Int? {
        index.definitions[symbol].map { moduleOfFile[Int($0.file)] }
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

    /// All implementations that a dynamic call of `symbol` may lead to, `symbol` itself included when it has a body.
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

    /// What may run for a requirement or an overridden member, that itself left out.
    func implementations(of symbol: ProgramIndex.SymbolID) -> [ProgramIndex.SymbolID] {
        var all: [ProgramIndex.SymbolID] = []
        var seen: Set<ProgramIndex.SymbolID> = [symbol]
        var waiting = index.overrides[symbol] ?? []
        while let next = waiting.popLast() {
            guard seen.insert(next).inserted else { continue }
            all.append(next)
            waiting += index.overrides[next] ?? []
        }
        return all
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

    /// Module and type of a declaration, and its name without labels, as the catalogue's `MODULE.TYPE.NAME`; types innermost only.
    func place(of symbol: ProgramIndex.SymbolID) -> (module: String, type: String?, name: String) {
        let name = String(index[symbol].name.prefix { $0 != "(" })
        let type = owner(of: symbol)
        let module = Self.module(ofUSR: index[type == symbol ? symbol : type].usr)
        return (module ?? "", type == symbol ? nil : index[type].name, name)
    }

    /// `s:7NIOCore…` → `NIOCore`; nil for other languages and for the standard library.
    static func module(ofUSR usr: String) -> String? {
        // What only the syntax knows: `file:protocol#NIOCore.ChannelInboundHandler#…`.
        if usr.hasPrefix("file:protocol#") {
            return usr.dropFirst("file:protocol#".count).split(separator: ".").first.map(String.init)
        }
        guard usr.hasPrefix("s:") else { return nil }
        let rest = usr.utf8.dropFirst(2)
        let digits = rest.prefix { (0x30...0x39).contains($0) }
        guard let length = Int(Substring(digits)), length > 0, length < 256 else { return nil }
        return String(Substring(rest.dropFirst(digits.count).prefix(length)))
    }
}

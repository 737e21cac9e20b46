/// Makes a ``CallGraph`` of a ``Program``: joins the compiler's calls with the closures and local functions that only the syntax
/// knows.
struct GraphBuilder {
    typealias SymbolID = ProgramIndex.SymbolID
    typealias FileID = ProgramIndex.FileID

    let program: Program
    var graph = CallGraph()
    /// What a name at an offset of a file refers to, for calls.
    var calleeAt: [[Int: SymbolID]] = []
    /// Functions whose closure parameters run where blocking is meant, found by looking at their bodies.
    var insulators: [SymbolID: Set<String>] = [:]
    /// Closures that properties hold.
    var closuresOf: [SymbolID: [CallGraph.NodeID]] = [:]
    /// Members by type and name, for what only the syntax names.
    var memberOf: [MemberKey: SymbolID] = [:]

    /// Members that a function puts its closure parameter into.
    var storesOf: [ParameterKey: [SymbolID]] = [:]
    /// Parameters that a function calls itself.
    var calledParameters: Set<ParameterKey> = []
    /// Code of default arguments, by function.
    var defaultsOf: [SymbolID: [(parameter: Int, node: CallGraph.NodeID)]] = [:]
    /// Properties by where they are named, for files that keep closures in them.
    var propertyAt: [FileID: [Int: SymbolID]] = [:]
    /// Mentions of functions that have been dealt with.
    var placed: Set<Position> = []
    /// Functions that local variables hold, by where they are named.
    var references: [Position: ProgramIndex.Occurrence] = [:]
    /// By type.
    var deinitializers: [SymbolID: SymbolID] = [:]
    /// By type, those with a definition.
    var initializers: [SymbolID: [SymbolID]] = [:]
    /// Type aliases of `async` function types, in all files.
    var asyncAliases: Set<String> = []

    struct ParameterKey: Hashable {
        var function: SymbolID
        var name: String
    }

    struct Position: Hashable {
        var file: FileID
        var offset: Int
    }

    struct MemberKey: Hashable {
        var type: SymbolID
        var name: String
    }

    init(_ program: Program) { self.program = program }

    /// The graph of the whole program.
    static func graph(of program: Program) -> CallGraph {
        var builder = GraphBuilder(program)
        builder.findCallees()
        builder.findInsulators()
        builder.findStores()
        builder.findDefaults()
        builder.addClosures()
        builder.placeReferences()
        builder.addLocalValues()
        builder.addCalls()
        builder.addImplicitCalls()
        builder.addDeclarations()
        return builder.graph
    }

    // MARK: the join

    func offset(_ occurrence: ProgramIndex.Occurrence, in facts: SourceFacts) -> Int? {
        facts.lines.offset(line: Int(occurrence.line), column: Int(occurrence.column))
    }

    mutating func findCallees() {
        calleeAt = Array(repeating: [:], count: program.index.files.count)
        for (number, file) in program.index.files.enumerated() {
            guard let facts = program.facts[number] else { continue }
            for occurrence in file.occurrences
            where occurrence.roles.contains(.call) || occurrence.roles.contains(.read) {
                guard let offset = offset(occurrence, in: facts) else { continue }
                // An initialiser's call stands where its type is named: the call is what matters.
                if occurrence.roles.contains(.call) || calleeAt[number][offset] == nil {
                    calleeAt[number][offset] = occurrence.symbol
                }
            }
        }
        for (child, parent) in program.index.parents where program.index[child].kind == .property {
            let owner = program.index.extended[parent] ?? parent
            memberOf[MemberKey(type: owner, name: program.index[child].name)] = child
        }
        for (child, parent) in program.index.parents {
            let type = program.index.extended[parent] ?? parent
            switch program.index[child].kind {
            case .deinitializer: deinitializers[type] = child
            case .initializer where program.hasBody(child): initializers[type, default: []].append(child)
            default: break
            }
        }
        for facts in program.facts { asyncAliases.formUnion(facts?.asyncAliases ?? []) }
    }

    /// The piece of code that an offset belongs to: the innermost closure or local function, else the declaration.
    mutating func owner(of offset: Int, file: FileID, container: SymbolID) -> CallGraph.NodeID? {
        guard let facts = program.facts[Int(file)] else {
            return container < 0 ? nil : graph.node(symbol: container, file: file, scope: -1)
        }
        return owner(ofScope: facts.scope(at: offset), file: file, container: container)
    }

    mutating func owner(
        ofScope start: SourceFacts.ScopeID, file: FileID, container: SymbolID
    ) -> CallGraph.NodeID? {
        guard let facts = program.facts[Int(file)] else { return nil }
        var scope = start
        while scope >= 0 {
            switch facts.scopes[scope].kind {
            case .closure, .localFunction, .defaultArgument: return graph.node(file: file, scope: scope)
            case .type: scope = facts.scopes[scope].parent
            case .file:
                // What a macro made stands at the attribute, outside all code.
                return container >= 0
                    ? graph.node(symbol: container, file: file, scope: -1) : graph.node(file: file, scope: 0)
            case .initialValue where container < 0:
                guard let defined = symbolDefined(at: facts.scopes[scope].nameOffset, file: file) else {
                    return graph.node(file: file, scope: scope)
                }
                return graph.node(symbol: program.property(of: defined), file: file, scope: scope)
            default:
                if container >= 0 { return graph.node(symbol: container, file: file, scope: scope) }
                if let symbol = symbolDefined(at: facts.scopes[scope].nameOffset, file: file) {
                    return graph.node(symbol: symbol, file: file, scope: scope)
                }
                return graph.node(file: file, scope: scope)
            }
        }
        return nil
    }

    var definedAt: [FileID: [Int: SymbolID]] = [:]

    mutating func symbolDefined(at offset: Int, file: FileID) -> SymbolID? {
        if definedAt[file] == nil {
            var table: [Int: SymbolID] = [:]
            if let facts = program.facts[Int(file)] {
                for occurrence in program.index.files[Int(file)].occurrences
                where occurrence.roles.contains(.definition) {
                    guard let offset = self.offset(occurrence, in: facts) else { continue }
                    let symbol = program.index[occurrence.symbol]
                    // A property and its implicit getter stand at one place: the code is the getter's.
                    if table[offset] == nil || symbol.accessor == .getter { table[offset] = occurrence.symbol }
                }
            }
            definedAt[file] = table
        }
        return definedAt[file]?[offset]
    }

    // MARK: calls

    mutating func addCalls() {
        for (number, file) in program.index.files.enumerated() {
            let facts = program.facts[number]
            for occurrence in file.occurrences { addCall(occurrence, FileID(number), facts, module: file.module) }
        }
    }

    mutating func addCall(
        _ occurrence: ProgramIndex.Occurrence, _ file: FileID, _ facts: SourceFacts?, module: String
    ) {
        let symbol = program.index[occurrence.symbol]
        let isCall = occurrence.roles.contains(.call) || isImpliedCall(occurrence, symbol)
        let isUnapplied = !isCall && Self.isUnapplied(occurrence, symbol)
        let isHeld = !isCall && occurrence.roles.contains(.read) && closuresOf[occurrence.symbol] != nil
        guard isCall || isUnapplied || isHeld else { return }
        let offset = facts.flatMap { self.offset(occurrence, in: $0) }
        if facts != nil, offset == nil { return }  // the file has changed since
        if let facts, let offset, facts.deadRanges.contains(where: { $0.contains(offset) }) { return }
        if let offset, placed.contains(Position(file: file, offset: offset)) { return }
        guard let from = owner(of: offset ?? 0, file: file, container: occurrence.container) else { return }
        let site = CallGraph.Site(file: file, line: Int(occurrence.line), column: Int(occurrence.column))
        if isUnapplied, let facts, let offset, let argument = facts.argumentAt[offset] {
            return deliver(.reference(occurrence), as: argument, in: facts.scope(at: offset), at: site, facts)
        }
        let written = facts.flatMap { facts in offset.flatMap { facts.callAt[$0].map { facts.calls[$0] } } }
        // A function that is handed over runs where closures given to the same callee run.
        if isUnapplied, let facts, let offset, isHandedToInsulator(offset, facts, Int(file)) { return }
        for closure in closuresOf[occurrence.symbol] ?? [] {
            graph.connect(
                from,
                .init(
                    to: closure, site: site, targets: closuresOf[occurrence.symbol]?.count ?? 1,
                    isAwaited: written?.isAwaited ?? false)
            )
        }
        if isCall { addDefaults(of: occurrence.symbol, written, from: from, site) }
        run(occurrence, written, from: from, at: site)
    }

    /// What the compiler calls without giving it the role of a call.
    private func isImpliedCall(_ occurrence: ProgramIndex.Occurrence, _ symbol: IndexSymbol) -> Bool {
        occurrence.roles.contains([.reference, .implicit]) && symbol.kind == .method
            && (symbol.name.hasPrefix("build") || symbol.name.hasPrefix("~="))
    }

    /// A function named without being called.
    static func isUnapplied(_ occurrence: ProgramIndex.Occurrence, _ symbol: IndexSymbol) -> Bool {
        !occurrence.roles.contains(.call) && occurrence.roles.contains(.reference)
            && !occurrence.roles.contains(.implicit) && symbol.accessor == .none
            && (symbol.kind == .function || symbol.kind == .method || symbol.kind == .initializer)
    }

    /// `from` runs what the occurrence names.
    mutating func run(
        _ occurrence: ProgramIndex.Occurrence, _ written: SourceFacts.Call?, from: CallGraph.NodeID,
        at site: CallGraph.Site
    ) {
        let symbol = program.index[occurrence.symbol]
        let isAwaited = written?.isAwaited ?? false
        if let path = program.paths[occurrence.symbol], let found = program.catalogue.sink(path), !symbol.isAsync {
            if path.module != "c" || !isDefinedInC(occurrence.symbol) {
                if !found.sink.isExcused(entry: found.entry, arguments: written?.arguments ?? []) {
                    graph.sinks[Int(from)].append(
                        .init(
                            site: site, rule: found.sink.rule, tier: found.sink.tier, name: path.short,
                            replacement: found.sink.replacement))
                }
                return
            }
        }
        let isDynamic =
            occurrence.roles.contains(.dynamic)
            || (program.index.overrides[occurrence.symbol] != nil && isRequirement(occurrence.symbol))
        let targets =
            isDynamic
            ? program.targets(of: occurrence.symbol, receiver: occurrence.receiver)
            : program.hasBody(occurrence.symbol) ? [occurrence.symbol] : []
        for target in targets {
            guard let definition = program.index.definitions[target] else { continue }
            let to = graph.node(symbol: target, file: definition.file, scope: -1)
            graph.connect(
                from,
                .init(
                    to: to, site: site, targets: targets.count, isAwaited: isAwaited, isDynamic: targets.count > 1))
        }
        guard symbol.kind == .initializer, let deinitializer = deinitializers[program.owner(of: occurrence.symbol)],
            let definition = program.index.definitions[deinitializer]
        else { return }
        // Who makes an object is likely to be where it ends.
        let to = graph.node(symbol: deinitializer, file: definition.file, scope: -1)
        graph.connect(from, .init(to: to, site: site, targets: 1, isAwaited: false))
    }

    private func isRequirement(_ symbol: SymbolID) -> Bool {
        program.index.parents[symbol].map { program.index[$0].kind == .protocol } ?? false
    }

    /// A program that defines a function of the C library's name means its own.
    func isDefinedInC(_ symbol: SymbolID) -> Bool { program.hasBody(symbol) }

    func isHandedToInsulator(_ offset: Int, _ facts: SourceFacts, _ file: Int) -> Bool {
        // The innermost call whose parentheses contain the name.
        let around = facts.calls.filter { $0.range.contains(offset) && $0.nameOffset != offset }
        guard let call = around.min(by: { $0.range.count < $1.range.count }),
            let callee = calleeAt[file][call.nameOffset]
        else { return false }
        return isInsulating(callee, call, argument: nil)
    }
}

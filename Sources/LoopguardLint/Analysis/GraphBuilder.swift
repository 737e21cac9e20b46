/// Makes a ``CallGraph`` of a ``Program``: joins the compiler's calls with the closures and local functions that only the syntax
/// knows.
struct GraphBuilder {
    typealias SymbolID = ProgramIndex.SymbolID
    typealias FileID = ProgramIndex.FileID

    let program: Program
    var graph = CallGraph()
    /// Functions whose closure parameters run where blocking is meant, found by looking at their bodies.
    var insulators: [SymbolID: Set<String>] = [:]
    /// Functions that run a closure parameter before they return, and functions that run it on an event loop, with why.
    var inPlace: [SymbolID: Set<String>] = [:]
    var onEventLoop: [SymbolID: [String: String]] = [:]
    /// Functions that run a closure parameter on an actor's own executor.
    var displaced: [SymbolID: Set<String>] = [:]
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

    /// By file: what is defined at an offset.
    var definedAt: [[Int: SymbolID]] = []
    /// Declared blocking, with the name as written.
    var declaredBlocking: [SymbolID: String] = [:]
    let closureParameters = ClosureParameters()
    /// What was called and could not be looked into.
    var unseen = Unseen()

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
    static func graph(of program: Program) -> CallGraph { build(program).graph }

    /// The graph, and what could not be seen on the way.
    static func build(_ program: Program) -> (graph: CallGraph, unseen: Unseen) {
        var builder = GraphBuilder(program)
        builder.findDeclarations()
        builder.findInsulators()
        builder.findStores()
        builder.findDefaults()
        builder.addClosures()
        builder.placeReferences()
        builder.addLocalValues()
        builder.addCalls()
        builder.addImplicitCalls()
        builder.addDeclarations()
        builder.trust()
        builder.moveToEventLoops()
        return (builder.graph, builder.unseen)
    }

    // MARK: the join

    func offset(_ occurrence: ProgramIndex.Occurrence, in facts: SourceFacts) -> Int? {
        facts.lines.offset(line: Int(occurrence.line), column: Int(occurrence.column))
    }

    /// What a name at an offset of a file refers to, for calls; reads of something callable count when nothing is called there.
    func callee(at offset: Int, file: Int) -> SymbolID? {
        guard let facts = program.facts[file] else { return nil }
        let place = facts.lines.position(of: offset)
        let line = UInt32(clamping: place.line)
        let column = UInt32(clamping: place.column)
        let occurrences = program.index.files[file].occurrences
        var low = 0
        var high = occurrences.count
        while low < high {
            let middle = (low + high) / 2
            if (occurrences[middle].line, occurrences[middle].column) < (line, column) {
                low = middle + 1
            } else {
                high = middle
            }
        }
        var read: SymbolID?
        while low < occurrences.count, occurrences[low].line == line, occurrences[low].column == column {
            let occurrence = occurrences[low]
            // An initialiser's call stands where its type is named: the call is what matters.
            if occurrence.roles.contains(.call) { return occurrence.symbol }
            if occurrence.roles.contains(.read), read == nil { read = occurrence.symbol }
            low += 1
        }
        return read
    }

    /// What is defined where: the syntax names places, the index symbols.
    mutating func findDeclarations() {
        definedAt = Array(repeating: [:], count: program.index.files.count)
        for (number, file) in program.index.files.enumerated() {
            guard let facts = program.facts[number] else { continue }
            var table: [Int: SymbolID] = [:]
            for occurrence in file.occurrences where occurrence.roles.contains(.definition) {
                guard let offset = offset(occurrence, in: facts) else { continue }
                let symbol = program.index[occurrence.symbol]
                // A property and its implicit getter stand at one place: the code is the getter's.
                if table[offset] == nil || symbol.accessor == .getter { table[offset] = occurrence.symbol }
            }
            definedAt[number] = table
            for scope in facts.scopes where scope.kind == .function || scope.kind == .initializer {
                guard let symbol = table[scope.nameOffset], isDeclaredBlocking(scope, symbol, number) else { continue }
                declaredBlocking[symbol] = scope.name
            }
        }
        for (child, parent) in program.index.parents.sorted(by: { $0.key < $1.key }) {
            let type = program.index.extended[parent] ?? parent
            let symbol = program.index[child]
            switch symbol.kind {
            case .property: memberOf[MemberKey(type: type, name: symbol.name)] = child
            case .deinitializer: deinitializers[type] = child
            case .initializer where program.hasBody(child): initializers[type, default: []].append(child)
            default: break
            }
        }
        for facts in program.facts { asyncAliases.formUnion(facts?.asyncAliases ?? []) }
    }

    /// The comment always counts, and so does the user's own `noasync`; other people's only when they say that it blocks.
    private func isDeclaredBlocking(_ scope: SourceFacts.Scope, _ symbol: SymbolID, _ file: Int) -> Bool {
        guard scope.isDeclaredBlocking else { return false }
        guard let message = scope.noasyncMessage, !program.isOwn[file] else { return true }
        let place = program.place(of: symbol)
        return program.catalogue.saysThatItBlocks(
            message: message,
            path: SymbolPath(module: place.module, types: place.type.map { [$0] } ?? [], base: place.name))
    }

    func symbolDefined(at offset: Int, file: FileID) -> SymbolID? { definedAt[Int(file)][offset] }

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
}

extension GraphBuilder {
    /// What runs without being named: observers of a setter, initial values, property wrappers.
    mutating func addImplicitCalls() {
        addAccessors()
        var lazies: [SymbolID: CallGraph.NodeID] = [:]
        for number in program.index.files.indices {
            guard let facts = program.facts[number] else { continue }
            for (scope, code) in facts.scopes.enumerated() where code.kind == .initialValue {
                if let (property, node) = addInitialValue(scope, code, facts, FileID(number)) {
                    lazies[property] = node
                }
            }
            addLocalCalls(facts, FileID(number))
            addWrappers(facts, FileID(number))
        }
        addUses(of: lazies)
    }

    /// The index has no symbols for local functions: their calls are found by name, innermost first, as the compiler does.
    mutating func addLocalCalls(_ facts: SourceFacts, _ file: FileID) {
        var locals: [Int: [(name: String, scope: Int)]] = [:]
        var types: [Int: [Int]] = [:]
        for (scope, code) in facts.scopes.enumerated() where code.kind == .localFunction {
            if locals[code.parent] == nil, facts.scopes[code.parent].kind == .type {
                types[facts.scopes[code.parent].parent, default: []].append(code.parent)
            }
            locals[code.parent, default: []].append((String(code.name.prefix { $0 != "(" }), scope))
        }
        guard !locals.isEmpty else { return }
        for call in facts.calls where callee(at: call.nameOffset, file: Int(file)) == nil {
            let name = String(call.name.prefix { $0 != "(" })
            var around = call.scope
            while around >= 0 {
                // A member of a local type is called on a value; a local function, and a member from inside, by its name.
                let places = (call.receiver == nil || call.receiver == "self" ? [around] : []) + (types[around] ?? [])
                var targets = places.flatMap { locals[$0] ?? [] }.filter { $0.name == name }.map(\.scope)
                let fitting = targets.filter { accepts(facts.scopes[$0].parameters, call) }
                if !fitting.isEmpty { targets = fitting }
                if !targets.isEmpty {
                    guard let from = owner(ofScope: call.scope, file: file, container: -1) else { break }
                    let place = facts.lines.position(of: call.nameOffset)
                    for target in targets {
                        graph.connect(
                            from,
                            .init(
                                to: graph.node(file: file, scope: target),
                                site: .init(file: file, line: place.line, column: place.column),
                                targets: targets.count, isAwaited: call.isAwaited))
                    }
                    break
                }
                around = facts.scopes[around].parent
            }
        }
    }

    /// Whether all arguments find a parameter.
    private func accepts(_ parameters: [SourceFacts.Parameter], _ call: SourceFacts.Call) -> Bool {
        call.arguments.count <= parameters.count
            && call.arguments.indices.allSatisfy { parameters.parameter(of: $0, in: call.arguments) != nil }
    }

    /// From a setter to `willSet`, `didSet` and `_modify`, from a getter to `_read`: the index names the former two only.
    mutating func addAccessors() {
        for (property, all) in program.accessors.sorted(by: { $0.key < $1.key }) {
            for accessor in all {
                let through: IndexSymbol.Accessor
                switch program.index[accessor].accessor {
                case .willSet, .didSet, .modify: through = .setter
                case .read: through = .getter
                default: continue
                }
                guard let definition = program.index.definitions[accessor] else { continue }
                let to = graph.node(symbol: accessor, file: definition.file, scope: -1)
                let site = CallGraph.Site(
                    file: definition.file, line: Int(definition.line), column: Int(definition.column))
                for other in program.accessors[property] ?? [] where program.index[other].accessor == through {
                    let from = graph.node(symbol: other, file: definition.file, scope: -1)
                    graph.connect(from, .init(to: to, site: site, targets: 1, isAwaited: false))
                }
            }
        }
    }

    /// A stored property's value runs in every initialiser of its type. A lazy, static or global one's runs at the first use: it
    /// is returned.
    mutating func addInitialValue(
        _ scope: Int, _ code: SourceFacts.Scope, _ facts: SourceFacts, _ file: FileID
    ) -> (property: SymbolID, node: CallGraph.NodeID)? {
        guard let defined = symbolDefined(at: code.nameOffset, file: file) else { return nil }
        let property = program.property(of: defined)
        let to = graph.node(symbol: property, file: file, scope: scope)
        guard !code.isLazy else { return (property, to) }
        let place = facts.lines.position(of: code.nameOffset)
        let site = CallGraph.Site(file: file, line: place.line, column: place.column)
        guard let parent = program.index.parents[property] else { return nil }
        for initializer in initializers[program.index.extended[parent] ?? parent] ?? [] {
            guard let definition = program.index.definitions[initializer] else { continue }
            let from = graph.node(symbol: initializer, file: definition.file, scope: -1)
            graph.connect(from, .init(to: to, site: site, targets: 1, isAwaited: false))
        }
        return nil
    }

    /// Whoever reads a lazy value may be the first to.
    private mutating func addUses(of lazies: [SymbolID: CallGraph.NodeID]) {
        for (number, file) in program.index.files.enumerated() {
            guard let facts = program.facts[number] else { continue }
            for occurrence in file.occurrences where !occurrence.roles.contains(.definition) {
                guard let to = lazies[occurrence.symbol], let offset = offset(occurrence, in: facts),
                    let from = owner(of: offset, file: FileID(number), container: occurrence.container)
                else { continue }
                let use = CallGraph.Site(
                    file: FileID(number), line: Int(occurrence.line), column: Int(occurrence.column))
                graph.connect(from, .init(to: to, site: use, targets: 1, isAwaited: false))
            }
        }
    }

    /// A wrapped property's accessors run the wrapper's.
    private mutating func addWrappers(_ facts: SourceFacts, _ file: FileID) {
        guard !facts.wrapped.isEmpty else { return }
        let wanted = Set(facts.wrapped.map(\.attributeOffset))
        var types: [Int: SymbolID] = [:]
        for occurrence in program.index.files[Int(file)].occurrences
        where program.index[occurrence.symbol].kind == .type {
            if let offset = offset(occurrence, in: facts), wanted.contains(offset) { types[offset] = occurrence.symbol }
        }
        for wrapped in facts.wrapped {
            guard let type = types[wrapped.attributeOffset] else { continue }
            let place = facts.lines.position(of: wrapped.nameOffset)
            let site = CallGraph.Site(file: file, line: place.line, column: place.column)
            let values = ["wrappedValue", "projectedValue"].compactMap { memberOf[MemberKey(type: type, name: $0)] }
            for accessor in values.flatMap({ program.accessors[$0] ?? [] }) {
                guard let definition = program.index.definitions[accessor] else { continue }
                let to = graph.node(symbol: accessor, file: definition.file, scope: -1)
                for from in users(of: wrapped, like: program.index[accessor].accessor, facts, file) {
                    graph.connect(from, .init(to: to, site: site, targets: 1, isAwaited: false))
                }
            }
        }
    }

    /// The same accessor of the wrapped property; for a local variable, which has none, the code that declares it.
    private mutating func users(
        of wrapped: SourceFacts.Wrapped, like kind: IndexSymbol.Accessor, _ facts: SourceFacts, _ file: FileID
    ) -> [CallGraph.NodeID] {
        guard let defined = symbolDefined(at: wrapped.nameOffset, file: file) else {
            return owner(ofScope: wrapped.scope, file: file, container: -1).map { [$0] } ?? []
        }
        return (program.accessors[program.property(of: defined)] ?? []).filter { program.index[$0].accessor == kind }
            .map { graph.node(symbol: $0, file: file, scope: -1) }
    }

    // MARK: what declarations say

    mutating func addDeclarations() {
        let witnesses = witnesses()
        let isolation = isolation()
        for (number, _) in program.index.files.enumerated() {
            guard let facts = program.facts[number] else { continue }
            for code in facts.scopes {
                guard
                    let symbol = code.kind == .localFunction
                        ? nil : symbolDefined(at: code.nameOffset, file: FileID(number)),
                    program.index[symbol].isCallable
                else { continue }
                let node = graph.node(symbol: symbol, file: FileID(number), scope: -1)
                if code.isAsync {
                    graph.contexts[Int(node)] = .loop(.pool, "an async function")
                } else if let context = witnesses[symbol] {
                    graph.contexts[Int(node)] = context
                } else if isolation.isIsolated(code, facts, owner: program.owner(of: symbol)),
                    !hasExecutorOfItsOwn(program.owner(of: symbol))
                {
                    graph.contexts[Int(node)] = .loop(.pool, "a method of an actor")
                }
                guard code.isDeclaredBlocking, !code.isAsync else { continue }
                switch code.kind {
                case .function, .initializer: declareBlocking(symbol, named: code.name)
                case .getter:
                    declareBlocking(
                        symbol, named: program.index.parents[symbol].map { program.index[$0].name } ?? code.name)
                default: break
                }
            }
            for (scope, code) in facts.scopes.enumerated() where code.kind == .localFunction && code.isAsync {
                graph.contexts[Int(graph.node(file: FileID(number), scope: scope))] = .loop(.pool, "an async function")
            }
        }
    }

    /// Which types are actors, and which attributes are global ones.
    private struct Isolation {
        var actors: Set<SymbolID> = []
        var globalActors: Set<String> = []

        func isIsolated(_ code: SourceFacts.Scope, _ facts: SourceFacts, owner: SymbolID) -> Bool {
            switch code.kind {
            case .function, .getter, .setter, .observer: break
            default: return false
            }
            if code.isInActor { return true }
            guard !code.isNonisolated else { return false }
            if code.attributes.contains(where: globalActors.contains) || actors.contains(owner) { return true }
            guard code.parent > 0, facts.scopes[code.parent].kind == .type else { return false }
            return facts.scopes[code.parent].attributes.contains(where: globalActors.contains)
        }
    }

    private mutating func isolation() -> Isolation {
        var isolation = Isolation()
        for number in program.index.files.indices {
            guard let facts = program.facts[number] else { continue }
            isolation.globalActors.formUnion(facts.globalActors)
            for code in facts.scopes where code.kind == .type && code.isActor {
                if let type = symbolDefined(at: code.nameOffset, file: FileID(number)) { isolation.actors.insert(type) }
            }
        }
        return isolation
    }

    /// An actor that says where it runs: on an event loop or on a dispatch queue, nobody knows.
    func hasExecutorOfItsOwn(_ type: SymbolID) -> Bool {
        memberOf[MemberKey(type: type, name: "unownedExecutor")] != nil
    }

    /// Implementations of the requirements of which the catalogue says where they are called; overrides of them too.
    private func witnesses() -> [SymbolID: CallGraph.Context] {
        var found: [SymbolID: CallGraph.Context] = [:]
        let requirements = Requirements(
            program,
            program.catalogue.contexts.flatMap { context in
                (context.witnesses ?? []).map { ($0, context) }
            })
        for requirement in program.index.overrides.keys.sorted() {
            guard let context = requirements[requirement], context.kind != .inPlace else { continue }
            let value: CallGraph.Context =
                switch context.kind {
                case .eventLoop: .loop(.eventLoop, context.why)
                case .pool, .inPlace: .loop(.pool, context.why)
                case .blockingAllowed: .blockingAllowed(context.why)
                }
            for implementation in program.implementations(of: requirement) where found[implementation] == nil {
                found[implementation] = value
            }
        }
        return found
    }

    // MARK: what is known of whole libraries

    /// Cuts the ways into code that the catalogue knows not to block.
    mutating func trust() {
        let trusted = Set(program.catalogue.trusted.flatMap(\.code))
        guard !trusted.isEmpty else { return }
        for number in graph.nodes.indices {
            let node = graph.nodes[number]
            guard node.symbol >= 0, !program.isOwn[Int(node.file)] else { continue }
            let place = program.place(of: node.symbol)
            guard !place.module.isEmpty else { continue }
            let type = place.type.map { "\(place.module).\($0)" } ?? place.module
            guard
                trusted.contains("\(place.module).*") || trusted.contains("\(type).*")
                    || trusted.contains("\(type).\(place.name)")
            else { continue }
            graph.edges[number] = []
            graph.sinks[number] = []
        }
    }

    /// A task whose closure runs on an event loop keeps to it: what it awaits of the user's runs there as well, unless that is
    /// an actor's.
    mutating func moveToEventLoops() {
        var waiting: [CallGraph.NodeID] = []
        for (number, context) in graph.contexts.enumerated() {
            guard case .loop(.eventLoop, _) = context, isAsync(graph.nodes[number]) else { continue }
            waiting.append(CallGraph.NodeID(number))
        }
        var seen = Set(waiting)
        while let next = waiting.popLast() {
            for edge in graph.edges[Int(next)] where !edge.isMakingOnly && seen.insert(edge.to).inserted {
                switch graph.contexts[Int(edge.to)] {
                case .unknown: waiting.append(edge.to)
                case .loop(.pool, "an async function"):
                    graph.contexts[Int(edge.to)] = .loop(
                        .eventLoop, "an async function, awaited by a task on an event loop")
                    waiting.append(edge.to)
                default: break
                }
            }
        }
    }

    private func isAsync(_ node: CallGraph.Node) -> Bool {
        if node.symbol >= 0 { return program.index[node.symbol].isAsync }
        guard let facts = program.facts[Int(node.file)], node.scope > 0 else { return false }
        return facts.scopes[node.scope].isAsync
    }
}

/// Requirements of protocols by the catalogue's names, `MODULE.PROTOCOL` or `MODULE.PROTOCOL.NAME`.
struct Requirements<Value> {
    private let program: Program
    private var byName: [String: Value] = [:]

    init(_ program: Program, _ entries: [(String, Value)]) {
        self.program = program
        for (name, value) in entries where byName[name] == nil { byName[name] = value }
    }

    /// What the entry says that a requirement is covered by.
    subscript(_ requirement: ProgramIndex.SymbolID) -> Value? {
        let place = program.place(of: requirement)
        guard let type = place.type else { return nil }
        return byName["\(place.module).\(type)"] ?? byName["\(place.module).\(type).\(place.name)"]
    }
}

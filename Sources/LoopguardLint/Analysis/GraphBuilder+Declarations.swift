extension GraphBuilder {
    /// What runs without being named: observers of a setter, initial values.
    mutating func addImplicitCalls() {
        var lazies: Set<SymbolID> = []
        for number in program.index.files.indices {
            guard let facts = program.facts[number] else { continue }
            for (scope, code) in facts.scopes.enumerated() {
                switch code.kind {
                case .initialValue: addInitialValue(scope, code, facts, FileID(number), &lazies)
                case .observer: addObserver(code, facts, FileID(number))
                default: break
                }
            }
            addLocalCalls(facts, FileID(number))
        }
        addUses(of: lazies)
    }

    /// The index has no symbols for local functions: their calls are found by name, innermost first, as the compiler does.
    mutating func addLocalCalls(_ facts: SourceFacts, _ file: FileID) {
        var locals: [Int: [(name: String, scope: Int)]] = [:]
        for (scope, code) in facts.scopes.enumerated() where code.kind == .localFunction {
            locals[code.parent, default: []].append((String(code.name.prefix { $0 != "(" }), scope))
        }
        guard !locals.isEmpty else { return }
        for call in facts.calls where call.receiver == nil && callee(at: call.nameOffset, file: Int(file)) == nil {
            let name = String(call.name.prefix { $0 != "(" })
            var around = call.scope
            while around >= 0 {
                if let target = locals[around]?.first(where: { $0.name == name })?.scope {
                    guard let from = owner(ofScope: call.scope, file: file, container: -1) else { break }
                    let place = facts.lines.position(of: call.nameOffset)
                    graph.connect(
                        from,
                        .init(
                            to: graph.node(file: file, scope: target),
                            site: .init(file: file, line: place.line, column: place.column), targets: 1,
                            isAwaited: call.isAwaited))
                    break
                }
                around = facts.scopes[around].parent
            }
        }
    }

    mutating func addObserver(_ code: SourceFacts.Scope, _ facts: SourceFacts, _ file: FileID) {
        guard let observer = symbolDefined(at: code.nameOffset, file: file),
            let property = program.index.parents[observer]
        else { return }
        let to = graph.node(symbol: observer, file: file, scope: -1)
        for setter in settersOf[property] ?? [] {
            let place = facts.lines.position(of: code.nameOffset)
            let from = graph.node(symbol: setter, file: file, scope: -1)
            graph.connect(
                from,
                .init(
                    to: to, site: .init(file: file, line: place.line, column: place.column), targets: 1,
                    isAwaited: false))
        }
    }

    /// A stored property's value runs in every initialiser of its type; a lazy, static or global one at the first use.
    mutating func addInitialValue(
        _ scope: Int, _ code: SourceFacts.Scope, _ facts: SourceFacts, _ file: FileID, _ lazies: inout Set<SymbolID>
    ) {
        guard let defined = symbolDefined(at: code.nameOffset, file: file) else { return }
        let property = program.index[defined].accessor == .none ? defined : program.index.parents[defined] ?? defined
        let to = graph.node(symbol: property, file: file, scope: scope)
        let place = facts.lines.position(of: code.nameOffset)
        let site = CallGraph.Site(file: file, line: place.line, column: place.column)
        if code.isLazy {
            // A property that does nothing when it is made needs no look at its uses.
            if !graph.edges[Int(to)].isEmpty || !graph.sinks[Int(to)].isEmpty { lazies.insert(property) }
            return
        }
        guard let type = program.index.parents[property] else { return }
        for child in initializersOf[type] ?? [] {
            guard let definition = program.index.definitions[child] else { continue }
            let from = graph.node(symbol: child, file: definition.file, scope: -1)
            graph.connect(from, .init(to: to, site: site, targets: 1, isAwaited: false))
        }
    }

    /// Lazy, static and global properties: the first use runs their initial value, and any may be the first.
    private mutating func addUses(of lazies: Set<SymbolID>) {
        guard !lazies.isEmpty else { return }
        for (number, file) in program.index.files.enumerated() {
            guard let facts = program.facts[number] else { continue }
            for occurrence in file.occurrences
            where !occurrence.roles.contains(.definition) && lazies.contains(occurrence.symbol) {
                guard let to = graph.nodeOfSymbol[occurrence.symbol], let offset = offset(occurrence, in: facts),
                    let from = owner(of: offset, file: FileID(number), container: occurrence.container)
                else { continue }
                let use = CallGraph.Site(
                    file: FileID(number), line: Int(occurrence.line), column: Int(occurrence.column))
                graph.connect(from, .init(to: to, site: use, targets: 1, isAwaited: false))
            }
        }
    }

    // MARK: what declarations say

    mutating func addDeclarations() {
        let witnesses = witnesses()
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
                } else if code.isInActor, code.kind == .function || code.kind == .getter,
                    !hasExecutorOfItsOwn(program.owner(of: symbol))
                {
                    graph.contexts[Int(node)] = .loop(.pool, "a method of an actor")
                }
            }
            for (scope, code) in facts.scopes.enumerated() where code.kind == .localFunction && code.isAsync {
                graph.contexts[Int(graph.node(file: FileID(number), scope: scope))] = .loop(.pool, "an async function")
            }
        }
    }

    /// An actor that says where it runs: on an event loop or on a dispatch queue, nobody knows.
    private func hasExecutorOfItsOwn(_ type: SymbolID) -> Bool {
        memberOf[MemberKey(type: type, name: "unownedExecutor")] != nil
    }

    /// Implementations of the requirements of which the catalogue says where they are called; overrides of them too.
    private func witnesses() -> [SymbolID: CallGraph.Context] {
        var found: [SymbolID: CallGraph.Context] = [:]
        let requirements = Requirements(program, program.catalogue.contexts.flatMap { context in
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
            guard trusted.contains("\(place.module).*") || trusted.contains("\(type).*") || trusted.contains("\(type).\(place.name)")
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
                    graph.contexts[Int(edge.to)] = .loop(.eventLoop, "an async function, awaited by a task on an event loop")
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

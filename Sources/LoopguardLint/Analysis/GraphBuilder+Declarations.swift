extension GraphBuilder {
    /// What runs without being named: observers of a setter, initial values.
    mutating func addImplicitCalls() {
        for number in program.index.files.indices {
            guard let facts = program.facts[number] else { continue }
            for (scope, code) in facts.scopes.enumerated() {
                switch code.kind {
                case .initialValue: addInitialValue(scope, code, facts, FileID(number))
                case .observer: addObserver(code, facts, FileID(number))
                default: break
                }
            }
            addLocalCalls(facts, FileID(number))
        }
    }

    /// The index has no symbols for local functions: their calls are found by name, innermost first, as the compiler does.
    mutating func addLocalCalls(_ facts: SourceFacts, _ file: FileID) {
        var locals: [Int: [(name: String, scope: Int)]] = [:]
        for (scope, code) in facts.scopes.enumerated() where code.kind == .localFunction {
            locals[code.parent, default: []].append((String(code.name.prefix { $0 != "(" }), scope))
        }
        guard !locals.isEmpty else { return }
        for call in facts.calls where call.receiver == nil && calleeAt[Int(file)][call.nameOffset] == nil {
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
        for (child, parent) in program.index.parents
        where parent == property && program.index[child].accessor == .setter {
            let place = facts.lines.position(of: code.nameOffset)
            let from = graph.node(symbol: child, file: file, scope: -1)
            graph.connect(
                from,
                .init(
                    to: to, site: .init(file: file, line: place.line, column: place.column), targets: 1,
                    isAwaited: false))
        }
    }

    /// A stored property's value runs in every initialiser of its type; a lazy, static or global one at the first use.
    mutating func addInitialValue(_ scope: Int, _ code: SourceFacts.Scope, _ facts: SourceFacts, _ file: FileID) {
        guard let defined = symbolDefined(at: code.nameOffset, file: file) else { return }
        let property = program.index[defined].accessor == .none ? defined : program.index.parents[defined] ?? defined
        let to = graph.node(symbol: property, file: file, scope: scope)
        let place = facts.lines.position(of: code.nameOffset)
        let site = CallGraph.Site(file: file, line: place.line, column: place.column)
        if !code.isLazy {
            guard let type = program.index.parents[property] else { return }
            for (child, parent) in program.index.parents
            where parent == type && program.index[child].kind == .initializer {
                guard let definition = program.index.definitions[child] else { continue }
                let from = graph.node(symbol: child, file: definition.file, scope: -1)
                graph.connect(from, .init(to: to, site: site, targets: 1, isAwaited: false))
            }
            return
        }
        for (number, other) in program.index.files.enumerated() {
            guard let otherFacts = program.facts[number] else { continue }
            for occurrence in other.occurrences
            where occurrence.symbol == property && !occurrence.roles.contains(.definition) {
                guard let offset = offset(occurrence, in: otherFacts),
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
        let witnesses = loopWitnesses()
        for (number, _) in program.index.files.enumerated() {
            guard let facts = program.facts[number] else { continue }
            for code in facts.scopes {
                guard
                    let symbol = code.kind == .localFunction
                        ? nil : symbolDefined(at: code.nameOffset, file: FileID(number)),
                    program.index[symbol].isCallable
                else { continue }
                let node = graph.node(symbol: symbol, file: FileID(number), scope: -1)
                if let why = witnesses[symbol] {
                    graph.contexts[Int(node)] = .loop(why)
                } else if code.isAsync {
                    graph.contexts[Int(node)] = .loop("an async function")
                } else if code.isInActor, code.kind == .function || code.kind == .getter {
                    graph.contexts[Int(node)] = .loop("a method of an actor")
                }
                if code.isDeclaredBlocking, code.kind == .function || code.kind == .initializer {
                    declareBlocking(symbol, named: code.name)
                }
            }
            for (scope, code) in facts.scopes.enumerated() where code.kind == .localFunction && code.isAsync {
                graph.contexts[Int(graph.node(file: FileID(number), scope: scope))] = .loop("an async function")
            }
        }
    }

    /// Implementations of the requirements that the catalogue says are called on an event loop.
    func loopWitnesses() -> [SymbolID: String] {
        var found: [SymbolID: String] = [:]
        let protocols = program.catalogue.contexts.filter { $0.kind == .eventLoop }.flatMap { context in
            (context.witnesses ?? []).map { ($0.split(separator: ".").last.map(String.init) ?? $0, context.why) }
        }
        let reasons = Dictionary(protocols, uniquingKeysWith: { first, _ in first })
        for (requirement, implementations) in program.index.overrides {
            guard let type = program.index.parents[requirement], let why = reasons[program.index[type].name] else {
                continue
            }
            for implementation in implementations { found[implementation] = why }
        }
        return found
    }

    /// A declared blocking function is a sink wherever it is called.
    mutating func declareBlocking(_ symbol: SymbolID, named name: String) {
        guard let node = graph.nodeOfSymbol[symbol] else { return }
        for from in graph.edges.indices {
            let calls = graph.edges[from].filter { $0.to == node }
            guard !calls.isEmpty else { continue }
            graph.edges[from].removeAll { $0.to == node }
            for call in calls {
                graph.sinks[from].append(
                    .init(
                        site: call.site, rule: "declared-blocking", tier: .waits, name: name,
                        replacement: "its `async` overload, or `offload`"))
            }
        }
    }
}

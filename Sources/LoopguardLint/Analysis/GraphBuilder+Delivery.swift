/// Code as a value: handed to a call, put into a member, kept in a local variable.
extension GraphBuilder {
    enum Code {
        case closure(CallGraph.NodeID, isAsync: Bool)
        /// A local function: others may run it as well.
        case local(CallGraph.NodeID)
        /// A function that the index knows.
        case reference(ProgramIndex.Occurrence)
    }

    /// `from` runs the code.
    mutating func connect(_ from: CallGraph.NodeID, _ code: Code, _ site: CallGraph.Site) {
        switch code {
        case .closure(let node, _), .local(let node):
            graph.connect(from, .init(to: node, site: site, targets: 1, isAwaited: false))
        case .reference(let occurrence): run(occurrence, nil, from: from, at: site)
        }
    }

    /// A node for this use of the code alone.
    mutating func node(for code: Code, _ site: CallGraph.Site, scope: Int) -> CallGraph.NodeID {
        switch code {
        case .closure(let node, _): return node
        case .local:
            let node = graph.add(.init(symbol: -1, file: site.file, scope: scope))
            connect(node, code, site)
            return node
        case .reference(let occurrence):
            let node = graph.add(
                .init(symbol: -1, file: site.file, scope: scope, handedOver: occurrence.symbol))
            connect(node, code, site)
            return node
        }
    }

    /// The code is an argument of a call in `scope`: it runs where that callee runs its arguments.
    mutating func deliver(
        _ code: Code, as argument: SourceFacts.Argument, in scope: Int, at site: CallGraph.Site, _ facts: SourceFacts
    ) {
        let call = facts.calls[argument.call]
        let callee = callee(at: call.nameOffset, file: Int(site.file))
        var isAsync = false
        if case .closure(_, true) = code { isAsync = true }
        let destination =
            callee.map { place(ofClosureGivenTo: $0, call, argument, isAsync: isAsync) }
            // A local function, or a closure that is called by its variable's name.
            ?? (isAsync ? .known(.loop(.pool, "an async closure")) : .caller)
        let isScoped = callee.map { program.index[$0].name.hasPrefix("with") } ?? false
        if case .known(let context) = destination {
            place(code, context, site, scope)
            return make(code, in: scope, at: site, isScoped: isScoped)
        }
        if let callee, holdInMember(code, callee, call, argument, site, scope) {
            return make(code, in: scope, at: site, isScoped: false)
        }
        if holdInCollection(code, call, site, scope) { return make(code, in: scope, at: site, isScoped: false) }
        guard destination == .caller else { return make(code, in: scope, at: site, isScoped: false) }
        guard let from = owner(ofScope: scope, file: site.file, container: -1) else { return }
        connect(from, code, site)
    }

    /// A closure runs elsewhere or later. One that is awaited before its maker goes on still belongs to it, as far as start-up goes.
    private mutating func make(_ code: Code, in scope: Int, at site: CallGraph.Site, isScoped: Bool) {
        guard case .closure(let node, _) = code, let from = owner(ofScope: scope, file: site.file, container: -1) else {
            return
        }
        graph.connect(from, .init(to: node, site: site, targets: 1, isAwaited: isScoped, isMakingOnly: true))
    }

    private mutating func place(_ code: Code, _ context: CallGraph.Context, _ site: CallGraph.Site, _ scope: Int) {
        if case .blockingAllowed = context {
            guard case .closure(let node, _) = code else { return }
            graph.contexts[Int(node)] = context
        } else {
            graph.contexts[Int(node(for: code, site, scope: scope))] = context
        }
    }

    /// `Client(load: { … })`: the memberwise initialiser's labels are the properties' names; other functions are looked into.
    private mutating func holdInMember(
        _ code: Code, _ callee: SymbolID, _ call: SourceFacts.Call, _ argument: SourceFacts.Argument,
        _ site: CallGraph.Site, _ scope: Int
    ) -> Bool {
        if let parameters = parameters(of: callee) {
            guard let parameter = parameters.parameter(of: argument.position, in: call.arguments) else { return false }
            let key = ParameterKey(function: callee, name: parameters[parameter].name)
            guard let members = storesOf[key] else { return false }
            let node = node(for: code, site, scope: scope)
            for member in members { closuresOf[member, default: []].append(node) }
            return !calledParameters.contains(key)
        }
        guard program.index[callee].kind == .initializer, let label = argument.label,
            let member = memberOf[MemberKey(type: program.owner(of: callee), name: label)]
        else { return false }
        closuresOf[member, default: []].append(node(for: code, site, scope: scope))
        return true
    }

    static let collectors: Set<String> = ["append", "insert", "updateValue"]

    /// `self.handlers.append { … }`.
    private mutating func holdInCollection(
        _ code: Code, _ call: SourceFacts.Call, _ site: CallGraph.Site, _ scope: Int
    ) -> Bool {
        guard Self.collectors.contains(String(call.name.prefix { $0 != "(" })), let offset = call.receiverOffset,
            let member = property(at: offset, file: site.file)
        else { return false }
        closuresOf[member, default: []].append(node(for: code, site, scope: scope))
        return true
    }

    // MARK: what functions do with their closures

    mutating func property(at offset: Int, file: FileID) -> SymbolID? {
        if propertyAt[file] == nil {
            var table: [Int: SymbolID] = [:]
            if let facts = program.facts[Int(file)] {
                for occurrence in program.index.files[Int(file)].occurrences
                where occurrence.roles.contains(.reference) && program.index[occurrence.symbol].accessor == .none {
                    let kind = program.index[occurrence.symbol].kind
                    guard kind == .property || kind == .variable, let place = self.offset(occurrence, in: facts) else {
                        continue
                    }
                    table[place] = occurrence.symbol
                }
            }
            propertyAt[file] = table
        }
        return propertyAt[file]?[offset]
    }

    /// Functions that keep a parameter in a member, and those that call it.
    mutating func findStores() {
        for number in program.index.files.indices {
            guard let facts = program.facts[number] else { continue }
            let file = FileID(number)
            for store in facts.stores {
                keep(store.name, from: store.scope, inMemberAt: store.memberOffset, facts, file)
            }
            for call in facts.calls {
                let base = String(call.name.prefix { $0 != "(" })
                if Self.collectors.contains(base), let offset = call.receiverOffset {
                    for argument in call.arguments where !argument.isClosure {
                        keep(argument.text, from: call.scope, inMemberAt: offset, facts, file)
                    }
                } else if call.receiver == nil, let scope = function(owning: base, from: call.scope, facts),
                    let function = symbolDefined(at: facts.scopes[scope].nameOffset, file: file)
                {
                    calledParameters.insert(ParameterKey(function: function, name: base))
                }
            }
        }
    }

    private mutating func keep(
        _ name: String, from scope: Int, inMemberAt offset: Int, _ facts: SourceFacts, _ file: FileID
    ) {
        guard let owner = function(owning: name, from: scope, facts),
            let function = symbolDefined(at: facts.scopes[owner].nameOffset, file: file),
            let member = property(at: offset, file: file)
        else { return }
        storesOf[ParameterKey(function: function, name: name), default: []].append(member)
    }

    /// Default arguments by function, with the place of their parameter.
    mutating func findDefaults() {
        for number in program.index.files.indices {
            guard let facts = program.facts[number] else { continue }
            let file = FileID(number)
            for (scope, code) in facts.scopes.enumerated() where code.kind == .defaultArgument {
                let node = graph.node(file: file, scope: scope)
                let owner = facts.scopes[code.parent]
                if owner.kind == .localFunction {
                    let place = facts.lines.position(of: code.range.lowerBound)
                    graph.connect(
                        graph.node(file: file, scope: code.parent),
                        .init(
                            to: node, site: .init(file: file, line: place.line, column: place.column), targets: 1,
                            isAwaited: false))
                    continue
                }
                guard let parameter = symbolDefined(at: code.nameOffset, file: file),
                    let function = program.index.parents[parameter]
                else { continue }
                let position = owner.parameters.firstIndex { $0.name == code.name } ?? -1
                defaultsOf[function, default: []].append((position, node))
            }
        }
    }

    /// A call runs the defaults of the arguments that it leaves out.
    mutating func addDefaults(
        of symbol: SymbolID, _ call: SourceFacts.Call?, from: CallGraph.NodeID, _ site: CallGraph.Site
    ) {
        guard let defaults = defaultsOf[symbol] ?? defaultsOf[program.property(of: symbol)] else { return }
        var given: Set<Int> = []
        if let call, let parameters = parameters(of: symbol) {
            for position in call.arguments.indices {
                if let parameter = parameters.parameter(of: position, in: call.arguments) { given.insert(parameter) }
            }
        }
        for (parameter, node) in defaults where !given.contains(parameter) {
            graph.connect(from, .init(to: node, site: site, targets: 1, isAwaited: false))
        }
    }
}

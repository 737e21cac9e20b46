/// Makes a ``CallGraph`` of a ``Program``: joins the compiler's calls with the closures and local functions that only the syntax
/// knows.
struct GraphBuilder {
    typealias SymbolID = ProgramIndex.SymbolID
    typealias FileID = ProgramIndex.FileID

    let program: Program
    private(set) var graph = CallGraph()
    /// What a name at an offset of a file refers to, for calls.
    private var calleeAt: [[Int: SymbolID]] = []
    /// Functions whose closure parameters run where blocking is meant, found by looking at their bodies.
    private(set) var insulators: [SymbolID: Set<String>] = [:]
    /// Closures that properties hold.
    private var closuresOf: [SymbolID: [CallGraph.NodeID]] = [:]
    /// Members by type and name, for what only the syntax names.
    private var memberOf: [MemberKey: SymbolID] = [:]

    private struct MemberKey: Hashable {
        var type: SymbolID
        var name: String
    }

    init(_ program: Program) { self.program = program }

    /// The graph of the whole program.
    static func graph(of program: Program) -> CallGraph {
        var builder = GraphBuilder(program)
        builder.findCallees()
        builder.findInsulators()
        builder.addClosures()
        builder.addCalls()
        builder.addImplicitCalls()
        builder.addDeclarations()
        return builder.graph
    }

    // MARK: the join

    private func offset(_ occurrence: ProgramIndex.Occurrence, in facts: SourceFacts) -> Int? {
        facts.lines.offset(line: Int(occurrence.line), column: Int(occurrence.column))
    }

    private mutating func findCallees() {
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
    }

    /// The piece of code that an offset belongs to: the innermost closure or local function, else the declaration.
    private mutating func owner(of offset: Int, file: FileID, container: SymbolID) -> CallGraph.NodeID? {
        guard let facts = program.facts[Int(file)] else {
            return container < 0 ? nil : graph.node(symbol: container, file: file, scope: -1)
        }
        return owner(ofScope: facts.scope(at: offset), file: file, container: container)
    }

    private mutating func owner(
        ofScope start: SourceFacts.ScopeID, file: FileID, container: SymbolID
    ) -> CallGraph.NodeID? {
        guard let facts = program.facts[Int(file)] else { return nil }
        var scope = start
        while scope >= 0 {
            switch facts.scopes[scope].kind {
            case .closure, .localFunction: return graph.node(file: file, scope: scope)
            case .type: scope = facts.scopes[scope].parent
            case .file: return graph.node(file: file, scope: 0)
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

    private var definedAt: [FileID: [Int: SymbolID]] = [:]

    private mutating func symbolDefined(at offset: Int, file: FileID) -> SymbolID? {
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

    // MARK: who takes work off the loop

    /// A function that passes its own closure parameter straight to an insulator is one itself. To a fixed point, because such
    /// functions are built on each other.
    private mutating func findInsulators() {
        var isChanged = true
        var rounds = 0
        while isChanged, rounds < 8 {
            isChanged = false
            rounds += 1
            for number in program.index.files.indices {
                guard let facts = program.facts[number] else { continue }
                for call in facts.calls {
                    guard let (parameter, function) = passedParameter(call, facts, number) else { continue }
                    guard let symbol = symbolDefined(at: facts.scopes[function].nameOffset, file: FileID(number)) else {
                        continue
                    }
                    if insulators[symbol, default: []].insert(parameter).inserted { isChanged = true }
                }
            }
        }
    }

    /// The parameter that `call` hands to an insulator, or calls inside a closure given to one.
    private func passedParameter(_ call: SourceFacts.Call, _ facts: SourceFacts, _ file: Int) -> (String, Int)? {
        if let callee = calleeAt[file][call.nameOffset] {
            for argument in call.arguments where !argument.isClosure {
                if let function = function(owning: argument.text, from: call.scope, facts),
                    isInsulating(callee, label: argument.label)
                {
                    return (argument.text, function)
                }
            }
        }
        // `pool.submit { body() }`: the call of a parameter by its name.
        let name = String(call.name.prefix { $0 != "(" })
        guard call.receiver == nil, let function = function(owning: name, from: call.scope, facts) else { return nil }
        var scope = call.scope
        while scope >= 0, facts.scopes[scope].kind == .closure {
            if let taken = facts.scopes[scope].takenBy,
                let callee = calleeAt[file][facts.calls[taken.call].nameOffset],
                isInsulating(callee, label: taken.label)
            {
                return (name, function)
            }
            scope = facts.scopes[scope].parent
        }
        return nil
    }

    /// The function around `scope` that has a parameter of this name.
    private func function(owning name: String, from scope: Int, _ facts: SourceFacts) -> Int? {
        var current = scope
        while current >= 0 {
            let candidate = facts.scopes[current]
            switch candidate.kind {
            case .function, .localFunction, .initializer:
                if candidate.parameters.contains(where: { $0.name == name }) { return current }
                if candidate.kind != .localFunction { return nil }
            case .closure: break
            default: return nil
            }
            current = candidate.parent
        }
        return nil
    }

    private func isInsulating(_ callee: SymbolID, label: String?) -> Bool {
        if let path = program.paths[callee], let context = program.catalogue.context(ofClosuresGivenTo: path) {
            return context.kind == .blockingAllowed
        }
        guard let names = insulators[callee], !names.isEmpty else { return false }
        guard let label, let parameters = parameters(of: callee) else { return true }
        return parameters.contains { $0.label == label && names.contains($0.name) }
    }

    private func parameters(of symbol: SymbolID) -> [SourceFacts.Parameter]? {
        guard let definition = program.index.definitions[symbol], let facts = program.facts[Int(definition.file)],
            let offset = facts.lines.offset(line: Int(definition.line), column: Int(definition.column))
        else { return nil }
        return facts.scopes.first { $0.nameOffset == offset && $0.kind != .type }?.parameters
    }

    // MARK: closures

    private mutating func addClosures() {
        for number in program.index.files.indices {
            guard let facts = program.facts[number] else { continue }
            for (scope, code) in facts.scopes.enumerated() where code.kind == .closure {
                addClosure(scope, code, facts, FileID(number))
            }
        }
    }

    private mutating func addClosure(_ scope: Int, _ code: SourceFacts.Scope, _ facts: SourceFacts, _ file: FileID) {
        let node = graph.node(file: file, scope: scope)
        let place = facts.lines.position(of: code.range.lowerBound)
        let site = CallGraph.Site(file: file, line: place.line, column: place.column)
        guard let taken = code.takenBy else {
            hold(node, code, facts, file)
            if code.isAsync { graph.contexts[Int(node)] = .loop("an async closure") }
            // `{ … }()`, or a value that is called later: assume that whoever makes it runs it.
            if code.assignedTo == nil { inherit(node, code, site, file) }
            return
        }
        let callee = calleeAt[Int(file)][facts.calls[taken.call].nameOffset]
        if let callee, let path = program.paths[callee],
            let context = program.catalogue.context(ofClosuresGivenTo: path)
        {
            graph.contexts[Int(node)] =
                context.kind == .eventLoop
                ? .loop("\(path.short): \(context.why)") : .blockingAllowed("\(path.short): \(context.why)")
            return
        }
        if let callee, isInsulating(callee, label: taken.label) {
            graph.contexts[Int(node)] = .blockingAllowed("\(program.index[callee].name) moves it to other threads")
            return
        }
        if code.isAsync || (callee.map { takesAsync($0, taken) } ?? false) {
            graph.contexts[Int(node)] = .loop("an async closure")
            return
        }
        if let callee, holdInMember(node, of: callee, label: taken.label) { return }
        inherit(node, code, site, file)
    }

    private mutating func inherit(
        _ node: CallGraph.NodeID, _ code: SourceFacts.Scope, _ site: CallGraph.Site, _ file: FileID
    ) {
        guard let parent = owner(ofScope: code.parent, file: file, container: -1) else { return }
        graph.connect(parent, .init(to: node, site: site, targets: 1, isAwaited: false))
    }

    /// Whether the closure parameter is declared `async`: the closure then runs as a task does, whatever it contains.
    private func takesAsync(_ callee: SymbolID, _ argument: SourceFacts.Argument) -> Bool {
        guard let text = Demangler.demangle("$s" + program.index[callee].usr.dropFirst(2)) else { return false }
        let parameters = ParameterTypes(demangled: text)
        if let label = argument.label, let type = parameters.type(labelled: label) { return type.contains(" async ") }
        // A trailing closure goes to the last parameter that is a function.
        return parameters.lastFunction(atOrAfter: argument.position)?.contains(" async ") ?? false
    }

    /// `let load = { … }`, `client.load = { … }`.
    private mutating func hold(
        _ node: CallGraph.NodeID, _ code: SourceFacts.Scope, _ facts: SourceFacts, _ file: FileID
    ) {
        guard let name = code.assignedTo else { return }
        let owner = facts.scopes[code.parent]
        if owner.kind == .initialValue, let symbol = symbolDefined(at: owner.nameOffset, file: file) {
            closuresOf[
                program.index[symbol].accessor == .none ? symbol : program.index.parents[symbol] ?? symbol, default: []
            ]
            .append(node)
            return
        }
        // The member is named just before the closure.
        for occurrence in program.index.files[Int(file)].occurrences.reversed() {
            guard let offset = offset(occurrence, in: facts), offset < code.range.lowerBound else { continue }
            if program.index[occurrence.symbol].name == name, program.index[occurrence.symbol].kind == .property {
                closuresOf[occurrence.symbol, default: []].append(node)
                return
            }
            if code.range.lowerBound - offset > 200 { return }
        }
    }

    /// `Client(load: { … })`: the memberwise initialiser's labels are the properties' names.
    private mutating func holdInMember(_ node: CallGraph.NodeID, of callee: SymbolID, label: String?) -> Bool {
        guard program.index[callee].kind == .initializer, let label else { return false }
        let type = program.owner(of: callee)
        guard let member = memberOf[MemberKey(type: type, name: label)] else { return false }
        closuresOf[member, default: []].append(node)
        return true
    }

    // MARK: calls

    private mutating func addCalls() {
        for (number, file) in program.index.files.enumerated() {
            let facts = program.facts[number]
            for occurrence in file.occurrences { addCall(occurrence, FileID(number), facts, module: file.module) }
        }
    }

    private mutating func addCall(
        _ occurrence: ProgramIndex.Occurrence, _ file: FileID, _ facts: SourceFacts?, module: String
    ) {
        let symbol = program.index[occurrence.symbol]
        let isCall = occurrence.roles.contains(.call)
        let isUnapplied =
            !isCall && occurrence.roles.contains(.reference) && !occurrence.roles.contains(.implicit)
            && (symbol.kind == .function || symbol.kind == .method)
        let isHeld = !isCall && occurrence.roles.contains(.read) && closuresOf[occurrence.symbol] != nil
        guard isCall || isUnapplied || isHeld else { return }
        let offset = facts.flatMap { self.offset(occurrence, in: $0) }
        if facts != nil, offset == nil { return }  // the file has changed since
        guard let from = owner(of: offset ?? 0, file: file, container: occurrence.container) else { return }
        let site = CallGraph.Site(file: file, line: Int(occurrence.line), column: Int(occurrence.column))
        let written = facts.flatMap { facts in offset.flatMap { facts.callAt[$0].map { facts.calls[$0] } } }
        // A function that is handed over runs where closures given to the same callee run.
        if isUnapplied, let facts, let offset, isHandedToInsulator(offset, facts, Int(file)) { return }
        let isAwaited = written?.isAwaited ?? false
        for closure in closuresOf[occurrence.symbol] ?? [] {
            graph.connect(
                from,
                .init(to: closure, site: site, targets: closuresOf[occurrence.symbol]?.count ?? 1, isAwaited: isAwaited)
            )
        }
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
        let isDynamic = occurrence.roles.contains(.dynamic) || program.index.overrides[occurrence.symbol] != nil
        let targets =
            isDynamic
            ? program.targets(of: occurrence.symbol, receiver: occurrence.receiver, from: module)
            : program.hasBody(occurrence.symbol) ? [occurrence.symbol] : []
        for target in targets {
            guard let definition = program.index.definitions[target] else { continue }
            let to = graph.node(symbol: target, file: definition.file, scope: -1)
            graph.connect(from, .init(to: to, site: site, targets: targets.count, isAwaited: isAwaited))
        }
    }

    /// A program that defines a function of the C library's name means its own.
    private func isDefinedInC(_ symbol: SymbolID) -> Bool { program.hasBody(symbol) }

    private func isHandedToInsulator(_ offset: Int, _ facts: SourceFacts, _ file: Int) -> Bool {
        // The innermost call whose parentheses contain the name.
        let around = facts.calls.filter { $0.range.contains(offset) && $0.nameOffset != offset }
        guard let call = around.min(by: { $0.range.count < $1.range.count }),
            let callee = calleeAt[file][call.nameOffset]
        else { return false }
        return isInsulating(callee, label: nil)
    }

    /// What runs without being named: observers of a setter, initial values.
    private mutating func addImplicitCalls() {
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
    private mutating func addLocalCalls(_ facts: SourceFacts, _ file: FileID) {
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

    private mutating func addObserver(_ code: SourceFacts.Scope, _ facts: SourceFacts, _ file: FileID) {
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
    private mutating func addInitialValue(_ scope: Int, _ code: SourceFacts.Scope, _ facts: SourceFacts, _ file: FileID)
    {
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

    private mutating func addDeclarations() {
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
    private func loopWitnesses() -> [SymbolID: String] {
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
    private mutating func declareBlocking(_ symbol: SymbolID, named name: String) {
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

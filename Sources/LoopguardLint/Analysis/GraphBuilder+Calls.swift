extension GraphBuilder {
    // MARK: calls

    mutating func addCalls() {
        for (number, file) in program.index.files.enumerated() {
            let facts = program.facts[number]
            // A file that has changed since it was built, or that no parser of ours reads: C has no closures to be told apart.
            if facts == nil, file.path.hasSuffix(".swift") { continue }
            for occurrence in file.occurrences { addCall(occurrence, FileID(number), facts) }
        }
    }

    mutating func addCall(_ occurrence: ProgramIndex.Occurrence, _ file: FileID, _ facts: SourceFacts?) {
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
        if isUnapplied {
            guard let facts, let offset else { return }  // in C: the address of a function, called by someone else
            guard runsHere(from, nameAt: offset, occurrence.symbol, facts, file) else { return }
        }
        let isAwaited = written?.isAwaited ?? false
        if let held = closuresOf[occurrence.symbol] {
            for closure in held {
                graph.connect(from, .init(to: closure, site: site, targets: held.count, isAwaited: isAwaited))
            }
        }
        if addSink(occurrence.symbol, symbol, from, site, written) { return }
        let isDynamic = occurrence.roles.contains(.dynamic) || program.index.overrides[occurrence.symbol] != nil
        let targets =
            isDynamic
            ? program.targets(of: occurrence.symbol, receiver: occurrence.receiver)
            : program.hasBody(occurrence.symbol) ? [occurrence.symbol] : []
        if program.isOwn[Int(file)] {
            unseen.note(symbol, isDynamic: isDynamic, hasBody: !targets.isEmpty, isCall: isCall)
        }
        for target in targets {
            guard let definition = program.index.definitions[target] else { continue }
            let to = graph.node(symbol: target, file: definition.file, scope: -1)
            graph.connect(from, .init(to: to, site: site, targets: targets.count, isAwaited: isAwaited))
        }
    }

    /// True when the callee is a blocking call: what it does inside is then of no interest.
    private mutating func addSink(
        _ callee: SymbolID, _ symbol: IndexSymbol, _ from: CallGraph.NodeID, _ site: CallGraph.Site,
        _ written: SourceFacts.Call?
    ) -> Bool {
        guard !symbol.isAsync else { return false }
        if let path = program.paths[callee], let found = program.catalogue.sink(path) {
            if !found.sink.isExcused(entry: found.entry, arguments: written?.arguments ?? []) {
                graph.sinks[Int(from)].append(
                    .init(
                        site: site, rule: found.sink.rule, tier: found.sink.tier, name: path.short,
                        replacement: found.sink.replacement))
            }
            return true
        }
        if let name = declaredBlocking[callee] {
            graph.sinks[Int(from)].append(
                .init(
                    site: site, rule: "declared-blocking", tier: .waits, name: name,
                    replacement: "its `async` overload, or `offload`"))
            return true
        }
        return false
    }

    /// A function that is named without being called runs where a closure at its place would run.
    private mutating func runsHere(
        _ from: CallGraph.NodeID, nameAt offset: Int, _ symbol: SymbolID, _ facts: SourceFacts, _ file: FileID
    ) -> Bool {
        let name = program.index[symbol].name.prefix { $0 != "(" }
        guard let (call, argument) = argument(around: offset, named: name, facts) else {
            // `static let read = load`: whoever reads the property may call it; `let f = nap` in a function: it does.
            var scope = facts.scope(at: offset)
            while scope > 0, facts.scopes[scope].kind == .type { scope = facts.scopes[scope].parent }
            guard facts.scopes[scope].kind == .initialValue || scope == 0 else { return true }
            if let holder = symbolDefined(at: facts.scopes[scope].nameOffset, file: file),
                let definition = program.index.definitions[symbol]
            {
                let property = program.index[holder].accessor == .none ? holder : program.index.parents[holder] ?? holder
                closuresOf[property, default: []].append(graph.node(symbol: symbol, file: definition.file, scope: -1))
            }
            return false
        }
        guard let callee = callee(at: facts.calls[call].nameOffset, file: Int(file)) else { return true }
        switch place(ofClosureGivenTo: callee, argument, isAsync: false) {
        case .caller: return true
        case .unknown: return false
        case .known(let context):
            if let definition = program.index.definitions[symbol], !program.index[symbol].isAsync {
                let node = graph.node(symbol: symbol, file: definition.file, scope: -1)
                if case .loop = context, graph.contexts[Int(node)] == .unknown { graph.contexts[Int(node)] = context }
            }
            return false
        }
    }

    /// The innermost call whose parentheses contain an offset, and the argument that names a function there.
    private func argument(
        around offset: Int, named name: Substring, _ facts: SourceFacts
    ) -> (call: Int, argument: SourceFacts.Argument)? {
        let scope = facts.scope(at: offset)
        var best: Int?
        for (number, call) in facts.calls.enumerated()
        where call.range.contains(offset) && call.nameOffset < offset && call.scope == scope {
            if best.map({ call.range.count < facts.calls[$0].range.count }) ?? true { best = number }
        }
        guard let best else { return nil }
        let arguments = facts.calls[best].arguments
        let number = arguments.indices.first { !arguments[$0].isClosure && arguments[$0].text.hasSuffix(name) } ?? 0
        let label = arguments.indices.contains(number) ? arguments[number].label : nil
        return (best, SourceFacts.Argument(call: best, position: number, label: label, isTrailing: false))
    }
}

/// What the user's code calls and the linter cannot look into.
struct Unseen: Sendable {
    private(set) var clang: Set<String> = []
    private(set) var swift: Set<String> = []
    private(set) var dynamic: Set<String> = []

    mutating func note(_ symbol: IndexSymbol, isDynamic: Bool, hasBody: Bool, isCall: Bool) {
        guard isCall, !hasBody else { return }
        if !symbol.isSwift {
            clang.insert(symbol.name)
        } else if isDynamic {
            dynamic.insert(symbol.name)
        } else {
            swift.insert(symbol.name)
        }
    }

    /// One line each.
    var lines: [String] {
        func line(_ names: Set<String>, _ what: String) -> [String] {
            guard !names.isEmpty else { return [] }
            let first = names.sorted().prefix(8).joined(separator: ", ")
            return ["\(names.count) \(what): \(first)\(names.count > 8 ? ", …" : "")"]
        }
        return line(clang, "C functions have no body in the index; those that the catalogue does not know are taken not to block")
            + line(swift, "functions of system or binary modules have no body in the index; only the catalogue knows which of them block")
            + line(dynamic, "requirements of system or binary protocols are called; what implements them is not looked for")
    }
}

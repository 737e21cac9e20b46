extension GraphBuilder {
    // MARK: calls

    mutating func addCalls() {
        for (number, file) in program.index.files.enumerated() {
            let facts = program.facts[number]
            // A file that has changed since it was built. (C has no closures to be told apart: its calls need no syntax.)
            if facts == nil, file.path.hasSuffix(".swift") { continue }
            for occurrence in file.occurrences { addCall(occurrence, FileID(number), facts) }
        }
    }

    mutating func addCall(_ occurrence: ProgramIndex.Occurrence, _ file: FileID, _ facts: SourceFacts?) {
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
        // The address of a C function, or `let read = read`: whoever has it calls it, not this code.
        if isUnapplied, facts == nil || isInitialValue(offset, facts) { return }
        let written = facts.flatMap { facts in offset.flatMap { facts.callAt[$0].map { facts.calls[$0] } } }
        // A function that is handed over runs where closures given to the same callee run.
        if isUnapplied, let facts, let offset, isHandedToInsulator(offset, facts, Int(file)) { return }
        if isCall, program.isOwn[Int(file)] {
            unseen.note(
                symbol, isDynamic: occurrence.roles.contains(.dynamic), hasBody: program.hasBody(occurrence.symbol))
        }
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
        if addSink(occurrence.symbol, symbol, from, site, written) { return }
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

    /// True when the callee is a blocking call: what it does inside is then of no interest. A C function of a catalogued name is
    /// that function, whatever a library that interposes it does in its own.
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
        guard let name = declaredBlocking[callee] else { return false }
        graph.sinks[Int(from)].append(
            .init(
                site: site, rule: "declared-blocking", tier: .waits, name: name,
                replacement: "its `async` overload, or `offload`"))
        return true
    }

    /// Whether an offset is in a property's initial value, outside all closures.
    private func isInitialValue(_ offset: Int?, _ facts: SourceFacts?) -> Bool {
        guard let offset, let facts else { return false }
        return facts.scopes[facts.scope(at: offset)].kind == .initialValue
    }

    func isHandedToInsulator(_ offset: Int, _ facts: SourceFacts, _ file: Int) -> Bool {
        // The innermost call whose parentheses contain the name.
        let around = facts.calls.filter { $0.range.contains(offset) && $0.nameOffset != offset }
        guard let call = around.min(by: { $0.range.count < $1.range.count }),
            let callee = callee(at: call.nameOffset, file: file)
        else { return false }
        return isInsulating(callee, call, argument: nil)
    }
}

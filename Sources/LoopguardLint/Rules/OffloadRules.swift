extension RuleFile {
    /// Whether a call hands its closure to a limited pool of threads.
    func isOffload(_ call: SourceFacts.Call) -> Bool {
        guard let path = path(of: call),
            let context = program.program.catalogue.context(ofClosuresGivenTo: path), context.kind == .blockingAllowed
        else { return false }
        switch path.base {
        case "offload", "runIfActive", "flatMapBlocking": return true
        case "submit": return path.types.contains("NIOThreadPool")
        default: return false
        }
    }

    func closure(takenBy number: Int) -> ScopeID? { facts.scopes.firstIndex { $0.takenBy?.call == number } }
}

/// An offload inside an offload: two threads of the pool for one piece of work, and a pool that stops for good when all its threads
/// wait for a second one.
struct NestedOffload: StructuralRule {
    let id = "nested-offload"

    func findings(in file: RuleFile) -> [Finding] {
        file.facts.calls.compactMap { call in
            guard file.isOffload(call) else { return nil }
            var scope = call.scope
            while scope > 0, file.facts.scopes[scope].kind == .closure {
                if let taken = file.facts.scopes[scope].takenBy, file.isOffload(file.facts.calls[taken.call]) {
                    let outer = file.facts.calls[taken.call]
                    let range = file.facts.scopes[scope].range
                    let waits = file.sinks.contains {
                        $0.call.tier == .waits && range.contains($0.offset) && $0.scope == scope
                    }
                    return file.finding(
                        self, waits ? .warning : .note, at: call.nameOffset, in: call.scope,
                        "this offload is inside another one"
                            + (waits
                                ? ", which waits for it: with every thread of the pool in the outer one the pool stops for good"
                                : ": it takes a second thread of the pool for the same work")
                            + "; do the work where you are", sink: call.name,
                        related: [
                            .init(
                                place: file.place(outer.nameOffset), text: "already on a thread for blocking work here")
                        ])
                }
                scope = file.facts.scopes[scope].parent
            }
            return nil
        }
    }
}

/// An offload of work that does not block: the way to the pool and back costs more than the work.
///
/// Said only when all of the work is visible: no calls of code without source, no loops.
struct NeedlessOffload: StructuralRule {
    let id = "needless-offload"

    func findings(in file: RuleFile) -> [Finding] {
        // Whether a property is computed, an operator somebody's own: only the index knows.
        guard !file.program.bySyntax.contains(file.facts.path) else { return [] }
        return file.facts.calls.indices.compactMap { number in
            let call = file.facts.calls[number]
            guard file.isOffload(call), let closure = file.closure(takenBy: number),
                file.facts.scopes[closure].takenBy?.position == call.arguments.count - 1,
                !file.facts.scopes.indices.contains(where: { scope in
                    scope != closure
                        && file.facts.scopes[scope].range.lowerBound > file.facts.scopes[closure].range.lowerBound
                        && file.facts.scopes[closure].range.contains(file.facts.scopes[scope].range.lowerBound)
                })
            else { return nil }
            var seen: Set<CallGraph.NodeID> = []
            guard isHarmless(closure, file, depth: 0, &seen) else { return nil }
            return file.finding(
                self, .note, at: call.nameOffset, in: call.scope,
                "nothing in this offload blocks: the way to a thread and back costs more than the work; call it directly",
                sink: call.name, confidence: 0.8)
        }
    }

    /// Nothing in the scope blocks, loops, or calls what cannot be seen.
    private func isHarmless(_ scope: Int, _ file: RuleFile, depth: Int, _ seen: inout Set<CallGraph.NodeID>) -> Bool {
        let range = file.facts.scopes[scope].range
        guard depth < 4, !file.structure.loops.contains(where: range.contains),
            !file.sinks.contains(where: { range.contains($0.offset) })
        else { return false }
        for call in file.facts.calls where range.contains(call.nameOffset) {
            guard isSeen(call.nameOffset, file, depth: depth, &seen) else { return false }
        }
        // Operators and properties are calls too, for the index.
        for offset in file.callees.keys where range.contains(offset) && file.facts.callAt[offset] == nil {
            guard isSeen(offset, file, depth: depth, &seen) else { return false }
        }
        return true
    }

    private func isSeen(_ offset: Int, _ file: RuleFile, depth: Int, _ seen: inout Set<CallGraph.NodeID>) -> Bool {
        guard let symbol = file.callees[offset] else { return false }
        let index = file.program.program.index
        let property = index[symbol].accessor == .getter ? index.parents[symbol] : nil
        guard let definition = index.definitions[symbol] ?? property.flatMap({ index.definitions[$0] }),
            index.overrides[symbol] == nil,
            let other = definition.file == file.id ? file : RuleFile(Int(definition.file), in: file.program),
            let place = other.facts.lines.offset(line: Int(definition.line), column: Int(definition.column))
        else { return false }
        let scopes = other.facts.scopes
        guard let scope = scopes.firstIndex(where: { $0.nameOffset == place && $0.kind != .type }) else {
            return property != nil  // a stored property
        }
        // Recursion may take long, and so may what a property's first use computes.
        guard scopes[scope].kind != .initialValue || !scopes[scope].isLazy,
            let node = file.program.graph.nodeOfSymbol[symbol] ?? property.flatMap({
                file.program.graph.nodeOfSymbol[$0]
            })
                ?? (scopes[scope].kind == .initialValue ? -1 : nil), node < 0 || seen.insert(node).inserted
        else { return false }
        if scopes[scope].kind == .initialValue { return true }
        return isHarmless(scope, other, depth: depth + 1, &seen)
    }
}

/// A synchronous method that blocks as the witness of an `async` requirement: `await p.load()` then stops its thread, and no
/// compiler says so.
struct BlockingWitness: StructuralRule {
    let id = "blocking-witness"

    func findings(in file: RuleFile) -> [Finding] {
        let index = file.program.program.index
        var found: [Finding] = []
        for witness in file.program.witnesses[file.id] ?? [] {
            let (requirement, implementation, symbol) = (witness.requirement, witness.implementation, witness.code)
            guard let owner = index.parents[requirement].map({ index.parents[$0] ?? $0 }),
                let definition = index.definitions[symbol],
                let offset = file.facts.lines.offset(line: Int(definition.line), column: Int(definition.column)),
                let scope = file.facts.scopes.firstIndex(where: { $0.nameOffset == offset && $0.kind != .type })
            else { continue }
            let isDeclared = file.facts.scopes[scope].isDeclaredBlocking
            let reach = file.program.graph.nodeOfSymbol[symbol].flatMap { file.program.reach($0) }
            guard isDeclared || reach != nil else { continue }
            let blocks = isDeclared ? "is declared to block" : "blocks in `\(reach?.sink.name ?? "")`"
            found.append(
                file.finding(
                    self, isDeclared || reach?.sink.tier == .waits ? .error : .warning, at: offset, in: scope,
                    "`\(index[implementation].name)` \(blocks), and stands in for the `async` requirement of "
                        + "`\(index[owner].name)`: whoever awaits it stands still; add an `async` overload that offloads",
                    sink: index[implementation].name,
                    steps: reach.map { file.steps($0, from: offset, first: nil) } ?? [],
                    confidence: reach?.confidence ?? 1))
        }
        return found.sorted { ($0.place.line, $0.place.column) < ($1.place.line, $1.place.column) }
    }
}

/// Top-level code that awaits is an asynchronous context, and still takes the synchronous overload of a declared blocking function.
struct BlockingTopLevel: StructuralRule {
    let id = "declared-blocking"

    func findings(in file: RuleFile) -> [Finding] {
        guard file.structure.awaits.contains(where: { file.facts.scope(at: $0) == 0 }) else { return [] }
        return file.sinks.filter { $0.call.rule == id && file.runs($0.scope, in: 0) }.map { sink in
            file.finding(
                self, .warning, at: sink.offset, in: sink.scope,
                "`\(sink.call.name)` is declared to block, and top-level code takes the synchronous overload: the main thread "
                    + "stands still; call its `async` overload in the `main()` of an `@main` type", sink: sink.call.name
            )
        }
    }
}

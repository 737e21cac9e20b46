/// An `async` function that awaits nothing and blocks: its callers await it in good faith, and stop their thread.
struct FakeAsync: StructuralRule {
    let id = "fake-async"

    func findings(in file: RuleFile) -> [Finding] {
        let index = file.program.program.index
        return file.facts.scopes.indices.compactMap { scope in
            let code = file.facts.scopes[scope]
            guard code.isAsync, code.kind == .function || code.kind == .getter, !file.isStartup(scope) else {
                return nil
            }
            guard
                let sink = file.sinks.first(where: {
                    RuleProgram.blocks($0.call) && file.program.tiers.contains($0.call.tier)
                        && file.runs($0.scope, in: scope)
                }), !file.structure.awaits.contains(where: { code.range.contains($0) })
            else { return nil }
            // Somebody awaits it: a caller, a protocol, another module. A mere handler is judged by its calls.
            let symbol = file.defined[code.nameOffset]
            let node = symbol.flatMap { file.program.graph.nodeOfSymbol[$0] }
            let isPublic = file.structure.signatures[code.nameOffset]?.isPublic ?? false
            let isCalled = node.map { (file.program.callers[$0] ?? 0) > 0 } ?? false
            let isWitness = symbol.map { symbol in index.overrides.values.contains { $0.contains(symbol) } } ?? false
            guard isPublic || isCalled || isWitness else { return nil }
            return file.finding(
                self, .note, at: code.nameOffset, in: scope,
                "\(file.name(scope)) is `async` but awaits nothing: it blocks in `\(sink.call.name)`, and whoever awaits it "
                    + "stands still; offload its body", sink: sink.call.name,
                related: [.init(place: file.place(sink.offset), text: "blocks here")])
        }
    }
}

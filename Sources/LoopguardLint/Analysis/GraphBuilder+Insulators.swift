extension GraphBuilder {
    // MARK: what functions do with the closures they are given

    /// A function that passes its own closure parameter straight to an insulator is one itself; one that calls it, or passes it
    /// to a function that does, runs it in place. To a fixed point, because such functions are built on each other.
    mutating func findInsulators() {
        struct Candidate {
            var file: Int
            var call: Int
            var names: [(parameter: String, function: Int, argument: Int?)]
        }
        var candidates: [Candidate] = []
        for number in program.index.files.indices {
            guard let facts = program.facts[number] else { continue }
            for (index, call) in facts.calls.enumerated() {
                let names = passedParameters(call, facts)
                if !names.isEmpty { candidates.append(Candidate(file: number, call: index, names: names)) }
            }
        }
        var isChanged = true
        var rounds = 0
        while isChanged, rounds < 8 {
            isChanged = false
            rounds += 1
            for candidate in candidates {
                guard let facts = program.facts[candidate.file] else { continue }
                let call = facts.calls[candidate.call]
                for name in candidate.names {
                    guard
                        let symbol = symbolDefined(
                            at: facts.scopes[name.function].nameOffset, file: FileID(candidate.file))
                    else { continue }
                    switch fate(of: name.argument, call, in: name.function, facts, candidate.file) {
                    case .insulated:
                        if insulators[symbol, default: []].insert(name.parameter).inserted { isChanged = true }
                    case .here:
                        if inPlace[symbol, default: []].insert(name.parameter).inserted { isChanged = true }
                    case .unknown: break
                    }
                }
            }
        }
    }

    private enum Fate { case insulated, here, unknown }

    /// Parameters of the functions around a call that the call is of, or that are among its arguments.
    private func passedParameters(
        _ call: SourceFacts.Call, _ facts: SourceFacts
    ) -> [(parameter: String, function: Int, argument: Int?)] {
        var found: [(String, Int, Int?)] = []
        for (number, argument) in call.arguments.enumerated() where !argument.isClosure {
            if let function = function(owning: argument.text, from: call.scope, facts) {
                found.append((argument.text, function, number))
            }
        }
        // `pool.submit { body() }`: the call of a parameter by its name.
        if call.receiver == nil {
            let name = String(call.name.prefix { $0 != "(" })
            if let function = function(owning: name, from: call.scope, facts) { found.append((name, function, nil)) }
        }
        return found
    }

    /// What becomes of a parameter that is called, or passed on as an argument, in `call`.
    private func fate(
        of argument: Int?, _ call: SourceFacts.Call, in function: Int, _ facts: SourceFacts, _ file: Int
    ) -> Fate {
        var fate = Fate.here
        if let argument {
            guard let callee = callee(at: call.nameOffset, file: file) else { return .unknown }
            let written = SourceFacts.Argument(
                call: 0, position: argument, label: call.arguments[argument].label, isTrailing: false)
            switch place(ofClosureGivenTo: callee, written, isAsync: false) {
            case .caller: break
            case .known(.blockingAllowed): return .insulated
            default: fate = .unknown
            }
        }
        // Closures between the call and the function that has the parameter.
        var scope = call.scope
        while scope > function, facts.scopes[scope].kind == .closure {
            guard let taken = facts.scopes[scope].takenBy,
                let callee = callee(at: facts.calls[taken.call].nameOffset, file: file)
            else { return .unknown }
            switch place(ofClosureGivenTo: callee, taken, isAsync: facts.scopes[scope].isAsync) {
            case .caller: break
            case .known(.blockingAllowed): return .insulated
            default: fate = .unknown
            }
            scope = facts.scopes[scope].parent
        }
        return fate
    }

    /// The function around `scope` that has a parameter of this name.
    func function(owning name: String, from scope: Int, _ facts: SourceFacts) -> Int? {
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

    func isInsulating(_ callee: SymbolID, label: String?) -> Bool {
        if let path = program.paths[callee], let context = program.catalogue.context(ofClosuresGivenTo: path) {
            return context.kind == .blockingAllowed
        }
        let argument = SourceFacts.Argument(call: 0, position: 0, label: label, isTrailing: false)
        return names(insulators[callee], hold: argument, of: callee)
    }

    /// Whether the parameter that an argument goes to is among `names`; an argument without label is taken for any of them.
    func names(_ names: Set<String>?, hold argument: SourceFacts.Argument, of callee: SymbolID) -> Bool {
        guard let names, !names.isEmpty else { return false }
        guard let label = argument.label, let parameters = parameters(of: callee) else { return true }
        return parameters.contains { $0.label == label && names.contains($0.name) }
    }

    func parameters(of symbol: SymbolID) -> [SourceFacts.Parameter]? {
        guard let definition = program.index.definitions[symbol], let facts = program.facts[Int(definition.file)],
            let offset = facts.lines.offset(line: Int(definition.line), column: Int(definition.column))
        else { return nil }
        let scope = facts.scope(at: offset)
        return facts.scopes[scope].nameOffset == offset && facts.scopes[scope].kind != .type
            ? facts.scopes[scope].parameters : facts.scopes.first { $0.nameOffset == offset && $0.kind != .type }?.parameters
    }
}

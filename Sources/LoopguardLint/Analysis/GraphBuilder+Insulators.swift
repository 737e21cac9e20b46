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
                    case .displaced:
                        if displaced[symbol, default: []].insert(name.parameter).inserted { isChanged = true }
                    case .onLoop(let why):
                        if onEventLoop[symbol]?[name.parameter] == nil {
                            onEventLoop[symbol, default: [:]][name.parameter] = why
                            isChanged = true
                        }
                    case .unknown: break
                    }
                }
            }
        }
    }

    private enum Fate {
        case insulated, here, displaced, unknown
        case onLoop(String)
    }

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
            switch place(ofClosureGivenTo: callee, call, written, isAsync: false) {
            case .caller: break
            case .known(.blockingAllowed): return .insulated
            case .known(.loop(.eventLoop, let why)): return .onLoop(why)
            case .elsewhere: return .displaced
            default: fate = .unknown
            }
        }
        // Closures between the call and the function that has the parameter.
        var scope = call.scope
        while scope > function, facts.scopes[scope].kind == .closure {
            guard let taken = facts.scopes[scope].takenBy,
                let callee = callee(at: facts.calls[taken.call].nameOffset, file: file)
            else { return .unknown }
            switch place(
                ofClosureGivenTo: callee, facts.calls[taken.call], taken, isAsync: facts.scopes[scope].isAsync)
            {
            case .caller: break
            case .known(.blockingAllowed): return .insulated
            case .known(.loop(.eventLoop, let why)): return .onLoop(why)
            case .elsewhere: return .displaced
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

    /// Whether a function runs an argument elsewhere; without `argument`, any of its arguments.
    func isInsulating(_ callee: SymbolID, _ call: SourceFacts.Call, argument: SourceFacts.Argument?) -> Bool {
        if let path = program.paths[callee], let context = program.catalogue.context(ofClosuresGivenTo: path) {
            return context.kind == .blockingAllowed
        }
        guard let names = insulators[callee], !names.isEmpty else { return false }
        guard let argument, let parameters = parameters(of: callee) else { return true }
        guard let parameter = parameters.parameter(of: argument.position, in: call.arguments) else { return true }
        return names.contains(parameters[parameter].name)
    }

    func parameters(of symbol: SymbolID) -> [SourceFacts.Parameter]? {
        guard let definition = program.index.definitions[symbol], let facts = program.facts[Int(definition.file)],
            let offset = facts.lines.offset(line: Int(definition.line), column: Int(definition.column))
        else { return nil }
        // The innermost scope around a name is mostly its own: looking through all of them costs.
        let around = facts.scopes[facts.scope(at: offset)]
        if around.nameOffset == offset, around.kind != .type { return around.parameters }
        return facts.scopes.first { $0.nameOffset == offset && $0.kind != .type }?.parameters
    }
}

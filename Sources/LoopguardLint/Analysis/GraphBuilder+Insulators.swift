extension GraphBuilder {
    // MARK: who takes work off the loop

    /// A function that passes its own closure parameter straight to an insulator is one itself. To a fixed point, because such
    /// functions are built on each other.
    mutating func findInsulators() {
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
    func passedParameter(_ call: SourceFacts.Call, _ facts: SourceFacts, _ file: Int) -> (String, Int)? {
        if let callee = calleeAt[file][call.nameOffset] {
            for (position, argument) in call.arguments.enumerated() where !argument.isClosure {
                if let function = function(owning: argument.text, from: call.scope, facts),
                    isInsulating(
                        callee, call,
                        argument: .init(call: 0, position: position, label: argument.label, isTrailing: false))
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
                isInsulating(callee, facts.calls[taken.call], argument: taken)
            {
                return (name, function)
            }
            scope = facts.scopes[scope].parent
        }
        return nil
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
        return facts.scopes.first { $0.nameOffset == offset && $0.kind != .type }?.parameters
    }
}

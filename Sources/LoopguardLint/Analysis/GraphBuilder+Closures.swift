extension GraphBuilder {
    // MARK: closures

    mutating func addClosures() {
        for number in program.index.files.indices {
            guard let facts = program.facts[number] else { continue }
            for (scope, code) in facts.scopes.enumerated() where code.kind == .closure {
                addClosure(scope, code, facts, FileID(number))
            }
        }
    }

    mutating func addClosure(_ scope: Int, _ code: SourceFacts.Scope, _ facts: SourceFacts, _ file: FileID) {
        let node = graph.node(file: file, scope: scope)
        let place = facts.lines.position(of: code.range.lowerBound)
        let site = CallGraph.Site(file: file, line: place.line, column: place.column)
        let isAsync = code.isAsync || isAsync(code.contextualType)
        guard let taken = code.takenBy else {
            if isAsync { graph.contexts[Int(node)] = .loop("an async closure") }
            // A local variable's closure runs where the variable is used: see addLocalValues.
            if isLocalValue(code, facts) { return }
            hold(node, code, facts, file)
            // `{ … }()`, or a value that is called later: assume that whoever makes it runs it.
            if code.assignedTo == nil { inherit(node, code, site, file) }
            return
        }
        deliver(.closure(node, isAsync: isAsync), as: taken, in: code.parent, at: site, facts)
    }

    private func isLocalValue(_ code: SourceFacts.Scope, _ facts: SourceFacts) -> Bool {
        code.assignedTo != nil
            && facts.localValues.contains { $0.valueOffset == code.nameOffset && $0.name == code.assignedTo }
    }

    /// Whether a type as written is that of `async` code, or holds such.
    func isAsync(_ type: String?) -> Bool {
        guard let type else { return false }
        return type.split { !$0.isLetter && !$0.isNumber && $0 != "_" }.contains {
            $0 == "async" || asyncAliases.contains(String($0))
        }
    }

    mutating func inherit(
        _ node: CallGraph.NodeID, _ code: SourceFacts.Scope, _ site: CallGraph.Site, _ file: FileID
    ) {
        guard let parent = owner(ofScope: code.parent, file: file, container: -1) else { return }
        graph.connect(parent, .init(to: node, site: site, targets: 1, isAwaited: false))
    }

    /// Whether the closure parameter is declared `async`: the closure then runs as a task does, whatever it contains.
    func takesAsync(_ callee: SymbolID, _ argument: SourceFacts.Argument) -> Bool {
        guard let text = Demangler.demangle("$s" + program.index[callee].usr.dropFirst(2)) else { return false }
        let parameters = ParameterTypes(demangled: text)
        if let label = argument.label, let type = parameters.type(labelled: label) { return type.contains(" async ") }
        // A trailing closure goes to the last parameter that is a function.
        return parameters.lastFunction(atOrAfter: argument.position)?.contains(" async ") ?? false
    }

    /// `let load = { … }`, `client.load = { … }`.
    mutating func hold(
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
}

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

    /// `Client(load: { … })`: the memberwise initialiser's labels are the properties' names.
    mutating func holdInMember(_ node: CallGraph.NodeID, of callee: SymbolID, label: String?) -> Bool {
        guard program.index[callee].kind == .initializer, let label else { return false }
        let type = program.owner(of: callee)
        guard let member = memberOf[MemberKey(type: type, name: label)] else { return false }
        closuresOf[member, default: []].append(node)
        return true
    }
}

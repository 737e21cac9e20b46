extension GraphBuilder {
    // MARK: closures

    /// Where a closure runs that is given to a function.
    enum ClosurePlace: Equatable {
        /// Before the callee returns: where the caller runs.
        case caller
        /// Where the catalogue, its type or the callee's body says.
        case known(CallGraph.Context)
        /// Kept, and run nobody knows when.
        case unknown
    }

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
            if code.isAsync { graph.contexts[Int(node)] = .loop(.pool, "an async closure") }
            // `{ … }()`, or a value that is called later: assume that whoever makes it runs it.
            if code.assignedTo == nil { inherit(node, code, site, file) }
            return
        }
        guard let callee = callee(at: facts.calls[taken.call].nameOffset, file: Int(file)) else {
            // A local function, or a closure that is called by its variable's name.
            if code.isAsync { graph.contexts[Int(node)] = .loop(.pool, "an async closure") }
            inherit(node, code, site, file)
            return
        }
        if program.index[callee].kind == .initializer, !code.isAsync, holdInMember(node, of: callee, label: taken.label) {
            return
        }
        switch self.place(ofClosureGivenTo: callee, taken, isAsync: code.isAsync) {
        case .caller: inherit(node, code, site, file)
        case .known(let context):
            graph.contexts[Int(node)] = context
            // What is awaited in place belongs to whoever awaits it, as far as start-up goes.
            inherit(node, code, site, file, isMakingOnly: true, isScoped: program.index[callee].name.hasPrefix("with"))
        case .unknown: inherit(node, code, site, file, isMakingOnly: true)
        }
    }

    /// Where `callee` runs a closure that it is given as `argument`.
    func place(ofClosureGivenTo callee: SymbolID, _ argument: SourceFacts.Argument, isAsync: Bool) -> ClosurePlace {
        let symbol = program.index[callee]
        let parameter = parameter(of: callee, argument)
        let isTask = isAsync || parameter?.isAsync ?? false
        if let path = program.paths[callee], let context = program.catalogue.context(ofClosuresGivenTo: path),
            !(context.synchronousOnly == true && isTask)
        {
            switch context.kind {
            case .eventLoop: return .known(.loop(.eventLoop, "\(path.short): \(context.why)"))
            case .pool: return .known(.loop(.pool, "an async closure"))
            case .blockingAllowed: return .known(.blockingAllowed("\(path.short): \(context.why)"))
            case .inPlace: return .caller
            }
        }
        if isInsulating(callee, label: argument.label) {
            return .known(.blockingAllowed("\(symbol.name) moves it to other threads"))
        }
        if isTask { return .known(.loop(.pool, "an async closure")) }
        guard symbol.isSwift else { return .unknown }  // a C callback is called by whoever likes
        if parameter?.isNonescaping ?? false { return .caller }
        if names(inPlace[callee], hold: argument, of: callee) { return .caller }
        if program.index.overrides[callee]?.contains(where: { names(inPlace[$0], hold: argument, of: $0) }) ?? false {
            return .caller
        }
        return .unknown
    }

    mutating func inherit(
        _ node: CallGraph.NodeID, _ code: SourceFacts.Scope, _ site: CallGraph.Site, _ file: FileID,
        isMakingOnly: Bool = false, isScoped: Bool = false
    ) {
        guard let parent = owner(ofScope: code.parent, file: file, container: -1) else { return }
        graph.connect(
            parent, .init(to: node, site: site, targets: 1, isAwaited: isScoped, isMakingOnly: isMakingOnly))
    }

    /// What the callee's type says of the parameter that takes a closure.
    private func parameter(of callee: SymbolID, _ argument: SourceFacts.Argument) -> ClosureParameters.Parameter? {
        closureParameters.parameter(
            of: callee, usr: program.index[callee].usr, label: argument.label, position: argument.position)
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
                // A handler that the catalogue knows, such as `readabilityHandler`.
                if let path = program.paths[occurrence.symbol],
                    let context = program.catalogue.context(ofClosuresGivenTo: path), context.kind == .blockingAllowed
                {
                    graph.contexts[Int(node)] = .blockingAllowed("\(path.short): \(context.why)")
                }
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

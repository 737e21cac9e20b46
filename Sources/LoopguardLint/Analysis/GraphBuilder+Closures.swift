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
            if isAsync { graph.contexts[Int(node)] = .loop(.pool, "an async closure") }
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

    /// Where a closure runs that is given to a function.
    enum ClosurePlace: Equatable {
        /// Before the callee returns: where the caller runs.
        case caller
        /// Where the catalogue, its type or the callee's body says.
        case known(CallGraph.Context)
        /// Kept, and run nobody knows when.
        case unknown
        /// On the executor of an actor that has one of its own: a dispatch queue, an event loop, nobody knows.
        case elsewhere
    }

    /// Where `callee` runs a closure that it is given as `argument`.
    func place(
        ofClosureGivenTo callee: SymbolID, _ call: SourceFacts.Call, _ argument: SourceFacts.Argument, isAsync: Bool
    ) -> ClosurePlace {
        let symbol = program.index[callee]
        let parameter = closureParameters.parameter(
            of: callee, usr: symbol.usr, label: argument.label, position: argument.position)
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
        let name = parameterName(of: callee, call, argument)
        if holds(insulators[callee], name) {
            return .known(.blockingAllowed("\(symbol.name) moves it to other threads"))
        }
        let bodies = [callee] + program.implementations(of: callee)
        if hasExecutorOfItsOwn(program.owner(of: callee))
            || bodies.contains(where: { holds(displaced[$0], parameterName(of: $0, call, argument)) })
        {
            return .elsewhere
        }
        if let reasons = onEventLoop[callee],
            let why = name.flatMap({ reasons[$0] }) ?? (name == nil ? reasons.values.min() : nil)
        {
            return .known(.loop(.eventLoop, why))
        }
        if isTask { return .known(.loop(.pool, "an async closure")) }
        guard symbol.isSwift else {
            // `qsort` calls back at once; what sets, adds or registers a callback keeps it.
            let name = symbol.name.lowercased()
            return Self.keepers.contains(where: name.contains) ? .unknown : .caller
        }
        // The standard library's escaping closures (`lazy.map`, `AnySequence`) run with what they are in.
        if Program.module(ofUSR: symbol.usr) == nil, !symbol.usr.hasPrefix("file:") { return .caller }
        if parameter?.isNonescaping ?? false { return .caller }
        // What the compiler's names do not tell: a local type's member, a closure that is called.
        guard parameter != nil else { return .caller }
        return bodies.contains { holds(inPlace[$0], parameterName(of: $0, call, argument)) } ? .caller : .unknown
    }

    private static let keepers = [
        "set", "add", "register", "callback", "install", "create", "hook", "signal", "atexit", "handler", "_new",
        "init",
    ]

    private func holds(_ names: Set<String>?, _ name: String?) -> Bool {
        guard let names, !names.isEmpty else { return false }
        return name.map(names.contains) ?? true
    }

    /// The name by which the callee's body knows an argument; nil when its source is not known.
    func parameterName(of callee: SymbolID, _ call: SourceFacts.Call, _ argument: SourceFacts.Argument) -> String? {
        guard let parameters = parameters(of: callee) else { return nil }
        return parameters.parameter(of: argument.position, in: call.arguments).map { parameters[$0].name }
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
}

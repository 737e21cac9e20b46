extension GraphBuilder {
    // MARK: functions that are named

    /// Functions that are put into members: `client.load = nap`, `Client(load: nap)`. Before calls are added, because these read
    /// the members.
    mutating func placeReferences() {
        for (number, file) in program.index.files.enumerated() {
            guard let facts = program.facts[number] else { continue }
            let stored = Dictionary(facts.stores.map { ($0.valueOffset, $0) }, uniquingKeysWith: { first, _ in first })
            let local = Set(facts.localValues.map(\.valueOffset))
            for occurrence in file.occurrences where Self.isUnapplied(occurrence, program.index[occurrence.symbol]) {
                guard let offset = offset(occurrence, in: facts) else { continue }
                let site = CallGraph.Site(
                    file: FileID(number), line: Int(occurrence.line), column: Int(occurrence.column))
                let position = Position(file: FileID(number), offset: offset)
                if let store = stored[offset] {
                    guard let member = property(at: store.memberOffset, file: FileID(number)) else { continue }
                    closuresOf[member, default: []].append(
                        node(for: .reference(occurrence), site, scope: store.scope))
                    placed.insert(position)
                } else if let argument = facts.argumentAt[offset] {
                    deliver(.reference(occurrence), as: argument, in: facts.scope(at: offset), at: site, facts)
                    placed.insert(position)
                } else if local.contains(offset) {
                    references[position] = occurrence
                    placed.insert(position)
                } else if let holder = initialValue(at: offset, facts, FileID(number)) {
                    closuresOf[holder, default: []].append(
                        node(for: .reference(occurrence), site, scope: facts.scope(at: offset)))
                    placed.insert(position)
                }
            }
        }
    }

    /// `var load: () -> Void = nap`: the property whose whole value the name is.
    private mutating func initialValue(at offset: Int, _ facts: SourceFacts, _ file: FileID) -> SymbolID? {
        let scope = facts.scopes[facts.scope(at: offset)]
        guard scope.kind == .initialValue, facts.callAt[offset] == nil,
            !facts.calls.contains(where: { $0.range.contains(offset) && scope.range.contains($0.range.lowerBound) }),
            let defined = symbolDefined(at: scope.nameOffset, file: file)
        else { return nil }
        return program.property(of: defined)
    }

    // MARK: local variables

    private struct Use {
        var scope: Int
        var offset: Int
        var argument: SourceFacts.Argument?
    }

    /// `let f = nap; f()`, `let later = { … }; queue.async(execute: later)`: the code runs where the variable is used.
    mutating func addLocalValues() {
        for number in program.index.files.indices {
            guard let facts = program.facts[number] else { continue }
            let file = FileID(number)
            var values = facts.localValues
            for code in facts.scopes where code.kind == .localFunction && facts.scopes[code.parent].kind != .type {
                values.append(
                    .init(
                        name: String(code.name.prefix { $0 != "(" }), scope: code.parent,
                        valueOffset: code.nameOffset))
            }
            guard !values.isEmpty else { continue }
            var codes: [Int: Code] = [:]
            for (scope, code) in facts.scopes.enumerated() {
                if code.kind == .closure {
                    codes[code.nameOffset] = .closure(graph.node(file: file, scope: scope), isAsync: code.isAsync)
                } else if code.kind == .localFunction {
                    codes[code.nameOffset] = .local(graph.node(file: file, scope: scope))
                }
            }
            let uses = uses(of: values, facts)
            for (index, value) in values.enumerated() {
                guard
                    let code = codes[value.valueOffset]
                        ?? references[Position(file: file, offset: value.valueOffset)].map({ .reference($0) })
                else { continue }
                add(uses: index, of: code, values, uses, facts, file, depth: 0)
            }
        }
    }

    private mutating func add(
        uses index: Int, of code: Code, _ values: [SourceFacts.LocalValue], _ uses: [[Use]], _ facts: SourceFacts,
        _ file: FileID, depth: Int
    ) {
        for use in uses[index] {
            let place = facts.lines.position(of: use.offset)
            let site = CallGraph.Site(file: file, line: place.line, column: place.column)
            if let argument = use.argument {
                deliver(code, as: argument, in: use.scope, at: site, facts)
            } else if let other = values.firstIndex(where: { $0.valueOffset == use.offset }), depth < 4 {
                add(uses: other, of: code, values, uses, facts, file, depth: depth + 1)
            } else if let store = facts.stores.first(where: { $0.valueOffset == use.offset }),
                let member = property(at: store.memberOffset, file: file)
            {
                closuresOf[member, default: []].append(node(for: code, site, scope: use.scope))
            } else if let from = owner(ofScope: use.scope, file: file, container: -1) {
                connect(from, code, site)
            }
        }
    }

    /// By value, where its name stands and means it: the innermost declaration counts.
    private func uses(of values: [SourceFacts.LocalValue], _ facts: SourceFacts) -> [[Use]] {
        var byName: [String: [Int]] = [:]
        for (index, value) in values.enumerated() { byName[value.name, default: []].append(index) }
        func declaration(of name: String, from scope: Int) -> Int? {
            guard let candidates = byName[name] else { return nil }
            var around = scope
            while around >= 0 {
                if let found = candidates.last(where: { values[$0].scope == around }) { return found }
                around = facts.scopes[around].parent
            }
            return nil
        }
        var all: [[Use]] = Array(repeating: [], count: values.count)
        for mention in facts.mentions {
            guard let index = declaration(of: mention.name, from: mention.scope) else { continue }
            all[index].append(Use(scope: mention.scope, offset: mention.offset, argument: mention.takenBy))
        }
        for call in facts.calls where call.receiver == nil {
            // Calls of local functions are added with the other calls.
            guard let index = declaration(of: String(call.name.prefix { $0 != "(" }), from: call.scope),
                facts.localValues.indices.contains(index)
            else { continue }
            all[index].append(Use(scope: call.scope, offset: call.nameOffset, argument: nil))
        }
        return all
    }
}

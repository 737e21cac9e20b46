/// What the structural rules ask of a program: what a call at a place is, and what it may lead to.
final class RuleProgram {
    typealias NodeID = CallGraph.NodeID
    typealias FileID = ProgramIndex.FileID

    /// The way to a blocking call.
    struct Reach {
        var sink: CallGraph.SinkCall
        var hops: [CallGraph.Edge]
        var confidence: Double
    }

    /// A synchronous declaration that stands in for an `async` one.
    struct Witness {
        var requirement: ProgramIndex.SymbolID
        var implementation: ProgramIndex.SymbolID
        /// What runs: of a property its getter.
        var code: ProgramIndex.SymbolID
    }

    let program: Program
    let graph: CallGraph
    let tiers: Set<Catalogue.Tier>
    let includesStartup: Bool
    /// Files that were judged by their syntax: types and other files' declarations are not known in them.
    let bySyntax: Set<String>
    private(set) var sinks: [FileID: [(site: CallGraph.Site, node: NodeID, sink: CallGraph.SinkCall)]] = [:]
    private(set) var edges: [FileID: [(from: NodeID, edge: CallGraph.Edge)]] = [:]
    private(set) var closures: [FileID: [Int: NodeID]] = [:]
    private(set) var callers: [NodeID: Int] = [:]
    /// Synchronous implementations of `async` requirements, by the file of their code.
    private(set) var witnesses: [FileID: [Witness]] = [:]
    private var reached: [NodeID: Reach?] = [:]

    init(program: Program, graph: CallGraph, tiers: Set<Catalogue.Tier>, includesStartup: Bool, bySyntax: Set<String>) {
        self.program = program
        self.graph = graph
        self.tiers = tiers
        self.includesStartup = includesStartup
        self.bySyntax = bySyntax
        for number in graph.nodes.indices {
            let node = graph.nodes[number]
            if node.symbol < 0, program.isOwn[Int(node.file)] {
                closures[node.file, default: [:]][node.scope] = NodeID(clamping: number)
            }
            for sink in graph.sinks[number] where program.isOwn[Int(sink.site.file)] {
                sinks[sink.site.file, default: []].append((sink.site, NodeID(clamping: number), sink))
            }
            for edge in graph.edges[number] {
                callers[edge.to, default: 0] += 1
                if program.isOwn[Int(edge.site.file)] {
                    edges[edge.site.file, default: []].append((NodeID(clamping: number), edge))
                }
            }
        }
        for (requirement, implementations) in program.index.overrides where isAsync(requirement) {
            for implementation in implementations where !isAsync(implementation) {
                let code = getter(of: implementation) ?? implementation
                guard let file = program.index.definitions[code]?.file, program.isOwn[Int(file)] else { continue }
                witnesses[file, default: []].append(
                    Witness(requirement: requirement, implementation: implementation, code: code))
            }
        }
        // A dictionary's order is another each time.
        for file in witnesses.keys { witnesses[file]?.sort { ($0.code, $0.requirement) < ($1.code, $1.requirement) } }
    }

    private func getter(of symbol: ProgramIndex.SymbolID) -> ProgramIndex.SymbolID? {
        program.accessors[symbol]?.first { program.index[$0].accessor == .getter }
    }

    private func isAsync(_ symbol: ProgramIndex.SymbolID) -> Bool {
        program.index[symbol].isAsync || getter(of: symbol).map { program.index[$0].isAsync } ?? false
    }

    /// Calls that wait, read files or compute: what a section under a lock must not do.
    static func blocks(_ sink: CallGraph.SinkCall) -> Bool {
        // Waiting for a condition gives the lock back meanwhile.
        sink.tier > .stdio && sink.rule != "blocking-condition"
    }

    /// The nearest blocking call that a piece of code leads to, on the thread that runs it. At most a dozen calls deep.
    func reach(_ start: NodeID) -> Reach? {
        if let known = reached[start] { return known }
        var level: [(node: NodeID, hops: [CallGraph.Edge], confidence: Double)] = [(start, [], 1)]
        var seen: Set<NodeID> = [start]
        var found: Reach?
        for _ in 0..<12 where found == nil && !level.isEmpty {
            var next: [(NodeID, [CallGraph.Edge], Double)] = []
            for (node, hops, confidence) in level {
                if let sink = graph.sinks[Int(node)].first(where: { Self.blocks($0) && tiers.contains($0.tier) }) {
                    found = Reach(sink: sink, hops: hops, confidence: confidence)
                    break
                }
                for edge in graph.edges[Int(node)] where graph.contexts[Int(edge.to)] == .unknown && !edge.isMakingOnly
                {
                    let certainty = confidence * (edge.targets <= 1 ? 1 : edge.targets <= 3 ? 0.9 : 0)
                    if certainty > 0.5, seen.insert(edge.to).inserted {
                        next.append((edge.to, hops + [edge], certainty))
                    }
                }
            }
            level = next
        }
        reached[start] = found
        return found
    }
}

/// One of the user's files, as the structural rules see it.
struct RuleFile {
    typealias ScopeID = SourceFacts.ScopeID

    /// A call of the catalogue in the file.
    struct Sink {
        var offset: Int
        var scope: ScopeID
        var node: CallGraph.NodeID
        var call: CallGraph.SinkCall
    }

    let program: RuleProgram
    let id: ProgramIndex.FileID
    let facts: SourceFacts
    let structure: StructureFacts
    /// In the order of their places.
    let sinks: [Sink]
    /// Which declaration a name that is called refers to.
    let callees: [Int: ProgramIndex.SymbolID]
    /// What is defined at an offset.
    let defined: [Int: ProgramIndex.SymbolID]

    /// Nil for a file whose structure is not known.
    init?(_ number: Int, in program: RuleProgram) {
        guard let facts = program.program.facts[number], let structure = facts.structure else { return nil }
        self.program = program
        id = ProgramIndex.FileID(clamping: number)
        self.facts = facts
        self.structure = structure
        sinks = (program.sinks[id] ?? []).compactMap { site, node, sink in
            facts.lines.offset(line: site.line, column: site.column).map {
                Sink(offset: $0, scope: facts.scope(at: $0), node: node, call: sink)
            }
        }.sorted { $0.offset < $1.offset }
        var callees: [Int: ProgramIndex.SymbolID] = [:]
        var defined: [Int: ProgramIndex.SymbolID] = [:]
        for occurrence in program.program.index.files[number].occurrences {
            guard let offset = facts.lines.offset(line: Int(occurrence.line), column: Int(occurrence.column)) else {
                continue
            }
            if occurrence.roles.contains(.call) { callees[offset] = occurrence.symbol }
            if occurrence.roles.contains(.definition),
                defined[offset] == nil || program.program.index[occurrence.symbol].accessor == .getter
            {
                defined[offset] = occurrence.symbol
            }
        }
        self.callees = callees
        self.defined = defined
    }

    /// The call that names something at an offset.
    func call(at offset: Int) -> SourceFacts.Call? { facts.callAt[offset].map { facts.calls[$0] } }

    /// The catalogue's name for what a call calls.
    func path(of call: SourceFacts.Call) -> SymbolPath? {
        callees[call.nameOffset].flatMap { program.program.paths[$0] }
    }

    func context(ofClosure scope: ScopeID) -> CallGraph.Context {
        program.closures[id]?[scope].map { program.graph.contexts[Int($0)] } ?? .unknown
    }

    /// The function, accessor or initial value around a scope; the file for top-level code.
    func function(around scope: ScopeID) -> ScopeID {
        var current = scope
        while current > 0, facts.scopes[current].kind == .closure { current = facts.scopes[current].parent }
        return max(0, current)
    }

    /// Whether code in `inner` runs as part of `outer`, on its thread: only closures that are run at once lie between.
    func runs(_ inner: ScopeID, in outer: ScopeID) -> Bool {
        var current = inner
        while current != outer {
            guard current > 0, facts.scopes[current].kind == .closure, facts.scopes[current].takenBy != nil,
                context(ofClosure: current) == .unknown, !facts.scopes[current].isAsync
            else { return false }
            current = facts.scopes[current].parent
        }
        return true
    }

    /// Code that runs before the server serves, or a script.
    func isStartup(_ scope: ScopeID) -> Bool {
        let function = facts.scopes[function(around: scope)]
        return !program.includesStartup && (function.kind == .file || function.name == "main()")
    }

    func place(_ offset: Int) -> Finding.Place {
        let place = facts.lines.position(of: offset)
        return Finding.Place(path: facts.path, line: place.line, column: place.column)
    }

    func place(_ site: CallGraph.Site) -> Finding.Place {
        Finding.Place(path: program.program.index.files[Int(site.file)].path, line: site.line, column: site.column)
    }

    /// The name of a piece of code for people.
    func name(_ scope: ScopeID) -> String {
        let function = facts.scopes[function(around: scope)]
        if function.kind == .file { return "top-level code" }
        var current = function.parent
        while current >= 0, facts.scopes[current].kind != .type { current = facts.scopes[current].parent }
        return (current >= 0 ? facts.scopes[current].name + "." : "") + function.name
    }

    func finding(
        _ rule: any StructuralRule, _ severity: Finding.Severity, at offset: Int, in scope: ScopeID, _ message: String,
        sink: String = "", steps: [Finding.Step] = [], related: [Finding.Step] = [], confidence: Double = 1
    ) -> Finding {
        Finding(
            rule: rule.id, severity: severity, place: place(offset), message: message, sink: sink, context: "",
            path: steps, related: related, confidence: confidence,
            key: [rule.id, sink, name(scope)].filter { !$0.isEmpty }.joined(separator: " > "))
    }

    /// The steps of a way that begins with a call at `offset`.
    func steps(_ reach: RuleProgram.Reach, from offset: Int, first: CallGraph.Edge?) -> [Finding.Step] {
        var steps: [Finding.Step] = []
        for edge in (first.map { [$0] } ?? []) + reach.hops {
            steps.append(.init(place: place(edge.site), text: "runs \(symbolName(edge.to))"))
        }
        steps.append(.init(place: place(reach.sink.site), text: "calls \(reach.sink.name)"))
        return steps
    }

    func symbolName(_ node: CallGraph.NodeID) -> String {
        let symbol = program.graph.nodes[Int(node)].symbol
        return symbol < 0 ? "a closure" : program.program.index[symbol].name
    }
}

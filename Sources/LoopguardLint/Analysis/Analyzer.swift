/// Finds the blocking calls that event loops reach.
struct Analyzer {
    /// Limits of the search.
    struct Options: Sendable {
        /// Calls from the event loop's code to the blocking one. Default 12.
        var depth = 12
        /// Findings less certain than this are left out. Default 0.2.
        var confidence = 0.2
        /// Tiers that are reported. Default: waits, file, cpu.
        var tiers: Set<Catalogue.Tier> = [.waits, .file, .cpu]
        /// Report what only start-up code reaches as well. Default false.
        var includesStartup = false
        /// Further entry points that are named with a finding. Default 5.
        var related = 5
    }

    private typealias NodeID = CallGraph.NodeID

    private struct Hop {
        var from: NodeID
        var edge: CallGraph.Edge
        var confidence: Double
    }

    private struct Hit {
        var root: NodeID
        var hops: [Hop]
        var sink: CallGraph.SinkCall
        var confidence: Double
    }

    private let program: Program
    private let graph: CallGraph
    private let options: Options

    init(program: Program, graph: CallGraph, options: Options) {
        self.program = program
        self.graph = graph
        self.options = options
    }

    /// All findings, by place.
    func findings() -> [Finding] {
        let startup = options.includesStartup ? [] : startupNodes()
        let reachesSink = nodesThatReachSinks()
        var hits: [Place: [Hit]] = [:]
        for root in graph.nodes.indices {
            guard case .loop = graph.contexts[root], program.isOwn[Int(graph.nodes[root].file)],
                !startup.contains(NodeID(root)), reachesSink.contains(NodeID(root))
            else { continue }
            for hit in search(from: NodeID(root), reachesSink) {
                hits[Place(site: reportedSite(hit), rule: hit.sink.rule), default: []].append(hit)
            }
        }
        return hits.values.map(finding).sorted {
            ($0.place.path, $0.place.line, $0.place.column, $0.rule) < (
                $1.place.path, $1.place.line, $1.place.column, $1.rule
            )
        }
    }

    private struct Place: Hashable {
        var site: CallGraph.Site
        var rule: String
    }

    /// Backwards from the sinks, so that the forward search meets no dead ends.
    private func nodesThatReachSinks() -> Set<NodeID> {
        var callers: [NodeID: [NodeID]] = [:]
        for (from, edges) in graph.edges.enumerated() {
            for edge in edges { callers[edge.to, default: []].append(NodeID(from)) }
        }
        var found: Set<NodeID> = []
        var waiting: [NodeID] = []
        for (node, sinks) in graph.sinks.enumerated() where sinks.contains(where: { options.tiers.contains($0.tier) }) {
            found.insert(NodeID(node))
            waiting.append(NodeID(node))
        }
        while let next = waiting.popLast() {
            for caller in callers[next] ?? [] where found.insert(caller).inserted { waiting.append(caller) }
        }
        return found
    }

    /// Breadth first: the first way found to a sink is a shortest one.
    private func search(from root: NodeID, _ reachesSink: Set<NodeID>) -> [Hit] {
        var hits: [Hit] = []
        var cameBy: [NodeID: Hop] = [:]
        var level: [(node: NodeID, confidence: Double)] = [(root, 1)]
        var depth = 0
        let module = program.index.files[Int(graph.nodes[Int(root)].file)].module
        while !level.isEmpty, depth <= options.depth {
            var next: [(NodeID, Double)] = []
            for (node, confidence) in level {
                for sink in graph.sinks[Int(node)] where options.tiers.contains(sink.tier) {
                    hits.append(
                        Hit(root: root, hops: way(to: node, from: root, cameBy), sink: sink, confidence: confidence))
                }
                for edge in graph.edges[Int(node)] where edge.to != root && cameBy[edge.to] == nil {
                    // An async callee, a closure on a loop of its own and work that has been moved away answer for themselves.
                    guard graph.contexts[Int(edge.to)] == .unknown, reachesSink.contains(edge.to) else { continue }
                    guard let targets = targets(of: edge, from: node, module) else { continue }
                    let certainty = confidence * Self.certainty(targets: targets)
                    guard certainty >= options.confidence else { continue }
                    cameBy[edge.to] = Hop(from: node, edge: edge, confidence: certainty)
                    next.append((edge.to, certainty))
                }
            }
            level = next
            depth += 1
        }
        return hits
    }

    /// How many implementations a program with `module` can meet at a call; nil when this one is not among them.
    private func targets(of edge: CallGraph.Edge, from node: NodeID, _ module: String) -> Int? {
        guard edge.isDynamic else { return edge.targets }
        guard program.mayMeet(graph.nodes[Int(edge.to)].file, from: module) else { return nil }
        return graph.edges[Int(node)].count {
            $0.site == edge.site && $0.isDynamic && program.mayMeet(graph.nodes[Int($0.to)].file, from: module)
        }
    }

    /// One of two or three implementations is likely meant; one of thirty is a guess.
    private static func certainty(targets: Int) -> Double {
        targets <= 1 ? 1 : targets <= 3 ? 0.9 : 2.5 / Double(targets)
    }

    private func way(to node: NodeID, from root: NodeID, _ cameBy: [NodeID: Hop]) -> [Hop] {
        var hops: [Hop] = []
        var current = node
        while current != root, let hop = cameBy[current] {
            hops.append(hop)
            current = hop.from
        }
        return hops.reversed()
    }

    /// The last place on the way that the user can change.
    private func reportedSite(_ hit: Hit) -> CallGraph.Site {
        if program.isOwn[Int(hit.sink.site.file)] { return hit.sink.site }
        return hit.hops.last { program.isOwn[Int($0.edge.site.file)] }?.edge.site ?? hit.sink.site
    }

    // MARK: start-up

    /// Code that runs before the server serves: `main`, top-level code, and what only they call.
    private func startupNodes() -> Set<NodeID> {
        var callers: [NodeID: Set<NodeID>] = [:]
        for (from, edges) in graph.edges.enumerated() {
            for edge in edges { callers[edge.to, default: []].insert(NodeID(from)) }
        }
        var startup: Set<NodeID> = []
        for (number, node) in graph.nodes.enumerated() where isEntryPoint(node) { startup.insert(NodeID(number)) }
        var isChanged = true
        while isChanged {
            isChanged = false
            for number in graph.nodes.indices where !startup.contains(NodeID(number)) {
                guard let all = callers[NodeID(number)], !all.isEmpty, all.isSubset(of: startup),
                    !isHandler(NodeID(number))
                else { continue }
                startup.insert(NodeID(number))
                isChanged = true
            }
        }
        return startup
    }

    private func isEntryPoint(_ node: CallGraph.Node) -> Bool {
        guard node.symbol >= 0 else { return node.scope == 0 }
        let name = program.index[node.symbol].name
        return name == "main()" || name == "configure(_:)" || name == "boot(_:)"
    }

    /// A closure that is given away, or a witness that a framework calls, outlives the start-up that made it.
    private func isHandler(_ node: NodeID) -> Bool {
        guard case .loop(let why) = graph.contexts[Int(node)] else { return false }
        return why != "an async function"
    }

    // MARK: words

    private func finding(_ hits: [Hit]) -> Finding {
        let ordered = hits.sorted { a, b in
            if a.hops.count != b.hops.count { return a.hops.count < b.hops.count }
            if a.confidence != b.confidence { return a.confidence > b.confidence }
            return order(of: a.root) < order(of: b.root)
        }
        let best = ordered[0]
        let context = why(best.root)
        let steps = steps(best)
        var seen: Set<NodeID> = [best.root]
        let related = ordered.dropFirst().filter { seen.insert($0.root).inserted }.prefix(options.related).map {
            Finding.Step(place: place($0.root), text: "\(name($0.root)), \(why($0.root)), reaches it too")
        }
        return Finding(
            rule: best.sink.rule, severity: severity(best), place: place(reportedSite(best)),
            message: message(best, context: context), sink: best.sink.name, context: context, path: steps,
            related: Array(related), confidence: best.confidence,
            key: ([best.sink.rule, best.sink.name] + ([best.root] + best.hops.map(\.edge.to)).map(name)).joined(
                separator: " > "))
    }

    private func order(of node: NodeID) -> String {
        let place = place(node)
        return "\(place.path):\(String(repeating: "0", count: max(0, 9 - String(place.line).count)))\(place.line)"
    }

    private func severity(_ hit: Hit) -> Finding.Severity {
        let full: Finding.Severity =
            switch hit.sink.tier {
            case .waits: .error
            case .file, .cpu: .warning
            case .lock, .stdio: .note
            }
        return hit.confidence < 0.6 && full > .note ? (full == .error ? .warning : .note) : full
    }

    private func message(_ hit: Hit, context: String) -> String {
        let verb =
            switch hit.sink.tier {
            case .waits: "blocks its thread"
            case .file: "waits for the disk"
            case .cpu: "computes for long"
            case .lock: "may wait for a lock"
            case .stdio: "may wait for whoever reads the output"
            }
        let through = hit.hops.isEmpty ? "" : ", reached through \(name(hit.hops[hit.hops.count - 1].edge.to)),"
        return "`\(hit.sink.name)`\(through) \(verb) in \(name(hit.root)), \(context); use \(hit.sink.replacement)"
    }

    private func steps(_ hit: Hit) -> [Finding.Step] {
        var steps = [Finding.Step(place: place(hit.root), text: "\(name(hit.root)): \(why(hit.root))")]
        for hop in hit.hops {
            let choice = hop.edge.targets > 1 ? " (one of \(hop.edge.targets) implementations)" : ""
            steps.append(Finding.Step(place: place(hop.edge.site), text: "runs \(name(hop.edge.to))\(choice)"))
        }
        steps.append(Finding.Step(place: place(hit.sink.site), text: "calls \(hit.sink.name)"))
        return steps
    }

    private func why(_ node: NodeID) -> String {
        if case .loop(let why) = graph.contexts[Int(node)] { return why }
        return ""
    }

    private func name(_ node: NodeID) -> String {
        let code = graph.nodes[Int(node)]
        if code.handedOver >= 0 { return program.index[code.handedOver].name }
        if code.symbol >= 0 {
            let symbol = program.index[code.symbol]
            if symbol.accessor != .none, let property = program.index.parents[code.symbol] {
                return "\(program.index[property].name)"
            }
            let owner = program.owner(of: code.symbol)
            let type = owner == code.symbol ? nil : program.index[owner].kind == .type ? program.index[owner].name : nil
            return (type.map { $0 + "." } ?? "") + symbol.name
        }
        guard let facts = program.facts[Int(code.file)], code.scope > 0 else { return "top-level code" }
        let scope = facts.scopes[code.scope]
        if scope.kind == .closure {
            let taker = scope.takenBy.map { " of \(facts.calls[$0.call].name.prefix { $0 != "(" })" } ?? ""
            return "closure\(taker)"
        }
        return scope.name
    }

    private func place(_ site: CallGraph.Site) -> Finding.Place {
        Finding.Place(path: program.index.files[Int(site.file)].path, line: site.line, column: site.column)
    }

    private func place(_ node: NodeID) -> Finding.Place {
        let code = graph.nodes[Int(node)]
        if code.symbol >= 0, let definition = program.index.definitions[code.symbol] {
            return Finding.Place(
                path: program.index.files[Int(definition.file)].path, line: Int(definition.line),
                column: Int(definition.column))
        }
        let path = program.index.files[Int(code.file)].path
        guard let facts = program.facts[Int(code.file)], code.scope >= 0 else {
            return Finding.Place(path: path, line: 1, column: 1)
        }
        let position = facts.lines.position(of: facts.scopes[code.scope].nameOffset)
        return Finding.Place(path: path, line: position.line, column: position.column)
    }
}

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
        /// Report what tests do as well. Default false.
        var includesTests = false
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
        let startup = options.includesStartup ? [] : Startup(program, graph).nodes()
        let reachesSink = nodesThatReachSinks()
        var hits: [Place: [Hit]] = [:]
        for root in graph.nodes.indices {
            let file = Int(graph.nodes[root].file)
            guard case .loop = graph.contexts[root], program.isOwn[file], reachesSink[root],
                !startup.contains(NodeID(root)), options.includesTests || !program.isTest[program.moduleOfFile[file]]
            else { continue }
            for hit in search(from: NodeID(root), reachesSink) {
                hits[place(of: hit), default: []].append(hit)
            }
        }
        return hits.values.map(finding).sorted {
            ($0.place.path, $0.place.line, $0.place.column, $0.rule) < (
                $1.place.path, $1.place.line, $1.place.column, $1.rule
            )
        }
    }

    /// What one finding is about: a blocking call of the user's, or a call of a dependency, whatever all blocks inside it.
    private struct Place: Hashable {
        var site: CallGraph.Site
        var rule: String
    }

    private func place(of hit: Hit) -> Place {
        let isOwn = program.isOwn[Int(hit.sink.site.file)]
        return Place(site: reportedSite(hit), rule: isOwn ? hit.sink.rule : "")
    }

    /// Backwards from the sinks, so that the forward search meets no dead ends.
    private func nodesThatReachSinks() -> [Bool] {
        var callers: [[NodeID]] = Array(repeating: [], count: graph.nodes.count)
        for (from, edges) in graph.edges.enumerated() {
            for edge in edges where !edge.isMakingOnly { callers[Int(edge.to)].append(NodeID(from)) }
        }
        var found = Array(repeating: false, count: graph.nodes.count)
        var waiting: [NodeID] = []
        for (node, sinks) in graph.sinks.enumerated() where sinks.contains(where: { options.tiers.contains($0.tier) }) {
            found[node] = true
            waiting.append(NodeID(node))
        }
        while let next = waiting.popLast() {
            for caller in callers[Int(next)] where !found[Int(caller)] {
                found[Int(caller)] = true
                waiting.append(caller)
            }
        }
        return found
    }

    /// Breadth first: the first way found to a sink is a shortest one.
    private func search(from root: NodeID, _ reachesSink: [Bool]) -> [Hit] {
        var hits: [Hit] = []
        let module = program.moduleOfFile[Int(graph.nodes[Int(root)].file)]
        var cameBy: [NodeID: Hop] = [:]
        var level: [(node: NodeID, confidence: Double)] = [(root, 1)]
        var depth = 0
        while !level.isEmpty, depth <= options.depth {
            var next: [(NodeID, Double)] = []
            for (node, confidence) in level {
                for sink in graph.sinks[Int(node)] where options.tiers.contains(sink.tier) {
                    hits.append(
                        Hit(root: root, hops: way(to: node, from: root, cameBy), sink: sink, confidence: confidence))
                }
                for edge in graph.edges[Int(node)] where edge.to != root && cameBy[edge.to] == nil && !edge.isMakingOnly
                {
                    // An async callee, a closure on a loop of its own and work that has been moved away answer for themselves.
                    guard graph.contexts[Int(edge.to)] == .unknown, reachesSink[Int(edge.to)] else { continue }
                    var chosen = edge
                    if edge.isDynamic {
                        guard isMet(edge.to, in: module) else { continue }
                        chosen.targets = graph.edges[Int(node)].count {
                            $0.site == edge.site && $0.isDynamic && isMet($0.to, in: module)
                        }
                    }
                    let certainty = confidence * Self.certainty(targets: chosen.targets)
                    guard certainty >= options.confidence else { continue }
                    cameBy[edge.to] = Hop(from: node, edge: chosen, confidence: certainty)
                    next.append((edge.to, certainty))
                }
            }
            level = next
            depth += 1
        }
        return hits
    }

    /// Whether an implementation is among those that code of `module` can meet.
    private func isMet(_ node: NodeID, in module: Int) -> Bool {
        program.isReachable(program.moduleOfFile[Int(graph.nodes[Int(node)].file)], from: module)
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

    // MARK: words

    private func finding(_ hits: [Hit]) -> Finding {
        let ordered = hits.sorted { a, b in
            if severity(a) != severity(b) { return severity(a) > severity(b) }
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

    /// By how much the call hurts where it runs: a disk stops one task of the pool, but all connections of an event loop. A step
    /// less where the way to it is a guess.
    private func severity(_ hit: Hit) -> Finding.Severity {
        var isLoop = false
        if case .loop(.eventLoop, _) = graph.contexts[Int(hit.root)] { isLoop = true }
        let full: Finding.Severity =
            switch hit.sink.tier {
            case .waits: .error
            case .file: isLoop ? .warning : .note
            case .cpu: .warning
            case .lock, .stdio: .note
            }
        return hit.confidence < 0.6 ? (full == .error ? .warning : .note) : full
    }

    private func message(_ hit: Hit, context: String) -> String {
        var thread = "its thread"
        if case .loop(let place, _) = graph.contexts[Int(hit.root)] {
            thread = place == .eventLoop ? "an event loop" : "a thread of the cooperative pool"
        }
        let what =
            switch hit.sink.tier {
            case .waits: "blocks \(thread)"
            case .file: "lets \(thread) wait for the disk"
            case .cpu: "keeps \(thread) computing"
            case .lock: "may let \(thread) wait for a lock"
            case .stdio: "may let \(thread) wait for whoever reads the output"
            }
        let through = hit.hops.isEmpty ? "" : ", reached through \(name(hit.hops[hit.hops.count - 1].edge.to)),"
        return
            "`\(hit.sink.name)`\(through) \(what): \(name(hit.root)) \(Self.clause(context)); use \(hit.sink.replacement)"
    }

    /// `an async function` → `is an async function`; catalogue texts have their verb.
    private static func clause(_ context: String) -> String {
        if context.hasPrefix("an ") || context.hasPrefix("a ") { return "is \(context)" }
        if let colon = context.firstRange(of: ": ") {
            return "\(context[colon.upperBound...]) (\(context[..<colon.lowerBound]))"
        }
        return context
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
        if case .loop(_, let why) = graph.contexts[Int(node)] { return why }
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

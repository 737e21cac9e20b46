/// Which code runs before anything is served: the program's start, and what only it calls. It may block.
struct Startup {
    private typealias NodeID = CallGraph.NodeID
    private let program: Program
    private let graph: CallGraph

    init(_ program: Program, _ graph: CallGraph) {
        self.program = program
        self.graph = graph
    }

    /// All nodes that only start-up code leads to.
    ///
    /// Found from the other side: whatever something else can lead to is not start-up code. Tests prove nothing about that.
    func nodes() -> Set<CallGraph.NodeID> {
        let entries = entryPoints()
        var hasCaller = Array(repeating: false, count: graph.nodes.count)
        for from in graph.nodes.indices where !isTest(from) {
            for edge in graph.edges[from] where isStructured(edge) { hasCaller[Int(edge.to)] = true }
        }
        var isServing = Array(repeating: false, count: graph.nodes.count)
        var waiting: [Int] = []
        for node in graph.nodes.indices
        where !entries.contains(NodeID(node)) && (!hasCaller[node] || isHandler(node)) && !isTest(node) {
            isServing[node] = true
            waiting.append(node)
        }
        while let next = waiting.popLast() {
            for edge in graph.edges[next]
            where isStructured(edge) && !isServing[Int(edge.to)] && !entries.contains(edge.to) {
                isServing[Int(edge.to)] = true
                waiting.append(Int(edge.to))
            }
        }
        return Set(graph.nodes.indices.lazy.filter { !isServing[$0] }.map { NodeID($0) })
    }

    /// A call, or the making of a closure that is awaited before its maker goes on, such as that of `withTaskGroup`.
    private func isStructured(_ edge: CallGraph.Edge) -> Bool { !edge.isMakingOnly || edge.isAwaited }

    private func isTest(_ node: Int) -> Bool { program.isTest[program.moduleOfFile[Int(graph.nodes[node].file)]] }

    private func entryPoints() -> Set<NodeID> {
        let names = Set(program.catalogue.startup.flatMap { $0.functions ?? [] })
        var found: Set<NodeID> = []
        for (number, node) in graph.nodes.enumerated() where program.isOwn[Int(node.file)] {
            if node.symbol < 0 ? node.scope == 0 : names.contains(program.index[node.symbol].name) {
                found.insert(NodeID(number))
            }
        }
        let requirements = Requirements(
            program, program.catalogue.startup.flatMap { entry in (entry.witnesses ?? []).map { ($0, entry.why) } })
        for requirement in program.index.overrides.keys where requirements[requirement] != nil {
            for implementation in program.implementations(of: requirement) {
                if let node = graph.nodeOfSymbol[implementation] { found.insert(node) }
            }
        }
        return found
    }

    /// A closure that is given away, or a witness that a framework calls, outlives the start-up that made it.
    private func isHandler(_ node: Int) -> Bool {
        switch graph.contexts[node] {
        case .unknown: false
        case .blockingAllowed: true
        case .loop(.eventLoop, let why): !why.hasPrefix("an async function")
        // An async closure without a maker that awaits it has no caller.
        case .loop(.pool, let why): !why.hasPrefix("an async") && why != "a method of an actor"
        }
    }
}

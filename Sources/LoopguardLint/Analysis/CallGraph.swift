/// Who runs what, over a whole program: functions, closures and local functions are nodes.
struct CallGraph: Sendable {
    typealias NodeID = Int32

    /// A piece of code.
    struct Node: Sendable, Equatable {
        /// Of a declaration; -1 for closures and local functions.
        var symbol: ProgramIndex.SymbolID
        var file: ProgramIndex.FileID
        /// In the file's ``SourceFacts``; -1 where the syntax is not known.
        var scope: Int
        /// Of a function that is handed over: the function. The node is the handing over.
        var handedOver: ProgramIndex.SymbolID = -1
    }

    /// Where something happens.
    struct Site: Sendable, Equatable, Hashable {
        var file: ProgramIndex.FileID
        var line: Int
        var column: Int
    }

    /// One piece of code may run another.
    struct Edge: Sendable, Equatable {
        var to: NodeID
        var site: Site
        /// Implementations that the call may lead to; 1 = certain.
        var targets: Int
        /// True for a call with `await`: an async callee answers for itself.
        var isAwaited: Bool
        /// Through a protocol or a class: only implementations that the program links are meant.
        var isDynamic = false
        /// What a closure's making means for it: it may run later, or somewhere else. Not a call: no way leads along it.
        var isMakingOnly = false
    }

    /// A call that blocks.
    struct SinkCall: Sendable, Equatable {
        var site: Site
        var rule: String
        var tier: Catalogue.Tier
        /// Short name of what is called.
        var name: String
        var replacement: String
    }

    /// What is known about where a node runs, without looking at its callers.
    enum Context: Sendable, Equatable {
        case unknown
        /// Where nothing may block, and why.
        case loop(Place, String)
        /// Where blocking is meant, and why.
        case blockingAllowed(String)
    }

    /// Where nothing may block.
    enum Place: Sendable, Equatable {
        case eventLoop
        /// The cooperative pool: one thread a core, shared by all tasks.
        case pool
    }

    var nodes: [Node] = []
    var edges: [[Edge]] = []
    var sinks: [[SinkCall]] = []
    var contexts: [Context] = []
    var nodeOfSymbol: [ProgramIndex.SymbolID: NodeID] = [:]
    private var nodeOfScope: [ScopeKey: NodeID] = [:]

    private struct ScopeKey: Hashable, Sendable {
        var file: ProgramIndex.FileID
        var scope: Int
    }

    mutating func node(symbol: ProgramIndex.SymbolID, file: ProgramIndex.FileID, scope: Int) -> NodeID {
        if let known = nodeOfSymbol[symbol] { return known }
        let id = add(Node(symbol: symbol, file: file, scope: scope))
        nodeOfSymbol[symbol] = id
        return id
    }

    mutating func node(file: ProgramIndex.FileID, scope: Int) -> NodeID {
        let key = ScopeKey(file: file, scope: scope)
        if let known = nodeOfScope[key] { return known }
        let id = add(Node(symbol: -1, file: file, scope: scope))
        nodeOfScope[key] = id
        return id
    }

    mutating func add(_ node: Node) -> NodeID {
        nodes.append(node)
        edges.append([])
        sinks.append([])
        contexts.append(.unknown)
        return NodeID(clamping: nodes.count - 1)
    }

    mutating func connect(_ from: NodeID, _ edge: Edge) {
        guard from != edge.to else { return }
        // Several occurrences of one call stand next to each other.
        if edges[Int(from)].suffix(8).contains(where: { $0.to == edge.to && $0.site == edge.site }) { return }
        edges[Int(from)].append(edge)
    }
}

/// Stacks merged from their outer ends.
struct FlameTree {
    struct Node {
        var name: String
        var place: String?
        var isRuntime = false
        var ns: UInt64 = 0
        var children: [Int] = []
        /// Time by cause; the greatest share gives the colour.
        var byCause: [CauseColor: UInt64] = [:]

        var color: CauseColor {
            byCause.max { ($0.value, $1.key.rawValue) < ($1.value, $0.key.rawValue) }?.key ?? .other
        }
    }

    /// The first is the root.
    private(set) var nodes = [Node(name: "all stalls")]
    private var index: [Key: Int] = [:]

    private struct Key: Hashable {
        var parent: Int
        var name: String
    }

    /// Adds a report; its weight is shared by its samples.
    mutating func add(_ report: StallReport, ns: UInt64) {
        let samples = report.samples.filter { !$0.frames.isEmpty }
        let color = CauseColor(report.cause.category)
        nodes[0].ns = nodes[0].ns.saturatingAdd(ns)
        nodes[0].byCause[color, default: 0] = nodes[0].byCause[color, default: 0].saturatingAdd(ns)
        guard !samples.isEmpty else {
            grow([Node(name: "no stack: \(report.cause.summary)", isRuntime: true)], ns: ns, color)
            return
        }
        let count = UInt64(samples.count)
        for (position, sample) in samples.enumerated() {
            let part = ns / count + (position == 0 ? ns % count : 0)
            grow(sample.frames.reversed().prefix(FlameGraph.maxDepth).map(Self.node), ns: part, color)
        }
    }

    private mutating func grow(_ path: [Node], ns: UInt64, _ color: CauseColor) {
        var current = 0
        for node in path {
            let key = Key(parent: current, name: node.name)
            if let known = index[key] {
                current = known
            } else {
                nodes.append(node)
                index[key] = nodes.count - 1
                nodes[current].children.append(nodes.count - 1)
                current = nodes.count - 1
            }
            nodes[current].ns = nodes[current].ns.saturatingAdd(ns)
            nodes[current].byCause[color, default: 0] = nodes[current].byCause[color, default: 0].saturatingAdd(ns)
        }
    }

    private static func node(_ frame: StackFrame) -> Node {
        let name = StallWords.name(frame)
        return Node(
            name: frame.kind == .async ? "async " + name : name, place: StallWords.place(frame) ?? frame.module,
            isRuntime: frame.isRuntime)
    }

    func depth(limit: Int) -> Int {
        var deepest = 0
        var open = [(node: 0, level: 0)]
        while let (node, level) = open.popLast() {
            deepest = max(deepest, level)
            if level < limit { open += nodes[node].children.map { ($0, level + 1) } }
        }
        return deepest
    }
}

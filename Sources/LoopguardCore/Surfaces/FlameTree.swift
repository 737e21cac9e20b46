/// Stacks merged from their outer ends.
struct FlameTree {
    struct Node {
        var name: String
        var place: String?
        var style: String
        var ns: UInt64 = 0
        var children: [Int] = []
    }

    /// The first is the root.
    private(set) var nodes = [Node(name: "all stalls", place: nil, style: "t")]
    private var index: [Key: Int] = [:]

    private struct Key: Hashable {
        var parent: Int
        var name: String
    }

    /// Adds a report; its weight is shared by its samples.
    mutating func add(_ report: StallReport, ns: UInt64) {
        let samples = report.samples.filter { !$0.frames.isEmpty }
        nodes[0].ns = nodes[0].ns.saturatingAdd(ns)
        guard !samples.isEmpty else {
            grow(from: 0, [Node(name: "no stack: \(report.cause.summary)", place: nil, style: "r")], ns: ns)
            return
        }
        let count = UInt64(samples.count)
        for (position, sample) in samples.enumerated() {
            let part = ns / count + (position == 0 ? ns % count : 0)
            grow(from: 0, sample.frames.reversed().prefix(FlameGraph.maxDepth).map(Self.node), ns: part)
        }
    }

    private mutating func grow(from root: Int, _ path: [Node], ns: UInt64) {
        var current = root
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
        }
    }

    private static func node(_ frame: StackFrame) -> Node {
        let name = StallWords.name(frame)
        let style =
            frame.isRuntime ? "r" : frame.kind == .async ? "a" : "u\(name.utf8.reduce(0) { ($0 + Int($1)) % 4 })"
        return Node(
            name: frame.kind == .async ? "async " + name : name, place: StallWords.place(frame) ?? frame.module,
            style: style
        )
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

/// A flame graph of stalls: the width of a frame is the time that loops were stalled with it on the stack.
///
/// An SVG of its own: titles on hover, dark and light, no external script; a click on "Search" highlights frames.
public enum FlameGraph {
    /// Frames deeper than this are not drawn.
    static let maxDepth = 96
    private static let width = 1_200
    private static let rowHeight = 18
    private static let top = 44

    /// The graph of these reports, each with the weight of its duration.
    public static func svg(_ reports: [StallReport]) -> String {
        svg(weighted: reports.map { ($0, $0.durationNs) })
    }

    /// The graph of all places, each with the total time of its stalls, and of the stalls that go on.
    public static func svg(_ document: StallsDocument) -> String {
        svg(weighted: document.sites.map { ($0.worst, $0.totalNs) } + document.ongoing.map { ($0, $0.durationNs) })
    }

    static func svg(weighted reports: [(report: StallReport, ns: UInt64)]) -> String {
        var tree = FlameTree()
        for (report, ns) in reports { tree.add(report, ns: ns) }
        let depth = tree.depth(limit: maxDepth)
        let height = top + (depth + 1) * rowHeight + 12
        var body = HTML()
        draw(tree, node: 0, x: 0, width: Double(width), level: 0, bottom: height - 12, into: &body)
        let subtitle = "\(HumanText.duration(ns: tree.nodes[0].ns)) of stalls"
        let page: HTML = """
            <?xml version="1.0" encoding="UTF-8"?>
            <svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 \(width) \(height)" width="100%" \
            preserveAspectRatio="xMidYMin meet">
            <title>Loopguard: flame graph of stalls</title>
            <style>\(css)</style>
            <rect class="bg" width="\(width)" height="\(height)"/>
            <text class="h" x="8" y="24">Stalls by stack</text>
            <text class="s" x="150" y="24">\(subtitle)</text>
            <text class="s act" id="search" x="\(width - 60)" y="24">Search</text>
            <text class="s" id="found" x="\(width - 80)" y="24" text-anchor="end"></text>
            \(body)
            <script>\(HTML(stringLiteral: script))</script>
            </svg>

            """
        return page.text
    }

    /// The hash in `PageSecurity` covers exactly this text. No `<`, `&`: it must be XML as it stands.
    static let script = """
        "use strict";
        document.getElementById("search").addEventListener("click", () => {
          const term = prompt("Highlight frames that contain:", "");
          if (term === null) return;
          const wanted = term.toLowerCase();
          let count = 0;
          document.querySelectorAll("g.f").forEach(g => {
            const hit = wanted !== "" ? g.dataset.n.toLowerCase().includes(wanted) : false;
            g.classList.toggle("hit", hit);
            if (hit) count += 1;
          });
          document.getElementById("found").textContent = wanted === "" ? "" : count + " found";
        });
        """

    private static let css: HTML = """
        svg{background:#f7f7f8}text{font:12px ui-monospace,SFMono-Regular,Menlo,Consolas,"DejaVu Sans Mono",monospace;fill:#1b1c20}
        .h{font:600 16px system-ui,sans-serif}.s{font:13px system-ui,sans-serif;fill:#63666f}.act{cursor:pointer;fill:#2456b8}
        .bg{fill:#f7f7f8}.f rect{stroke:#f7f7f8;stroke-width:.6}.u0 rect{fill:#f2a469}.u1 rect{fill:#eeb27a}
        .u2 rect{fill:#ee9a72}.u3 rect{fill:#f0bd8e}.r rect{fill:#d5d7de}.a rect{fill:#a9c0f2}.t rect{fill:#c9ccd5}
        .hit rect{fill:#b14fd0}.hit text{fill:#fff}.f:hover rect{stroke:#1b1c20;stroke-width:1}
        @media (prefers-color-scheme:dark){svg{background:#131417}text{fill:#e6e7ea}.s{fill:#a2a5ae}.act{fill:#8fb4ff}.bg{fill:#131417}
        .f rect{stroke:#131417}.u0 rect{fill:#8f4f1f}.u1 rect{fill:#855627}.u2 rect{fill:#8d4a2c}.u3 rect{fill:#7d5730}
        .r rect{fill:#33363d}.a rect{fill:#2f4678}.t rect{fill:#3d4048}.f:hover rect{stroke:#e6e7ea}.hit rect{fill:#8a3aa8}}
        """

    private static func draw(
        _ tree: FlameTree, node index: Int, x: Double, width: Double, level: Int, bottom: Int, into out: inout HTML
    ) {
        // Narrower than a third of a pixel: not to be seen.
        guard width >= 0.3, level <= maxDepth else { return }
        let node = tree.nodes[index]
        let y = bottom - (level + 1) * rowHeight
        let total = tree.nodes[0].ns
        let share = total == 0 ? 0 : Double(node.ns) / Double(total)
        var title = "\(node.name)\n\(HumanText.duration(ns: node.ns)), \(HumanText.percent(share))"
        if let place = node.place { title += "\n\(place)" }
        let x1 = HumanText.fixed(x, digits: 1)
        let w1 = HumanText.fixed(width, digits: 1)
        out += "<g class=\"f \(node.style)\" data-n=\"\(node.name)\"><title>\(title)</title>"
        out += "<rect x=\"\(x1)\" y=\"\(y)\" width=\"\(w1)\" height=\"\(rowHeight - 1)\" rx=\"2\"/>"
        let letters = Int(width / 7.3)
        if letters >= 4 {
            let label = node.name.count <= letters ? node.name : String(node.name.prefix(letters - 1)) + "…"
            out += "<text x=\"\(HumanText.fixed(x + 4, digits: 1))\" y=\"\(y + 13)\">\(label)</text>"
        }
        out += "</g>\n"
        var left = x
        for child in node.children {
            let part = node.ns == 0 ? 0 : width * Double(tree.nodes[child].ns) / Double(node.ns)
            draw(tree, node: child, x: left, width: part, level: level + 1, bottom: bottom, into: &out)
            left += part
        }
    }
}

/// A flame graph of stalls: the width of a frame is the time that loops were stalled with it on the stack, its colour the cause.
///
/// An SVG of its own with a script of its own: a click on a frame zooms, the box searches by regular expression and says how much
/// of the time matches. Without the script it is still read by its labels and titles. Dark and light, no external resources.
public enum FlameGraph {
    /// Frames deeper than this are not drawn.
    static let maxDepth = 96
    /// Frames drawn; beyond it the narrowest parts are left out.
    static let maxFrames = 8_000
    private static let width = 1_200
    private static let rowHeight = 18
    private static let top = 74

    /// The graph of these reports, each with the weight of its duration.
    public static func svg(_ reports: [StallReport]) -> String {
        svg(weighted: reports.map { ($0, $0.durationNs) }, heading: "Stalls by stack")
    }

    /// The graph of all sites, each with the total time of its stalls, and of the stalls that go on.
    ///
    /// - Parameter site: fingerprint of the one site to show; nil: all.
    public static func svg(_ document: StallsDocument, site: String? = nil) -> String {
        let sites = document.sites.filter { site == nil || $0.fingerprint == site }
        let ongoing = document.ongoing.filter { site == nil || $0.fingerprint == site }
        let heading: String
        if let site {
            let report = sites.first?.worst ?? ongoing.first
            heading = report.map { StallWords(report: $0).headline } ?? "No site \(site.truncated(to: 24)) is known"
        } else {
            heading = "Stalls by stack"
        }
        return svg(
            weighted: sites.map { ($0.worst, $0.totalNs) } + ongoing.map { ($0, $0.durationNs) }, heading: heading)
    }

    static func svg(weighted reports: [(report: StallReport, ns: UInt64)], heading: String) -> String {
        var tree = FlameTree()
        for (report, ns) in reports { tree.add(report, ns: ns) }
        let depth = tree.depth(limit: maxDepth)
        let height = top + (depth + 1) * rowHeight + 12
        var body = HTML()
        var frames = maxFrames
        draw(tree, node: 0, x: 0, width: Double(width), level: 0, bottom: height - 12, left: &frames, into: &body)
        let subtitle = "\(HumanText.duration(ns: tree.nodes[0].ns)) of stalls"
        let page: HTML = """
            <?xml version="1.0" encoding="UTF-8"?>
            <svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 \(width) \(height)" width="\(width)" \
            height="\(height)">
            <title>Loopguard: flame graph of stalls</title>
            <style>\(css)\(CauseColor.css)</style>
            <rect class="bg" width="\(width)" height="\(height)"/>
            <text class="h" x="8" y="26">\(heading.truncated(to: 70))</text>
            <text class="s" x="8" y="46">\(subtitle)<tspan id="zoomed"></tspan></text>
            \(legend(Set(reports.map { CauseColor($0.report.cause.category) })))
            <g id="tools" visibility="hidden"><text class="s" id="found" x="\(width - 336)" y="27" text-anchor="end"></text>
            <foreignObject x="\(width - 326)" y="9" width="236" height="28"><input xmlns="http://www.w3.org/1999/xhtml" id="search" \
            type="search" placeholder="Search, regular expression" aria-label="Search frames by regular expression" \
            autocomplete="off" spellcheck="false"/></foreignObject>
            <foreignObject x="\(width - 82)" y="9" width="74" height="28"><button xmlns="http://www.w3.org/1999/xhtml" id="reset" \
            type="button">Reset</button></foreignObject></g>
            \(body)
            <script>\(HTML(stringLiteral: script))</script>
            </svg>

            """
        return page.text
    }

    private static func legend(_ colors: Set<CauseColor>) -> HTML {
        var html = HTML()
        var x = 8
        for color in CauseColor.allCases where colors.contains(color) {
            html += "<rect class=\"\(color.style)\" x=\"\(x)\" y=\"54\" width=\"11\" height=\"11\" rx=\"2\"/>"
            html += "<text class=\"s\" x=\"\(x + 17)\" y=\"64\">\(color.label)</text>\n"
            x += 40 + color.label.count * 7
        }
        return html
    }

    /// The hash in `PageSecurity` covers exactly this text. No `<`, `&`: it must be XML as it stands.
    static let script = """
        "use strict";
        (() => {
          const W = 1200, frames = [...document.querySelectorAll("g.f")].map(g => ({
            g, rect: g.querySelector("rect"), text: g.querySelector("text"), name: g.dataset.n,
            x: Number(g.dataset.x), w: Number(g.dataset.w), d: Number(g.dataset.d) }));
          const by = id => document.getElementById(id);
          const box = by("search"), found = by("found"), zoomed = by("zoomed");
          const label = (f, w) => {
            const n = Math.floor((w - 8) / 7.3);
            return 4 > n ? "" : f.name.length > n ? f.name.slice(0, n - 1) + "…" : f.name;
          };
          let focus = frames[0];
          const inside = (f, o) => f.x + 0.001 > o.x ? o.x + o.w + 0.001 > f.x + f.w : false;
          const draw = () => {
            const k = W / focus.w;
            for (const f of frames) {
              const outer = focus.d > f.d ? inside(focus, f) : false;
              const shown = outer || (f.d >= focus.d ? inside(f, focus) : false);
              f.g.style.display = shown ? "" : "none";
              if (!shown) continue;
              const x = outer ? 0 : (f.x - focus.x) * k, w = outer ? W : f.w * k;
              f.rect.setAttribute("x", x); f.rect.setAttribute("width", Math.max(w, 0.3));
              f.text.setAttribute("x", x + 4); f.text.textContent = label(f, w);
              f.g.classList.toggle("outer", outer);
            }
            const whole = frames[0].w;
            zoomed.textContent = focus === frames[0] ? "" : ", zoomed to " + (100 * focus.w / whole).toFixed(1) + " %: " + focus.name.slice(0, 90);
          };
          const search = () => {
            const wanted = box.value;
            let test = null, wrong = false;
            if (wanted) { try { const r = new RegExp(wanted, "i"); test = n => r.test(n); } catch { wrong = true; } }
            let total = 0, until = [];
            for (const f of frames) {
              const hit = test ? test(f.name) : false;
              f.g.classList.toggle("hit", hit);
              // A frame below a matching one is part of its time already. Frames come parent first, depth first.
              until = until.filter(o => f.d > o.d ? inside(f, o) : false);
              if (hit) { if (until.length === 0) total += f.w; until.push(f); }
            }
            box.classList.toggle("wrong", wrong);
            found.textContent = wrong ? "not a regular expression" : test ? "matched " + (100 * total / frames[0].w).toFixed(1) + " % of the time" : "";
          };
          const zoom = f => { focus = f; draw(); };
          if (frames.length === 0) return;
          for (const f of frames) {
            f.g.addEventListener("click", () => zoom(f));
            f.g.addEventListener("keydown", e => { if (e.key === "Enter" || e.key === " ") { e.preventDefault(); zoom(f); } });
          }
          box.addEventListener("input", search);
          by("reset").addEventListener("click", () => { box.value = ""; search(); zoom(frames[0]); });
          document.addEventListener("keydown", e => {
            if (e.key === "Escape") { box.value = ""; search(); zoom(frames[0]); }
            if (e.key === "/" ? document.activeElement !== box : false) { e.preventDefault(); box.focus(); }
          });
          by("tools").removeAttribute("visibility");
        })();
        """

    private static let css: HTML = """
        svg{background:#fff;display:block;margin:0 auto}text{font:12px ui-monospace,SFMono-Regular,Menlo,Consolas,"DejaVu Sans Mono",monospace;fill:#1b1c20}
        .h{font:600 17px ui-monospace,SFMono-Regular,Menlo,Consolas,"DejaVu Sans Mono",monospace}
        .s{font:13px system-ui,sans-serif;fill:#63666f}.bg{fill:#fff}
        .f{cursor:pointer}.f rect{stroke:#fff;stroke-width:.6;fill-opacity:.62}.f.r rect{fill-opacity:.24}
        .f.outer rect{fill-opacity:.12}.f:hover rect,.f:focus rect{stroke:#1b1c20;stroke-width:1.2}.f:focus{outline:none}
        .hit rect{fill:#d6249f;fill-opacity:.85}.hit text{fill:#fff}
        input,button{box-sizing:border-box;width:100%;height:26px;margin:0;font:13px system-ui,sans-serif;color:#1b1c20;
        background:#f1f2f5;border:1px solid #c9ccd5;border-radius:6px;padding:0 8px}button{cursor:pointer}
        input.wrong{border-color:#b3261e}input:focus-visible,button:focus-visible{outline:2px solid #2456b8}
        @media (prefers-color-scheme:dark){svg{background:#131417}text{fill:#e6e7ea}.s{fill:#a2a5ae}.bg{fill:#131417}
        .f rect{stroke:#131417;fill-opacity:.55}.f.r rect{fill-opacity:.26}.f:hover rect,.f:focus rect{stroke:#e6e7ea}
        .hit rect{fill:#d6249f;fill-opacity:.8}input,button{color:#e6e7ea;background:#25282e;border-color:#3d4048}}
        """

    private static func draw(
        _ tree: FlameTree, node index: Int, x: Double, width: Double, level: Int, bottom: Int, left: inout Int,
        into out: inout HTML
    ) {
        // Narrower than a fiftieth of a pixel: not to be seen even when zoomed in.
        guard width >= 0.02, level <= maxDepth, left > 0 else { return }
        left -= 1
        let node = tree.nodes[index]
        let y = bottom - (level + 1) * rowHeight
        let total = tree.nodes[0].ns
        let share = total == 0 ? 0 : Double(node.ns) / Double(total)
        var title = "\(node.name)\n\(HumanText.duration(ns: node.ns)), \(HumanText.percent(share))"
        if let place = node.place { title += "\n\(place)" }
        if index > 0 { title += "\n\(node.color.label)" }
        let x1 = HumanText.fixed(x, digits: 1)
        let w1 = HumanText.fixed(width, digits: 1)
        let runtime: HTML = node.isRuntime || index == 0 ? " r" : ""
        // Frames that can be seen are reached by the tab key.
        let focusable: HTML = width >= 24 ? " tabindex=\"0\" role=\"button\"" : ""
        out += "<g class=\"f\(runtime)\" data-n=\"\(node.name)\" data-x=\"\(HumanText.fixed(x, digits: 3))\" "
        out += "data-w=\"\(HumanText.fixed(width, digits: 3))\" data-d=\"\(level)\"\(focusable)><title>\(title)</title>"
        out +=
            "<rect class=\"\(node.color.style)\" x=\"\(x1)\" y=\"\(y)\" width=\"\(w1)\" height=\"\(rowHeight - 1)\" rx=\"2\"/>"
        let letters = Int((width - 8) / 7.3)
        let label =
            letters < 4
            ? "" : node.name.count <= letters ? node.name : String(node.name.prefix(letters - 1)) + "…"
        out += "<text x=\"\(HumanText.fixed(x + 4, digits: 1))\" y=\"\(y + 13)\">\(label)</text></g>\n"
        var offset = x
        for child in node.children {
            let part = node.ns == 0 ? 0 : width * Double(tree.nodes[child].ns) / Double(node.ns)
            draw(
                tree, node: child, x: offset, width: part, level: level + 1, bottom: bottom, left: &left, into: &out)
            offset += part
        }
    }
}

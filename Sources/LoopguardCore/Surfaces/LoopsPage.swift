/// `/debug/loops`: what each guarded loop is doing.
public enum LoopsPage {
    /// For a browser.
    public static func html(_ cluster: ClusterStatus) -> String {
        let document = StallsDocument(cluster)
        var main: HTML =
            "<h1>Loops</h1>\n<p class=\"lead\">Guarded event loops of all workers. The bars count stalls by "
        main += "length: at least 1, 2, 4, 8… thresholds.</p>\n"
        main += PageShell.workers(document.workers, now: document.generatedAtUnixNs)
        main += PageShell.notes(document.notes)
        let rows = cluster.everybody.flatMap { view in
            (view.status?.loops ?? []).map {
                row($0, view, name: name(view, cluster), threshold: view.status?.thresholdNs ?? 0)
            }
        }
        if rows.isEmpty {
            main += "<p class=\"empty\">No loop is known.</p>"
        } else {
            main += """
                <div class="scroll"><table><thead><tr><th>Worker</th><th>Loop</th><th>State</th><th class="n">Connections</th>\
                <th class="n">Ticks</th><th class="n">Jobs</th><th class="n">Stalls</th><th class="n">Longest</th>\
                <th class="n">Total</th><th>By length</th></tr></thead>
                <tbody>\(rows.joined())</tbody></table></div>

                """
        }
        main +=
            "<footer>As of \(UTCTime.text(document.generatedAtUnixNs)). <a href=\"/debug/loops.json\">JSON</a></footer>"
        return PageShell.html(path: "/debug/loops", title: "Loops · Loopguard", main: main)
    }

    /// For a terminal.
    public static func text(_ cluster: ClusterStatus) -> String {
        var out = TextPage(width: StallsText.width)
        out.line("LOOPGUARD LOOPS   \(UTCTime.text(cluster.nowUnixNs))")
        for note in cluster.notes { out.wrapped(note, indent: 0) }
        let header = ["worker", "loop", "state", "conns", "ticks", "jobs", "stalls", "longest", "total"]
        var rows = [header]
        for view in cluster.everybody {
            for loop in view.status?.loops ?? [] {
                rows.append([
                    name(view, cluster), loop.name, state(loop, view), HumanText.count(loop.connections),
                    HumanText.count(loop.ticks), HumanText.count(loop.jobs), HumanText.count(loop.lateTicks),
                    HumanText.duration(ns: loop.lateMaxNs), HumanText.duration(ns: loop.lateTotalNs),
                ])
            }
        }
        guard rows.count > 1 else {
            out.line("No loop is known.")
            return out.text
        }
        let widths = header.indices.map { column in rows.map { $0[column].count }.max() ?? 0 }
        for row in rows {
            let cells = zip(row, widths).enumerated().map { index, cell in
                let space = String(repeating: " ", count: cell.1 - cell.0.count)
                return index < 3 ? cell.0 + space : space + cell.0
            }
            out.line(cells.joined(separator: "  "))
        }
        return out.text
    }

    /// For machines.
    public static func json(_ cluster: ClusterStatus) throws(StallJSONError) -> String {
        String(decoding: try StallJSON.encode(LoopsDocument(cluster)), as: UTF8.self)
    }

    private static func state(_ loop: LoopStatus, _ view: ClusterStatus.WorkerView) -> String {
        if view.state == "silent" { return "unknown (worker is silent)" }
        if loop.stalled { return "stalled for \(HumanText.duration(ns: loop.busyForNs))" }
        return loop.busyForNs == 0 ? "waiting" : "busy for \(HumanText.duration(ns: loop.busyForNs))"
    }

    /// The number alone unless there are several hosts.
    private static func name(_ view: ClusterStatus.WorkerView, _ cluster: ClusterStatus) -> String {
        cluster.others.isEmpty ? "\(view.worker)" : "\(view.hostName ?? "?") \(view.worker)"
    }

    private static func row(
        _ loop: LoopStatus, _ view: ClusterStatus.WorkerView, name: String, threshold: UInt64
    ) -> HTML {
        let mark: HTML = loop.stalled ? " class=\"bad\"" : ""
        return """
            <tr\(mark)><td>\(name)</td><td class="m">\(loop.name)</td><td>\(state(loop, view))</td>\
            <td class="n">\(HumanText.count(loop.connections))</td><td class="n">\(HumanText.count(loop.ticks))</td>\
            <td class="n">\(HumanText.count(loop.jobs))</td><td class="n">\(HumanText.count(loop.lateTicks))</td>\
            <td class="n">\(HumanText.duration(ns: loop.lateMaxNs))</td>\
            <td class="n">\(HumanText.duration(ns: loop.lateTotalNs))</td>\
            <td>\(bars(loop.lateBuckets, threshold: threshold))</td></tr>

            """
    }

    /// A small histogram; heights are logarithmic, so that one long stall is seen beside a thousand short ones.
    private static func bars(_ buckets: [UInt64], threshold: UInt64) -> HTML {
        let buckets = buckets.prefix(32)
        guard let most = buckets.max(), most > 0 else { return "–" }
        let magnitude = { (count: UInt64) in UInt64.bitWidth - count.leadingZeroBitCount }
        let full = max(1, magnitude(most))
        let slot = 160 / max(1, buckets.count)
        var html: HTML = "<svg class=\"bars\" viewBox=\"0 0 160 28\" role=\"img\" aria-label=\"stalls by length\">"
        var edge = threshold
        for (index, count) in buckets.enumerated() {
            let height = count == 0 ? 1 : max(3, 28 * magnitude(count) / full)
            let label = "from \(HumanText.duration(ns: edge)): \(HumanText.count(count))"
            html +=
                "<rect x=\"\(index * slot)\" y=\"\(28 - height)\" width=\"\(max(1, slot - 2))\" height=\"\(height)\">"
            html += "<title>\(label)</title></rect>"
            edge = edge.saturatingMultiply(2)
        }
        return html + "</svg>"
    }
}

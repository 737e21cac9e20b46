/// `/debug/loops`: what each guarded loop is doing.
public enum LoopsPage {
    /// For a browser.
    public static func html(_ cluster: ClusterStatus, options: PageOptions = PageOptions()) -> String {
        let document = StallsDocument(cluster)
        let now = document.generatedAtUnixNs
        var main: HTML = "<h1>Loops</h1>\n<p class=\"lead\">Guarded event loops of all workers.</p>\n"
        main += PageShell.workers(document)
        main += PageShell.notes(document.notes)
        let rows = cluster.everybody.flatMap { view in
            (view.status?.loops ?? []).map {
                row($0, view, threshold: view.status?.thresholdNs ?? 0, showsHost: document.hasSeveralHosts)
            }
        }
        if rows.isEmpty {
            main += "<p class=\"empty\">No loop is known.</p>"
        } else {
            main += timeline(document, minutes: options.timelineMinutes)
            main += """
                <h2>Now</h2>
                <div class="scroll" tabindex="0" role="region" aria-label="Loops"><table><thead><tr><th>Worker</th><th>Loop</th>\
                <th>State</th><th class="n">Connections</th>\
                <th class="n">Ticks</th><th class="n">Jobs</th><th class="n">Stalls</th><th class="n">Longest</th>\
                <th class="n">Total</th><th>By length</th></tr></thead>
                <tbody>\(rows.joined())</tbody></table></div>

                """
            main += lengths(cluster, showsHost: document.hasSeveralHosts)
        }
        main += """
            <footer>As of \(UTCTime.text(now)). <a href="/debug/loops.json">JSON</a> · \
            <a href="/debug/timeline">timeline as SVG</a></footer>
            """
        return PageShell.html(
            path: "/debug/loops", title: "Loops · Loopguard", main: main, nowUnixNs: now,
            refreshSeconds: options.refreshSeconds)
    }

    private static func timeline(_ document: StallsDocument, minutes: Int) -> HTML {
        let choices = [5, 15, 60, 360, 1_440].map { choice -> HTML in
            let name = choice < 60 ? "\(choice) min" : "\(choice / 60) h"
            return choice == minutes
                ? "<b aria-current=\"true\">\(name)</b>" : "<a href=\"/debug/loops?minutes=\(choice)\">\(name)</a>"
        }.joined(" ")
        let colors = document.timeline.flatMap(\.stalls).map { CauseColor($0.category) }
        // Where it does not fit, it is scrolled to its newest end, without a script: see `.picture`, which runs from right to left.
        return """
            <h2>When</h2>
            <p class="choices">Last \(choices)</p>
            <div class="card picture" tabindex="0" role="region" aria-label="Timeline">\
            \(TimelinePicture.html(document, minutes: minutes))</div>
            \(CauseColor.legend(colors))
            """
    }

    private static func lengths(_ cluster: ClusterStatus, showsHost: Bool) -> HTML {
        let pictures = cluster.everybody.map { view -> HTML in
            guard let status = view.status else { return HTML() }
            let host = showsHost ? "\(status.host), " : ""
            return Histogram.picture(
                Histogram.sum(status.loops), threshold: status.thresholdNs,
                label: "\(host)worker \(view.worker): \(HumanText.count(status.stalls.total, "stall"))")
        }.joined()
        guard !pictures.text.isEmpty else { return HTML() }
        return """
            <h2>All stalls by length</h2>
            <p class="lead">Every stall since the start, whether or not its stack was caught; heights are logarithmic.</p>
            <div class="histograms">\(pictures)</div>

            """
    }

    /// For a terminal.
    public static func text(_ cluster: ClusterStatus) -> String {
        var out = TextPage(width: StallsText.width)
        out.line("LOOPGUARD LOOPS   \(UTCTime.text(cluster.nowUnixNs))")
        for note in cluster.notes { out.wrapped(note, indent: 0) }
        let showsHost = StallsDocument(cluster).hasSeveralHosts
        let header = [
            showsHost ? "host/worker" : "worker", "loop", "state", "conns", "ticks", "jobs", "stalls", "longest",
            "total",
        ]
        var rows = [header]
        for view in cluster.everybody {
            for loop in view.status?.loops ?? [] {
                rows.append([
                    (showsHost ? "\(view.hostName ?? "?")/" : "") + "\(view.worker)", loop.name, state(loop, view),
                    HumanText.count(loop.connections),
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
        for view in cluster.everybody {
            guard let status = view.status else { continue }
            let lines = Histogram.lines(Histogram.sum(status.loops), threshold: status.thresholdNs)
            guard !lines.isEmpty else { continue }
            out.line("")
            out.line(
                "\(showsHost ? status.host + ", " : "")worker \(view.worker): all stalls by length (bars logarithmic)")
            for line in lines { out.line("  " + line) }
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

    private static func row(
        _ loop: LoopStatus, _ view: ClusterStatus.WorkerView, threshold: UInt64, showsHost: Bool
    ) -> HTML {
        let mark: HTML = loop.stalled ? " class=\"bad\"" : ""
        let host = showsHost ? "\(view.hostName ?? "?") · " : ""
        return """
            <tr\(mark)><td>\(host)\(view.worker)</td><td class="m">\(loop.name)</td><td>\(state(loop, view))</td>\
            <td class="n">\(HumanText.count(loop.connections))</td><td class="n">\(HumanText.count(loop.ticks))</td>\
            <td class="n">\(HumanText.count(loop.jobs))</td><td class="n">\(HumanText.count(loop.lateTicks))</td>\
            <td class="n">\(HumanText.duration(ns: loop.lateMaxNs))</td>\
            <td class="n">\(HumanText.duration(ns: loop.lateTotalNs))</td>\
            <td>\(Histogram.bars(loop.lateBuckets, threshold: threshold))</td></tr>

            """
    }
}

/// `/debug/offload`: what the blocking pools are doing.
public enum OffloadPage {
    /// For a browser.
    public static func html(_ cluster: ClusterStatus) -> String {
        let document = StallsDocument(cluster)
        var main: HTML = "<h1>Offload</h1>\n<p class=\"lead\">Work moved off the loops with "
        main += "<code>context.offload(\"name\") { … }</code>, on a bounded pool of threads.</p>\n"
        main += PageShell.workers(document)
        for view in cluster.workers {
            guard let pool = view.status?.offload else { continue }
            let host = document.hasSeveralHosts ? "\(view.hostName ?? "?"), " : ""
            main += "<h2>\(host)Worker \(view.worker)</h2>\n" + figures(pool) + names(pool)
        }
        main +=
            "<footer>As of \(UTCTime.text(document.generatedAtUnixNs)). <a href=\"/debug/offload.json\">JSON</a></footer>"
        return PageShell.html(
            path: "/debug/offload", title: "Offload · Loopguard", main: main, nowUnixNs: document.generatedAtUnixNs)
    }

    /// For a terminal.
    public static func text(_ cluster: ClusterStatus) -> String {
        var out = TextPage(width: StallsText.width)
        out.line("LOOPGUARD OFFLOAD   \(UTCTime.text(cluster.nowUnixNs))")
        for view in cluster.workers {
            guard let pool = view.status?.offload else { continue }
            out.wrapped(
                "worker \(view.worker)   \(pool.running) of \(pool.threads) threads busy   \(pool.queued) of "
                    + "\(pool.queueLimit) queued, oldest \(HumanText.duration(ns: pool.oldestQueuedNs))   "
                    + "\(HumanText.count(pool.completed)) completed, \(HumanText.count(pool.failed)) failed, "
                    + "\(HumanText.count(pool.rejected)) rejected, \(HumanText.count(pool.cancelled)) cancelled",
                indent: 0, hanging: 11
            )
            if pool.nested > 0 { out.wrapped(nestedNote(pool), indent: 3) }
            for name in pool.byName {
                out.wrapped(
                    "\(name.name): \(HumanText.count(name.completed)) completed, mean "
                        + "\(HumanText.duration(ns: mean(name))), longest \(HumanText.duration(ns: name.maxNs)), CPU "
                        + "\(HumanText.duration(ns: name.cpuNs))" + (name.hint.map { "; \($0)" } ?? ""),
                    indent: 3
                )
            }
        }
        if cluster.workers.allSatisfy({ $0.status == nil }) { out.line("No pool is known.") }
        return out.text
    }

    /// For machines.
    public static func json(_ cluster: ClusterStatus) throws(StallJSONError) -> String {
        String(decoding: try StallJSON.encode(OffloadDocument(cluster)), as: UTF8.self)
    }

    private static func nestedNote(_ pool: OffloadStatus) -> String {
        "\(HumanText.count(pool.nested)) calls of offload from within offloaded work: while it waits, it holds a thread. Once all "
            + "threads wait so, none gets on."
    }

    private static func mean(_ name: OffloadNameStatus) -> UInt64 {
        name.completed == 0 ? 0 : name.totalNs / name.completed
    }

    private static func figures(_ pool: OffloadStatus) -> HTML {
        var html = HTML()
        if pool.threads > 0, pool.running >= pool.threads, pool.queued > 0 {
            html += "<p class=\"note\">All threads are busy; the oldest job has waited "
            html +=
                "\(HumanText.duration(ns: pool.oldestQueuedNs)). More threads: <code>--blocking-threads</code>.</p>\n"
        }
        if pool.nested > 0 { html += "<p class=\"note\">\(nestedNote(pool))</p>\n" }
        html += "<dl class=\"figures\">"
        html += PageShell.figure("Threads busy", "\(pool.running) of \(pool.threads)")
        html += PageShell.figure("Queued", "\(HumanText.count(pool.queued)) of \(HumanText.count(pool.queueLimit))")
        html += PageShell.figure("Oldest queued", HumanText.duration(ns: pool.oldestQueuedNs))
        html += PageShell.figure("Completed", HumanText.count(pool.completed))
        html += PageShell.figure("Failed", HumanText.count(pool.failed))
        html += PageShell.figure("Rejected", HumanText.count(pool.rejected))
        html += PageShell.figure("Cancelled", HumanText.count(pool.cancelled))
        return html + "</dl>\n"
    }

    private static func names(_ pool: OffloadStatus) -> HTML {
        guard !pool.byName.isEmpty else { return HTML() }
        let rows = pool.byName.sorted { ($1.totalNs, $0.name) < ($0.totalNs, $1.name) }.map { name -> HTML in
            """
            <tr><td class="m">\(name.name)</td><td class="n">\(HumanText.count(name.completed))</td>\
            <td class="n">\(HumanText.duration(ns: mean(name)))</td><td class="n">\(HumanText.duration(ns: name.maxNs))</td>\
            <td class="n">\(HumanText.duration(ns: name.totalNs))</td><td class="n">\(HumanText.duration(ns: name.cpuNs))</td>\
            <td>\(name.hint ?? "")</td></tr>

            """
        }
        return """
            <div class="scroll"><table><thead><tr><th>Name</th><th class="n">Completed</th><th class="n">Mean</th>\
            <th class="n">Longest</th><th class="n">Total</th><th class="n">CPU</th><th></th></tr></thead>
            <tbody>\(rows.joined())</tbody></table></div>

            """
    }
}

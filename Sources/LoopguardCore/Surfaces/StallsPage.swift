/// `/debug/stalls` for a browser.
///
/// Works without JavaScript; with it, the page refreshes itself. Everything that comes from outside is escaped. No external
/// resources.
public enum StallsPage {
    /// Places whose trace is shown at once; those further down unfold.
    static let unfolded = 3

    /// The whole page.
    ///
    /// - Parameters:
    ///   - sites: places shown; default 50.
    ///   - recent: finished stalls listed; default 30.
    public static func html(
        _ cluster: ClusterStatus, sites: Int = 50, recent: Int = 30, options: PageOptions = PageOptions()
    ) -> String {
        let document = StallsDocument(cluster)
        let now = document.generatedAtUnixNs
        let card = StallCard(document)
        var main = summary(document)
        main += PageShell.workers(document)
        main += PageShell.notes(document.notes)
        main += degradations(document)
        if !document.ongoing.isEmpty {
            main += "<h2>Going on now</h2>\n"
            for report in document.ongoing { main += card.ongoing(report) }
        }
        if document.sites.isEmpty {
            if document.ongoing.isEmpty {
                main += "<p class=\"empty\">No stall so far. Every tick of every loop stayed below the threshold.</p>"
            }
        } else {
            main += "<h2>Places, most harmful first</h2>\n"
            for (index, site) in document.sites.prefix(max(0, sites)).enumerated() {
                main += card.site(site, rank: index + 1, isFolded: index >= unfolded)
            }
            if document.sites.count > sites {
                main += """
                    <p class="meta">… and \(document.sites.count - sites) more in <a href="/debug/stalls.json">the JSON</a>.</p>
                    """
            }
        }
        main += lengths(cluster)
        main += recentTable(document, document.recent.prefix(max(0, recent)))
        if options.offersSelfTest { main += SelfTestForm.html(cluster) }
        main += footer(now)
        return PageShell.html(
            path: "/debug/stalls", title: title(document), main: main, nowUnixNs: now,
            refreshSeconds: options.refreshSeconds)
    }

    private static func footer(_ now: Int64) -> HTML {
        let downloads = [
            ("/debug/stalls.json", "JSON"), ("/debug/stalls.collapsed", "collapsed stacks"),
            ("/debug/stalls.speedscope.json", "speedscope"), ("/debug/stalls/flamegraph.svg", "flame graph"),
        ].map { path, name -> HTML in "<a href=\"\(path)\" download>\(name)</a>" }.joined(" · ")
        return """
            <footer><p>As of \(UTCTime.text(now)). Download: \(downloads). For a terminal: \
            <a href="/debug/stalls.txt"><code>curl …/debug/stalls.txt</code></a>.</p>
            <noscript><p>Without JavaScript this page loads itself again now and then; \
            <a href="/debug/stalls.html?refresh=0">hold it still</a> to read.</p></noscript></footer>
            """
    }

    /// All stalls by length; workers with different thresholds have pictures of their own.
    private static func lengths(_ cluster: ClusterStatus) -> HTML {
        var thresholds: [UInt64] = []
        var loops: [UInt64: [LoopStatus]] = [:]
        for status in cluster.workers.compactMap(\.status) {
            if loops[status.thresholdNs] == nil { thresholds.append(status.thresholdNs) }
            loops[status.thresholdNs, default: []] += status.loops
        }
        let pictures = thresholds.map { threshold in
            Histogram.picture(
                Histogram.sum(loops[threshold] ?? []), threshold: threshold,
                label:
                    "Stalls by length, all \(HumanText.count(loops[threshold]?.count ?? 0, "loop")); heights are logarithmic"
            )
        }.joined()
        return pictures.text.isEmpty ? HTML() : "<h2>All stalls by length</h2>\n\(pictures)"
    }

    private static func title(_ document: StallsDocument) -> String {
        document.stalledNow.isEmpty
            ? "Stalls (\(HumanText.count(document.total))) · Loopguard"
            : "● \(document.stalledNow.count) stalled · Loopguard"
    }

    private static func summary(_ document: StallsDocument) -> HTML {
        var html: HTML
        let stuck = document.stalledNow.count
        if stuck > 0 {
            let behind = document.stalledNow.reduce(0) { $0.saturatingAdd($1.blast.connections) }
            html = "<h1 class=\"bad\">\(HumanText.count(stuck, "loop")) \(stuck == 1 ? "is" : "are") stalled now</h1>\n"
            html += "<p class=\"lead\">\(HumanText.count(behind, "connection")) "
            html += "\(behind == 1 ? "is" : "are") waiting behind \(stuck == 1 ? "it" : "them").</p>\n"
        } else {
            html = "<h1>No loop is stalled</h1>\n"
            let last = document.recent.first { $0.kind != .blockingCall }.map {
                "The last stall ended \(HumanText.ago(unixNs: $0.endedAtUnixNs, now: document.generatedAtUnixNs))."
            }
            html += "<p class=\"lead\">\(last ?? "All loops are turning.")</p>\n"
        }
        // Stalls that go on are not yet in the sites' figures.
        let lost =
            document.stallSites.reduce(0) { $0 + $1.connectionSeconds }
            + document.stalledNow.reduce(0) { $0 + $1.blast.connectionSeconds }
        let worst = (document.stallSites.map(\.maxNs) + document.stalledNow.map(\.durationNs)).max()
        html += "<dl class=\"figures\">"
        html += PageShell.figure("Stalls so far", HumanText.count(document.total))
        html += PageShell.figure("Places", HumanText.count(document.sites.count))
        html += PageShell.figure("Longest", worst.map { HumanText.duration(ns: $0) } ?? "–")
        html += PageShell.figure("Connection-seconds lost", HumanText.connectionSeconds(lost))
        html += PageShell.figure("Threshold", threshold(document))
        if document.suppressed > 0 {
            html += PageShell.figure("Reports suppressed", HumanText.count(document.suppressed))
        }
        if document.evictedSites > 0 {
            html += PageShell.figure("Places forgotten", HumanText.count(document.evictedSites))
        }
        return html + "</dl>\n"
    }

    private static func threshold(_ document: StallsDocument) -> String {
        let all = Set(document.workers.compactMap(\.thresholdNs)).sorted()
        return all.isEmpty ? "–" : all.map { HumanText.duration(ns: $0) }.joined(separator: ", ")
    }

    /// What is missing, said once for all workers that say the same.
    private static func degradations(_ document: StallsDocument) -> HTML {
        var workersByText: [String: [Int]] = [:]
        var order: [String] = []
        for worker in document.workers {
            for text in worker.degradations {
                if workersByText[text] == nil { order.append(text) }
                workersByText[text, default: []].append(worker.worker)
            }
        }
        guard !order.isEmpty else { return HTML() }
        let items = order.map { text -> HTML in
            let workers = workersByText[text] ?? []
            let suffix =
                workers.count == document.workers.count
                ? "" : " (worker \(workers.map(String.init).joined(separator: ", ")))"
            return "<li>\(text)\(suffix)</li>"
        }
        return
            "<div class=\"note\"><p>Not everything is available on this machine</p><ul>\(items.joined())</ul></div>\n"
    }

    private static func recentTable(_ document: StallsDocument, _ reports: ArraySlice<StallReport>) -> HTML {
        guard !reports.isEmpty else { return HTML() }
        let rows = reports.map { report -> HTML in
            let words = StallWords(report: report)
            return """
                <tr><td class="n">\(UTCTime.timeOfDay(report.startedAtUnixNs))</td>\
                <td class="n">\(HumanText.duration(ns: report.durationNs))</td><td>\(document.whereabouts(report))</td>\
                <td class="m"><a href="#site-\(report.fingerprint)">\(words.headline)</a></td><td>\(report.cause.summary)</td>\
                <td class="m">\(report.scope?.route ?? "–")</td><td class="m">\(report.scope?.correlation ?? "–")</td></tr>

                """
        }
        return """
            <h2>Latest stalls</h2>
            <div class="scroll" tabindex="0" role="region" aria-label="Latest stalls"><table><thead><tr><th class="n">Began, UTC</th>\
            <th class="n">Length</th><th>Loop</th><th>Function</th><th>Cause</th><th>Route</th><th>Correlation</th></tr></thead>
            <tbody>\(rows.joined())</tbody></table></div>

            """
    }
}

/// One stall, or one place with all its stalls, as a box on the page.
struct StallCard {
    let document: StallsDocument
    private var now: Int64 { document.generatedAtUnixNs }

    init(_ document: StallsDocument) { self.document = document }

    func ongoing(_ report: StallReport) -> HTML {
        let words = StallWords(report: report)
        let isSilent = document.isSilent(report)
        // The script lets the age tick, but not that of a stall whose worker tells nothing any more.
        let since: HTML = isSilent ? HTML() : " data-since=\"\(report.startedAtUnixNs / 1_000_000)\""
        var html: HTML =
            "<article class=\"stall now\" id=\"stall-\(report.id)\">\n<div class=\"head\"><h3>\(words.headline)</h3>"
        html +=
            "<span class=\"time\"><span\(since)>\(HumanText.duration(ns: report.durationNs))</span> so far</span></div>\n"
        html += cause(words)
        if isSilent { html += "<p class=\"meta bad\">Its worker is silent: this is what it said last.</p>\n" }
        let parts = [words.blast] + words.harm + [document.whereabouts(report)]
        html += "<p class=\"meta\">\(parts.joined(separator: " · ")) · began "
        html += "\(UTCTime.timeOfDay(report.startedAtUnixNs)) UTC</p>\n"
        return html + details(report, words, key: report.id) + "</article>\n"
    }

    /// - Parameter isFolded: only the heading is shown until it is opened.
    func site(_ site: StallSite, rank: Int, isFolded: Bool) -> HTML {
        let words = StallWords(report: site.worst)
        let color = CauseColor(site.worst.cause.category)
        var head: HTML = "<div class=\"head\"><h3><span class=\"rank\">\(rank)</span>\(words.headline)</h3>"
        head += "<span class=\"time\">\(HumanText.connectionSeconds(site.connectionSeconds))"
        head += "<small> connection-seconds</small></span></div>\n"
        let facts: HTML = """
            <div class="facts"><dl>\(fact("Stalls", HumanText.count(site.count)))\
            \(fact("Longest", HumanText.duration(ns: site.maxNs)))\(fact("Total", HumanText.duration(ns: site.totalNs)))\
            \(fact("Last", HumanText.ago(unixNs: site.lastSeenUnixNs, now: now)))\
            \(site.suppressed > 0 ? fact("Suppressed", HumanText.count(site.suppressed, "report")) : HTML())</dl>\
            \(Sparkline.html(site.history, color: color, now: now))</div>

            """
        let parts = [words.blast] + words.harm + ["on \(document.whereabouts(site.worst))"]
        var body: HTML = "<p class=\"meta\">The worst: \(parts.joined(separator: " · "))</p>\n"
        body += details(site.worst, words, key: site.fingerprint)
        body +=
            "<p class=\"links\"><a href=\"/debug/stalls/flamegraph.svg?site=\(site.fingerprint)\">Flame graph of this site</a></p>\n"
        let open = "<article class=\"stall\" id=\"site-\(site.fingerprint)\">\n" as HTML
        guard isFolded else { return open + head + cause(words) + facts + body + "</article>\n" }
        return open + head + cause(words) + facts
            + "<details class=\"more\" data-key=\"\(site.fingerprint):all\"><summary>Trace, remedy and evidence</summary>\n"
            + body + "</details></article>\n"
    }

    private func fact(_ name: String, _ value: String) -> HTML { "<div><dt>\(name)</dt><dd>\(value)</dd></div>" }

    private func cause(_ words: StallWords) -> HTML {
        let report = words.report
        let style = CauseColor(report.cause.category).style
        var html: HTML = """
            <p class="cause"><svg class="dot" width="11" height="11" aria-hidden="true"><rect class="\(style)" width="11" height="11" \
            rx="3"/></svg>\(report.cause.summary)
            """
        if let place = words.place {
            html += " at <span class=\"place\" title=\"\(words.culprit?.file ?? "")\">\(place)</span>"
        }
        if report.cause.hostAtFault { html += " <span class=\"tag host\">host at fault</span>" }
        if let kind = words.kind { html += " <span class=\"tag\">\(kind)</span>" }
        return html + "</p>\n"
    }

    private func details(_ report: StallReport, _ words: StallWords, key: String) -> HTML {
        var html = scope(report) + remedy(report, words)
        if let sample = words.mainSample { html += trace(sample, key: "\(key):main") }
        html += related(report, key: key)
        html += otherSamples(report, main: words.mainSample, key: key)
        return html + evidence(report, key: key)
    }

    private func remedy(_ report: StallReport, _ words: StallWords) -> HTML {
        guard !report.remedy.isEmpty else { return HTML() }
        var html: HTML = "<div class=\"fix\"><p><b>What to do</b> \(PageShell.inlineCode(report.remedy))</p>"
        if let proposal = words.proposal, !report.cause.hostAtFault {
            let place = words.place.map { "// \($0)\n" } ?? ""
            html += "<pre><span>\(place)</span>\(proposal)</pre>"
        }
        return html + "</div>\n"
    }

    private func scope(_ report: StallReport) -> HTML {
        guard let scope = report.scope else { return HTML() }
        var pairs = [
            ("route", scope.route), ("connection", scope.connection), ("correlation", scope.correlation),
            ("message", "\(scope.message)"),
        ]
        if let remote = scope.remote { pairs.append(("client", remote)) }
        let items = pairs.filter { !$0.1.isEmpty }.map { pair -> HTML in
            "<div><dt>\(pair.0)</dt><dd>\(pair.1)</dd></div>"
        }
        return "<dl class=\"scope\">\(items.joined())</dl>\n"
    }

    private func trace(_ sample: StackSample, key: String) -> HTML {
        var html = HTML()
        if let caveat = StallWords.caveat(sample) { html += "<p class=\"meta\">Stack: \(caveat)</p>\n" }
        guard !sample.frames.isEmpty else { return html }
        html += "<ol class=\"trace\">\n"
        for (index, group) in StallWords.groups(sample.frames).enumerated() {
            switch group {
            case .user(let frame): html += line(frame)
            case .runtime(let frames):
                let first = frames.first.map(StallWords.name) ?? ""
                let last = frames.count > 1 ? " … " + (frames.last.map(StallWords.name) ?? "") : ""
                html += "<li class=\"r\"><details data-key=\"\(key):\(index)\"><summary>"
                html +=
                    "\(HumanText.count(frames.count, "runtime frame")): \((first + last).truncated(to: 90))</summary>"
                html += "<ul>\(frames.map(line).joined())</ul></details></li>\n"
            }
        }
        return html + "</ol>\n"
    }

    private func line(_ frame: StackFrame) -> HTML {
        var mark: HTML =
            frame.kind == .async ? "<i>async</i>" : frame.kind == .inlined ? "<i>inlined</i>" : HTML()
        // The one way of finding a frame that may be wrong is said aloud, the others on hover.
        if frame.provenance == .inferred { mark += "<i>inferred</i>" }
        let place = StallWords.place(frame) ?? frame.module ?? ""
        var address = "\(frame.module ?? "") \(frame.moduleOffset ?? frame.address)"
        if let provenance = frame.provenance { address += ", found by \(provenance.rawValue)" }
        return """
            <li class="f"><b title="\(address)">\(mark)\(StallWords.name(frame))</b>\
            <span title="\(frame.file ?? frame.module ?? "")">\(place)</span></li>

            """
    }

    private func related(_ report: StallReport, key: String) -> HTML {
        guard !report.related.isEmpty else { return HTML() }
        // Who holds the lock is half the answer: shown at once. The threads of a pool are many.
        let isOwner = report.related.contains { $0.role == .lockOwner }
        let open: HTML = isOwner ? " open" : ""
        var html: HTML = "<details class=\"more\" data-key=\"\(key):related\"\(open)><summary>"
        html += isOwner ? "Who holds the lock" : "\(HumanText.count(report.related.count, "other thread"))"
        html += "</summary>\n"
        for (index, other) in report.related.enumerated() {
            html += "<p class=\"meta\"><code>\(other.thread)</code> (tid \(other.tid)) \(StallWords.role(other.role))"
            if let state = other.state { html += ", \(state)" }
            html += "</p>\n" + trace(other.sample, key: "\(key):related:\(index)")
        }
        return html + "</details>\n"
    }

    private func otherSamples(_ report: StallReport, main: StackSample?, key: String) -> HTML {
        let others = report.samples.filter { $0 != main }
        guard !others.isEmpty else { return HTML() }
        var html: HTML = "<details class=\"more\" data-key=\"\(key):samples\"><summary>"
        html += "\(HumanText.count(others.count, "more sample"))</summary>\n"
        for (index, sample) in others.enumerated() {
            html += "<p class=\"meta\">\(HumanText.duration(ns: sample.offsetNs)) after it began</p>\n"
            html += trace(sample, key: "\(key):\(index)")
        }
        return html + "</details>\n"
    }

    private func evidence(_ report: StallReport, key: String) -> HTML {
        var lines = report.cause.evidence
        lines.append(
            "threshold \(HumanText.duration(ns: report.thresholdNs)); \(HumanText.count(report.jobsInTick, "job")) in the tick"
        )
        if let latency = report.detectionLatencyNs {
            lines.append("stack taken \(HumanText.duration(ns: latency)) after the threshold")
        }
        lines.append("watchdog woken \(HumanText.duration(ns: report.watchdogLatenessNs)) late")
        lines.append(
            report.rule.map { "lint rule: \($0)" } ?? "no lint rule covers this call")
        lines.append("report \(report.id), place \(report.fingerprint), pid \(report.pid) on \(report.host)")
        let items = lines.map { line -> HTML in "<li>\(line)</li>" }
        return """
            <details class="more" data-key="\(key):evidence"><summary>Evidence and identifiers</summary>\
            <ul>\(items.joined())</ul></details>

            """
    }
}

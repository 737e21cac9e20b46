/// One stall, or one place with all its stalls, as a box on the page.
enum StallCard {
    static func ongoing(_ report: StallReport) -> HTML {
        let words = StallWords(report: report)
        var html: HTML = "<article class=\"stall now\">\n<div class=\"head\"><h3>\(words.headline)</h3>"
        html += "<span class=\"time\">\(HumanText.duration(ns: report.durationNs)) so far</span></div>\n"
        html += cause(words)
        html += "<p class=\"meta\">\(words.blast) · \(words.whereabouts) · began "
        html += "\(UTCTime.timeOfDay(report.startedAtUnixNs)) UTC</p>\n"
        return html + details(report, words, key: report.id) + "</article>\n"
    }

    static func site(_ site: StallSite, rank: Int, now: Int64) -> HTML {
        let words = StallWords(report: site.worst)
        var html: HTML = "<article class=\"stall\">\n<div class=\"head\"><h3><span class=\"rank\">\(rank)</span>"
        html += "\(words.headline)</h3><span class=\"time\">\(HumanText.duration(ns: site.maxNs))</span></div>\n"
        html += cause(words)
        html += "<p class=\"meta\">\(StallsText.siteLine(site, now: now)) · worst on \(words.whereabouts)</p>\n"
        return html + details(site.worst, words, key: site.fingerprint) + "</article>\n"
    }

    private static func cause(_ words: StallWords) -> HTML {
        let report = words.report
        var html: HTML = "<p class=\"cause\">\(report.cause.summary)"
        if let place = words.place {
            html += " at <span class=\"place\" title=\"\(words.culprit?.file ?? "")\">\(place)</span>"
        }
        if report.cause.hostAtFault { html += " <span class=\"tag host\">host at fault</span>" }
        if let kind = words.kind { html += " <span class=\"tag\">\(kind)</span>" }
        return html + "</p>\n"
    }

    private static func details(_ report: StallReport, _ words: StallWords, key: String) -> HTML {
        var html = scope(report)
        if let sample = words.mainSample { html += trace(sample, key: "\(key):main") }
        if !report.remedy.isEmpty {
            html += "<p class=\"fix\"><b>What to do</b> \(PageShell.inlineCode(report.remedy))</p>\n"
        }
        html += otherSamples(report, main: words.mainSample, key: key)
        return html + evidence(report, key: key)
    }

    private static func scope(_ report: StallReport) -> HTML {
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

    private static func trace(_ sample: StackSample, key: String) -> HTML {
        var html = HTML()
        if let caveat = StallWords.caveat(sample) { html += "<p class=\"meta\">Stack \(caveat)</p>\n" }
        guard !sample.frames.isEmpty else { return html }
        html += "<ul class=\"trace\">\n"
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
        return html + "</ul>\n"
    }

    private static func line(_ frame: StackFrame) -> HTML {
        let mark: HTML =
            frame.kind == .async ? "<i>async</i>" : frame.kind == .inlined ? "<i>inlined</i>" : HTML()
        let place = StallWords.place(frame) ?? frame.module ?? ""
        let address = "\(frame.module ?? "") \(frame.moduleOffset ?? frame.address)"
        return """
            <li class="f"><b title="\(address)">\(mark)\(StallWords.name(frame))</b>\
            <span title="\(frame.file ?? frame.module ?? "")">\(place)</span></li>

            """
    }

    private static func otherSamples(_ report: StallReport, main: StackSample?, key: String) -> HTML {
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

    private static func evidence(_ report: StallReport, key: String) -> HTML {
        var lines = report.cause.evidence
        lines.append(
            "threshold \(HumanText.duration(ns: report.thresholdNs)); \(HumanText.count(report.jobsInTick, "job")) in the tick"
        )
        if let latency = report.detectionLatencyNs {
            lines.append("stack taken \(HumanText.duration(ns: latency)) after the threshold")
        }
        lines.append("watchdog woken \(HumanText.duration(ns: report.watchdogLatenessNs)) late")
        if let rule = report.rule { lines.append("lint rule: \(rule)") }
        lines.append("report \(report.id), place \(report.fingerprint), pid \(report.pid) on \(report.host)")
        let items = lines.map { line -> HTML in "<li>\(line)</li>" }
        return """
            <details class="more" data-key="\(key):evidence"><summary>Evidence</summary>\
            <ul>\(items.joined())</ul></details>

            """
    }
}

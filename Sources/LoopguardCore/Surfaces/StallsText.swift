/// `/debug/stalls` for a terminal: at most 100 columns, ongoing stalls first.
public enum StallsText {
    /// Columns of a line. Longer words, such as names of functions, are not broken.
    static let width = 100

    /// The page as plain text, UTF-8, lines ended by `\n`. Control characters of names are replaced, so that nothing from
    /// outside can drive the terminal.
    ///
    /// - Parameter sites: places shown in full; default 20.
    public static func render(_ cluster: ClusterStatus, sites: Int = 20) -> String {
        let document = StallsDocument(cluster)
        var out = TextPage(width: width)
        header(document, into: &out)
        if !document.ongoing.isEmpty {
            out.heading("ONGOING")
            for (index, report) in document.ongoing.enumerated() {
                let words = StallWords(report: report)
                out.line("\(index + 1). \(words.headline)   \(HumanText.duration(ns: report.durationNs)) SO FAR")
                body(report, document, into: &out)
            }
        }
        if !document.sites.isEmpty {
            out.heading("PLACES, MOST HARMFUL FIRST")
            for (index, site) in document.sites.prefix(max(0, sites)).enumerated() {
                out.line("\(index + 1). \(StallWords(report: site.worst).headline)")
                out.wrapped(siteLine(site, now: document.generatedAtUnixNs), indent: 3)
                body(site.worst, document, into: &out)
            }
            if document.sites.count > sites {
                out.line("… and \(document.sites.count - sites) more: /debug/stalls.json")
            }
        }
        if document.ongoing.isEmpty && document.sites.isEmpty {
            out.line("")
            out.line("No stall so far.")
        } else {
            out.line("More: /debug/stalls.json  /debug/loops (timeline, lengths)  /debug/stalls.speedscope.json")
        }
        return out.text
    }

    static func siteLine(_ site: StallSite, now: Int64) -> String {
        var line =
            "\(HumanText.count(site.count, "time")) · longest \(HumanText.duration(ns: site.maxNs)) · total "
            + "\(HumanText.duration(ns: site.totalNs)) · \(HumanText.connectionSeconds(site.connectionSeconds)) "
            + "connection-seconds lost · last \(HumanText.ago(unixNs: site.lastSeenUnixNs, now: now))"
        if site.suppressed > 0 { line += " · \(HumanText.count(site.suppressed, "report")) suppressed" }
        return line
    }

    private static func header(_ document: StallsDocument, into out: inout TextPage) {
        out.line("LOOPGUARD STALLS   \(UTCTime.text(document.generatedAtUnixNs))")
        var totals = "\(HumanText.count(document.stalledNow.count, "stall")) going on · "
        totals += "\(HumanText.count(document.total)) so far · \(HumanText.count(document.sites.count, "place"))"
        if document.suppressed > 0 { totals += " · \(HumanText.count(document.suppressed, "report")) suppressed" }
        if document.evictedSites > 0 { totals += " · \(HumanText.count(document.evictedSites, "place")) forgotten" }
        out.line(totals)
        for note in document.notes { out.wrapped(note, indent: 0) }
        for worker in document.workers {
            var line = document.hasSeveralHosts ? "\(worker.host ?? "host not known")   " : ""
            line += "worker \(worker.worker)   "
            line += worker.isSilent ? "SILENT for \(HumanText.duration(ns: worker.silentForNs))" : worker.state
            line += "   pid \(worker.pid)   \(HumanText.count(worker.connections, "connection"))"
            if let threshold = worker.thresholdNs { line += "   threshold \(HumanText.duration(ns: threshold))" }
            if worker.stalledLoops > 0 { line += "   \(HumanText.count(worker.stalledLoops, "loop")) STALLED" }
            if worker.restarts > 0 { line += "   \(HumanText.count(worker.restarts, "restart"))" }
            out.line(line)
            for reason in worker.notReady { out.wrapped("not ready: " + reason, indent: 3) }
            for degradation in worker.degradations { out.wrapped("degraded: " + degradation, indent: 3) }
        }
        if document.workers.isEmpty { out.line("No worker is known.") }
    }

    private static func body(_ report: StallReport, _ document: StallsDocument, into out: inout TextPage) {
        let words = StallWords(report: report)
        out.wrapped(report.cause.summary + (report.cause.hostAtFault ? " [HOST AT FAULT]" : ""), indent: 3)
        if let kind = words.kind { out.wrapped(kind, indent: 3) }
        out.wrapped(
            "\(document.whereabouts(report)); began \(UTCTime.timeOfDay(report.startedAtUnixNs)) UTC; "
                + ([words.blast] + words.harm).joined(separator: "; "), indent: 3
        )
        if report.ongoing, document.isSilent(report) {
            out.wrapped("its worker is SILENT: this is what it said last", indent: 3)
        }
        if let scope = report.scope {
            var line = "for \(scope.route)   connection \(scope.connection)   correlation \(scope.correlation)"
            line += "   message \(scope.message)"
            if let remote = scope.remote { line += "   client \(remote)" }
            out.wrapped(line, indent: 3)
        }
        if let sample = words.mainSample {
            if let caveat = StallWords.caveat(sample) { out.wrapped("(\(caveat))", indent: 5) }
            trace(sample.frames, into: &out)
        }
        for other in report.related where other.role == .lockOwner {
            out.wrapped(
                "the lock is held by \(other.thread) (tid \(other.tid))\(other.state.map { ", \($0)" } ?? ""):",
                indent: 3)
            trace(other.sample.frames, into: &out)
        }
        if !report.remedy.isEmpty { out.wrapped("-> " + report.remedy, indent: 3, hanging: 6) }
        if let rule = report.rule { out.wrapped("lint rule: \(rule)", indent: 3) }
        out.line("")
    }

    private static func trace(_ frames: [StackFrame], into out: inout TextPage) {
        for group in StallWords.groups(frames) {
            switch group {
            case .runtime(let folded):
                let innermost = folded.first.map(StallWords.name) ?? ""
                let more = folded.count > 1 ? " … " + (folded.last.map(StallWords.name) ?? "") : ""
                let count = HumanText.count(folded.count, "runtime frame")
                out.line("     [\(count): " + (innermost + more).truncated(to: 70) + "]")
            case .user(let frame):
                let mark = frame.kind == .async ? "async " : frame.kind == .inlined ? "inlined " : ""
                out.columns("     " + mark + StallWords.name(frame), StallWords.place(frame) ?? frame.module ?? "")
            }
        }
    }
}

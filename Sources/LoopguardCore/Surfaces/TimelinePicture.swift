/// When which loop stalled: a lane for each loop, a bar for each stall, coloured by cause, linked to its site.
///
/// An SVG of its own without a script, at `/debug/timeline` and within `/debug/loops`.
public enum TimelinePicture {
    /// Minutes shown when the query does not say.
    public static let defaultMinutes = 15
    /// Minutes that may be asked for.
    public static let minutes = 1...1_440
    /// Lanes drawn; the rest is counted.
    static let maximumLanes = 256

    private static let width = 1_120.0
    private static let left = 190.0
    private static let row = 26
    private static let top = 34

    /// A document of its own.
    public static func svg(_ cluster: ClusterStatus, minutes: Int = defaultMinutes) -> String {
        let picture = draw(StallsDocument(cluster), minutes: minutes, isAlone: true)
        return ("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n" + picture).text
    }

    /// The element for a page, with links into the stalls page.
    static func html(_ document: StallsDocument, minutes: Int) -> HTML {
        draw(document, minutes: minutes, isAlone: false)
    }

    private static func draw(_ document: StallsDocument, minutes: Int, isAlone: Bool) -> HTML {
        let minutes = min(max(minutes, Self.minutes.lowerBound), Self.minutes.upperBound)
        let span = Int64(minutes) * 60_000_000_000
        let end = document.generatedAtUnixNs
        let begin = end.saturatingSubtract(span)
        let lanes = document.timeline.prefix(maximumLanes)
        let hidden = document.timeline.count - lanes.count
        let bottom = top + max(1, lanes.count) * row
        let legend = isAlone ? 30 : 4
        let height = bottom + 4 + (hidden > 0 ? 20 : 0) + legend
        var html: HTML = """
            <svg class="timeline" xmlns="http://www.w3.org/2000/svg" viewBox="0 0 \(Int(width)) \(height)" width="100%" \
            preserveAspectRatio="xMidYMin meet" role="group" aria-label="Stalls of the last \(HumanText.count(minutes, "minute")) by loop">
            <title>Stalls of the last \(HumanText.count(minutes, "minute")) by loop</title>

            """
        if isAlone {
            html +=
                "<style>\(css)\(CauseColor.css)</style>\n<rect class=\"bg\" width=\"\(Int(width))\" height=\"\(height)\"/>\n"
        }
        html += grid(begin: begin, span: span, minutes: minutes, bottom: bottom)
        var colors: Set<CauseColor> = []
        for (index, lane) in lanes.enumerated() {
            let y = top + index * row
            html += "<text class=\"lane\" x=\"8\" y=\"\(y + 17)\">\(label(lane, in: document).truncated(to: 28))</text>"
            html += "<path class=\"rule\" d=\"M8 \(y + row)H\(Int(width))\"/>\n"
            for mark in lane.stalls where mark.endedAtUnixNs >= begin && mark.startedAtUnixNs <= end {
                colors.insert(CauseColor(mark.category))
                html += bar(mark, begin: begin, span: span, y: y)
            }
        }
        if lanes.isEmpty { html += "<text class=\"s\" x=\"8\" y=\"\(top + 17)\">No loop is known.</text>" }
        if hidden > 0 {
            html +=
                "<text class=\"s\" x=\"8\" y=\"\(bottom + 18)\">… and \(HumanText.count(hidden, "loop")) more</text>"
        }
        if isAlone { html += svgLegend(colors, y: height - 12) }
        return html + "</svg>\n"
    }

    private static func x(_ time: Int64, _ begin: Int64, _ span: Int64) -> Double {
        let share = Double(time.saturatingSubtract(begin)) / Double(span)
        return left + min(max(share, 0), 1) * (width - left - 8)
    }

    private static func grid(begin: Int64, span: Int64, minutes: Int, bottom: Int) -> HTML {
        let steps: [Int64] = [10, 30, 60, 120, 300, 600, 1_800, 3_600, 7_200, 14_400]
        let step = (steps.first { $0 * 9 >= Int64(minutes) * 60 } ?? 14_400) * 1_000_000_000
        var html = HTML()
        var time = (begin / step).saturatingMultiply(step)
        for _ in 0..<12 {
            defer { time = time.saturatingAdd(step) }
            guard time >= begin, time <= begin.saturatingAdd(span) else { continue }
            let x = HumanText.fixed(x(time, begin, span), digits: 1)
            let clock = UTCTime.timeOfDay(time)
            html += "<path class=\"grid\" d=\"M\(x) \(top - 8)V\(bottom)\"/>"
            html +=
                "<text class=\"tick\" x=\"\(x)\" y=\"\(top - 14)\">\(step < 60_000_000_000 ? clock : String(clock.prefix(5)))</text>\n"
        }
        return html
    }

    private static func bar(_ mark: StallMark, begin: Int64, span: Int64, y: Int) -> HTML {
        let from = x(mark.startedAtUnixNs, begin, span)
        let to = x(mark.endedAtUnixNs, begin, span)
        // Several stalls in one bar: the paler, the more of the time the loop turned.
        let share = mark.durationNs == 0 ? 1 : min(1, Double(mark.stalledNs) / Double(mark.durationNs))
        let opacity = mark.count == 1 ? "1" : HumanText.fixed(0.45 + 0.55 * share, digits: 2)
        var title = "\(CauseColor(mark.category).label), from \(UTCTime.timeOfDay(mark.startedAtUnixNs)) UTC, "
        title +=
            mark.count == 1
            ? HumanText.duration(ns: mark.durationNs) + (mark.ongoing ? " so far" : "")
            : "\(HumanText.count(mark.count, "stall")) in \(HumanText.duration(ns: mark.durationNs)), "
                + "together \(HumanText.duration(ns: mark.stalledNs)), longest \(HumanText.duration(ns: mark.maxNs))"
        if mark.kind != .singleJob { title += " (\(mark.kind.rawValue))" }
        let live: HTML = mark.ongoing ? " live" : ""
        return """
            <a href="/debug/stalls#site-\(mark.fingerprint)" aria-label="\(title)"><rect class="\(CauseColor(mark.category).style)\(live)" \
            x="\(HumanText.fixed(from, digits: 1))" y="\(y + 5)" width="\(HumanText.fixed(max(2.5, to - from), digits: 1))" \
            height="\(row - 9)" rx="1.5" opacity="\(opacity)"><title>\(title)</title></rect></a>

            """
    }

    private static func label(_ lane: StallsDocument.Lane, in document: StallsDocument) -> String {
        let worker = "worker \(lane.worker)  \(lane.loop)"
        guard document.hasSeveralHosts, let host = lane.host else { return worker }
        return "\(host.truncated(to: 12)) \(lane.worker) \(lane.loop)"
    }

    private static func svgLegend(_ colors: Set<CauseColor>, y: Int) -> HTML {
        var html = HTML()
        var x = 8
        for color in CauseColor.allCases where colors.contains(color) {
            html += "<rect class=\"\(color.style)\" x=\"\(x)\" y=\"\(y - 10)\" width=\"11\" height=\"11\" rx=\"2\"/>"
            html += "<text class=\"s\" x=\"\(x + 17)\" y=\"\(y)\">\(color.label)</text>\n"
            x += 40 + color.label.count * 7
        }
        return colors.isEmpty ? "<text class=\"s\" x=\"8\" y=\"\(y)\">No stall in this time.</text>\n" : html
    }

    /// For both forms.
    static let css: HTML = """
        svg text{font:12.5px system-ui,-apple-system,"Segoe UI",Roboto,sans-serif;fill:#1b1c20}.bg{fill:#fff}
        .timeline .s,.timeline .tick{fill:#63666f}.timeline .tick{text-anchor:middle;font-size:11.5px}
        .timeline .grid{stroke:#e3e4e8}.timeline .rule{stroke:#eeeff2}.timeline a:hover rect,.timeline a:focus rect{stroke:#1b1c20;
        stroke-width:1.5}.timeline .live{stroke:#b3261e;stroke-width:2}
        @media (prefers-color-scheme:dark){svg text{fill:#e6e7ea}.bg{fill:#1b1d21}.timeline .s,.timeline .tick{fill:#a2a5ae}
        .timeline .grid{stroke:#2d3037}.timeline .rule{stroke:#24272d}.timeline a:hover rect,.timeline a:focus rect{stroke:#e6e7ea}
        .timeline .live{stroke:#ff8a80}}
        """
}

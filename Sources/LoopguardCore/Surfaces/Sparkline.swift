/// The last hour of a site in a line of bars: the time stalled in each minute.
enum Sparkline {
    private static let height = 26
    private static let slot = 3

    /// Nothing when the worker keeps no history.
    static func html(_ history: SiteHistory?, color: CauseColor, now: Int64) -> HTML {
        guard let history else { return HTML() }
        let columns = history.columns(until: now)
        let most = max(1, columns.map(\.stalledMs).max() ?? 1)
        let stalls = columns.reduce(UInt64(0)) { $0.saturatingAdd(UInt64($1.count)) }
        let ms = columns.reduce(UInt64(0)) { $0.saturatingAdd(UInt64($1.stalledMs)) }
        let width = slot * columns.count
        let label =
            "last hour: \(HumanText.count(stalls, "stall")), \(HumanText.duration(ns: ms.saturatingMultiply(1_000_000)))"
        var html: HTML = """
            <figure class="hour"><svg class="spark" viewBox="0 0 \(width) \(height)" width="\(width)" height="\(height)" role="img" \
            aria-label="\(label)"><title>\(label)</title><path class="axis" d="M0 \(height)H\(width)"/>
            """
        for (index, column) in columns.enumerated() where column.count > 0 || column.stalledMs > 0 {
            // The square root lets a short stall be seen beside a long one.
            let share = (Double(column.stalledMs) / Double(most)).squareRoot()
            let bar = max(3, Int(share * Double(height - 1)))
            let length = HumanText.duration(ns: UInt64(column.stalledMs) * 1_000_000)
            let time = UTCTime.timeOfDay(column.startUnixNs).prefix(5)
            html += """
                <rect class="\(color.style)" x="\(index * slot)" y="\(height - bar)" width="\(slot - 1)" height="\(bar)">\
                <title>\(String(time)) UTC: \(HumanText.count(column.count, "stall")), \(length)</title></rect>
                """
        }
        return html + "</svg><figcaption>last hour</figcaption></figure>"
    }
}

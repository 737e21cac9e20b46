/// How many stalls were how long: a bar for each doubling of the threshold.
///
/// The loops count every stall themselves, so nothing is missing here, whatever was caught or suppressed.
enum Histogram {
    private static let height = 96
    private static let slot = 62

    /// The buckets of several loops as one.
    static func sum(_ loops: [LoopStatus]) -> [UInt64] {
        var sum: [UInt64] = []
        for loop in loops {
            for (index, count) in loop.lateBuckets.prefix(64).enumerated() {
                if index == sum.count { sum.append(0) }
                sum[index] = sum[index].saturatingAdd(count)
            }
        }
        return sum
    }

    /// A picture with figures; nothing without stalls. Heights are logarithmic, so that one long stall is seen beside a
    /// thousand short ones.
    static func picture(_ buckets: [UInt64], threshold: UInt64, label: String) -> HTML {
        let shown = trimmed(buckets)
        guard let most = shown.max(), most > 0 else { return HTML() }
        let full = magnitude(most)
        let width = slot * shown.count
        var html: HTML = """
            <figure class="histogram"><figcaption>\(label)</figcaption>
            <svg viewBox="0 0 \(width) \(height + 36)" width="\(width)" height="\(height + 36)" role="img" aria-label="\(label)">

            """
        var edge = threshold
        for (index, count) in shown.enumerated() {
            let bar = count == 0 ? 0 : max(4, (height - 18) * magnitude(count) / full)
            let next = edge.saturatingMultiply(2)
            let x = index * slot
            html += "<g><title>\(range(edge, next, isLast: index == shown.count - 1)): "
            html += "\(HumanText.count(count, "stall"))</title>"
            html += "<rect class=\"hit\" x=\"\(x)\" width=\"\(slot)\" height=\"\(height + 36)\"/>"
            html +=
                "<rect class=\"bar\" x=\"\(x + 5)\" y=\"\(height - bar)\" width=\"\(slot - 10)\" height=\"\(bar)\" rx=\"2\"/>"
            if count > 0 {
                html += "<text x=\"\(x + slot / 2)\" y=\"\(height - bar - 5)\">\(HumanText.count(count))</text>"
            }
            html +=
                "<text class=\"edge\" x=\"\(x + slot / 2)\" y=\"\(height + 17)\">≥\u{2009}\(HumanText.duration(ns: edge))</text></g>\n"
            edge = next
        }
        return html + "<path class=\"axis\" d=\"M0 \(height).5H\(width)\"/></svg></figure>\n"
    }

    /// The same without figures, for a table.
    static func bars(_ buckets: [UInt64], threshold: UInt64) -> HTML {
        let buckets = buckets.prefix(32)
        guard let most = buckets.max(), most > 0 else { return "–" }
        let full = magnitude(most)
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

    /// Lines for a terminal: `≥ 50 ms   12  ############`.
    static func lines(_ buckets: [UInt64], threshold: UInt64) -> [String] {
        let shown = trimmed(buckets)
        guard let most = shown.max(), most > 0 else { return [] }
        let full = magnitude(most)
        var edge = threshold
        return shown.map { count in
            defer { edge = edge.saturatingMultiply(2) }
            let name = ">= " + HumanText.duration(ns: edge)
            let figure = HumanText.count(count)
            let bar = String(repeating: "#", count: count == 0 ? 0 : max(1, 40 * magnitude(count) / full))
            return name + String(repeating: " ", count: max(1, 14 - name.count))
                + String(repeating: " ", count: max(1, 12 - figure.count)) + figure + "  " + bar
        }
    }

    private static func trimmed(_ buckets: [UInt64]) -> [UInt64] {
        let shown = buckets.prefix(20)
        guard let last = shown.lastIndex(where: { $0 > 0 }) else { return [] }
        return Array(shown[...last])
    }

    private static func range(_ from: UInt64, _ to: UInt64, isLast: Bool) -> String {
        isLast
            ? "\(HumanText.duration(ns: from)) and longer"
            : "\(HumanText.duration(ns: from)) to \(HumanText.duration(ns: to))"
    }

    private static func magnitude(_ count: UInt64) -> Int { max(1, UInt64.bitWidth - count.leadingZeroBitCount) }
}

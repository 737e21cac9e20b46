import LoopguardCore

/// Reports for a terminal: what stalled, why, and the whole stack.
enum ReportText {
    static func render(_ document: JSONValue) -> String {
        var text = ""
        for report in reports(document) { text += self.text(report) + "\n" }
        return text.isEmpty ? "No stall.\n" : text
    }

    /// Of a document: those going on, then the finished ones, then the worst of each place unless it has been shown.
    static func reports(_ document: JSONValue) -> [JSONValue] {
        // The last of JSON lines may be a summary.
        if let array = document.array { return array.filter { $0["type"]?.string != "summary" } }
        guard document["samples"] == nil else { return [document] }
        var seen: Set<String> = []
        let all =
            ["ongoing", "recent"].flatMap { document[$0]?.array ?? [] }
            + (document["sites"]?.array ?? []).compactMap { $0["worst"] }
        return all.filter { seen.insert($0["id"]?.string ?? "").inserted }
    }

    private static func text(_ report: JSONValue) -> String {
        func word(_ key: String) -> String { printable(report[key]?.string ?? "?") }
        let milliseconds = (report["duration_ns"]?.number ?? 0) / 1_000_000
        var text =
            "stall \(word("id")) on \(word("loop")): \(Int(clampingMilliseconds: milliseconds)) ms, \(word("kind"))\n"
        if let summary = report["cause"]?["summary"]?.string { text += "  \(printable(summary))\n" }
        for sample in report["samples"]?.array ?? [] { text += stack(sample, title: "stack") }
        for related in report["related"]?.array ?? [] {
            guard let sample = related["sample"] else { continue }
            text += stack(
                sample, title: printable("\(related["role"]?.string ?? "?") \(related["thread"]?.string ?? "")"))
        }
        if let remedy = report["remedy"]?.string, !remedy.isEmpty { text += "  -> \(printable(remedy))\n" }
        return text
    }

    private static func stack(_ sample: JSONValue, title: String) -> String {
        var text = "  \(title), \(printable(sample["validity"]?.string ?? "?"))"
        if let note = sample["note"]?.string { text += ": \(printable(note))" }
        text += "\n"
        for frame in sample["frames"]?.array ?? [] {
            let kind = frame["kind"]?.string ?? FrameKind.physical.rawValue
            let mark = kind == FrameKind.physical.rawValue ? "" : kind + " "
            let module = frame["module"]?.string ?? "?"
            let offset = frame["module_offset"]?.string ?? frame["address"]?.string ?? "?"
            let name = frame["function"]?.string ?? "\(module) + \(offset)"
            let line = frame["line"]?.number.flatMap { Int(exactly: $0) }
            let place = frame["file"]?.string.map { "  \($0)" + (line.map { ":\($0)" } ?? "") } ?? "  \(module)"
            text += "    " + printable(mark + name + place) + "\n"
        }
        return text
    }

    /// Nothing from outside may drive the terminal.
    private static func printable(_ text: String) -> String {
        String(
            String.UnicodeScalarView(
                text.unicodeScalars.map { scalar in
                    let isControl = scalar.value < 0x20 || (0x7f...0x9f).contains(scalar.value)
                    return isControl ? "\u{fffd}" : scalar
                }))
    }
}

extension Int {
    fileprivate init(clampingMilliseconds value: Double) {
        self = value >= 0 && value < 1e15 ? Int(value) : 0
    }
}

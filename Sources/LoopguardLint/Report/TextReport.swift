/// Findings for people: place, message, excerpt, the way from the event loop to the call.
struct TextReport {
    private let result: Linter.Result
    private let options: Renderer.Options
    private let lines = SourceLines()

    /// Lines about what could not be seen; all are in the JSON.
    static let maximumBlindSpots = 20
    /// Stalls without a finding that are shown; all are in the JSON.
    static let maximumStalls = 10

    init(_ result: Linter.Result, _ options: Renderer.Options) {
        self.result = result
        self.options = options
    }

    var text: String {
        var out: [String] = []
        for finding in result.findings { out += entry(finding) + [""] }
        out += stalls()
        if !result.blindSpots.isEmpty {
            out.append(paint("not seen:", .bold))
            out += result.blindSpots.prefix(Self.maximumBlindSpots).map { "  " + $0 }
            let more = result.blindSpots.count - Self.maximumBlindSpots
            if more > 0 { out.append("  and \(more) more (all with --format json)") }
            out.append("")
        }
        out.append(summary)
        return out.joined(separator: "\n") + "\n"
    }

    // MARK: parts

    private func entry(_ finding: Finding) -> [String] {
        let color: Color =
            switch finding.severity {
            case .error: .red
            case .warning: .yellow
            case .note: .cyan
            }
        var out = [
            paint("\(shown(finding.place.path)):\(finding.place.line):\(finding.place.column):", .bold) + " "
                + paint(finding.severity.rawValue + ":", color) + " \(finding.message) [\(finding.rule)]"
        ]
        if let (line, caret) = lines.excerpt(finding.place) {
            let number = String(finding.place.line)
            let margin = String(repeating: " ", count: number.count)
            out.append("  \(paint(number + " |", .dim)) \(line)")
            out.append("  \(paint(margin + " |", .dim)) \(paint(caret, color))")
        }
        if let seen = finding.production {
            out.append("  " + paint("seen in production: \(Self.words(seen.stalls, seen.totalNs))", .red))
        }
        if finding.path.count > 1 {
            for step in finding.path { out.append("  \(place(step.place)): \(step.text)") }
        }
        if finding.confidence < 1 {
            let percent = Int((finding.confidence * 100).rounded())
            out.append("  confidence \(percent) %: a call on the way has several implementations")
        }
        for other in finding.related { out.append("  also \(place(other.place)): \(other.text)") }
        return out
    }

    private func stalls() -> [String] {
        guard !result.unexplainedStalls.isEmpty else { return [] }
        var out = [paint("stalls in production without a finding:", .bold)]
        for stall in result.unexplainedStalls.prefix(Self.maximumStalls) {
            let whose = stall.function ?? "no function of yours on the stack"
            let place = stall.file.map { " (\(shown($0))\(stall.line.map { ":\($0)" } ?? ""))" } ?? ""
            out.append("  \(Self.words(stall.stalls, stall.totalNs)), \(stall.cause): \(whose)\(place)")
            out.append("    \(stall.why) [\(stall.fingerprint)]")
        }
        let more = result.unexplainedStalls.count - Self.maximumStalls
        if more > 0 { out.append("  and \(more) more (all with --format json)") }
        return out + [""]
    }

    private var summary: String {
        func count(_ severity: Finding.Severity, _ word: String) -> String {
            let number = result.findings.count { $0.severity == severity }
            return "\(number) \(word)\(number == 1 ? "" : "s")"
        }
        var parts = [
            "\(count(.error, "error")), \(count(.warning, "warning")), \(count(.note, "note")) in \(result.files) files"
        ]
        let comments = result.suppressed.count { $0.allowance?.by != .baseline }
        let baseline = result.suppressed.count - comments
        if comments > 0 { parts.append("\(comments) allowed by comments") }
        if baseline > 0 { parts.append("\(baseline) accepted by the baseline") }
        if !result.filesBySyntax.isEmpty { parts.append("\(result.filesBySyntax.count) files by syntax alone") }
        return parts.joined(separator: "; ")
    }

    // MARK: words

    /// `12 stalls, 2.1 s`.
    static func words(_ stalls: UInt64, _ ns: UInt64) -> String {
        "\(stalls) stall\(stalls == 1 ? "" : "s"), \(duration(ns))"
    }

    /// Two digits that matter: `2.1 s`, `180 ms`.
    static func duration(_ ns: UInt64) -> String {
        let units: [(UInt64, String)] = [
            (3_600_000_000_000, "h"), (60_000_000_000, "min"), (1_000_000_000, "s"), (1_000_000, "ms"), (1000, "µs"),
        ]
        guard let (size, name) = units.first(where: { ns >= $0.0 }) else { return "\(ns) ns" }
        let whole = ns / size
        return whole >= 10 ? "\(whole) \(name)" : "\(whole).\((ns % size) / (size / 10)) \(name)"
    }

    private func shown(_ path: String) -> String { Renderer.relative(path, to: options.root) }
    private func place(_ place: Finding.Place) -> String { "\(shown(place.path)):\(place.line)" }

    private enum Color: String {
        case red = "1;31"
        case yellow = "1;33"
        case cyan = "1;36"
        case bold = "1"
        case dim = "2"
    }

    private func paint(_ text: String, _ color: Color) -> String {
        options.isColored ? "\u{1B}[\(color.rawValue)m\(text)\u{1B}[0m" : text
    }
}

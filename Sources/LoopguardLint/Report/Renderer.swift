import Foundation

/// The forms in which findings leave the linter: the same findings give the same bytes. Sources are read for excerpts and columns.
public enum Renderer {
    /// A form.
    public enum Format: String, CaseIterable, Sendable {
        case text, json, sarif, github, xcode, checkstyle
    }

    /// What a form may need besides the findings.
    public struct Options: Sendable {
        /// Paths are shown relative to it.
        public var root: String
        public var isColored = false
        /// What SARIF says about rules.
        public var rules: [RuleInfo] = []
        /// The least severity that fails; JSON says it.
        public var failOn = Finding.Severity.error
        public init(root: String) { self.root = root }
    }

    /// All findings in one form, with a line break at the end.
    public static func render(_ result: Linter.Result, as format: Format, _ options: Options) -> String {
        switch format {
        case .text: TextReport(result, options).text
        case .json: JSONReport.text(result, options)
        case .sarif: SARIFReport(result, options).text
        case .github: github(result, options)
        case .xcode: result.findings.map { xcode($0) }.joined()
        case .checkstyle: checkstyle(result, options)
        }
    }

    /// A path as seen from `root`; absolute when it is not below.
    static func relative(_ path: String, to root: String) -> String {
        guard root != "/" else { return path }
        let base = root.hasSuffix("/") ? root : root + "/"
        return path.hasPrefix(base) ? String(path.dropFirst(base.count)) : path
    }

    /// The message, and how often a server stalled there.
    static func message(_ finding: Finding) -> String {
        guard let seen = finding.production else { return finding.message }
        return "\(finding.message) (seen in production: \(TextReport.words(seen.stalls, seen.totalNs)))"
    }

    // MARK: GitHub

    private static func github(_ result: Linter.Result, _ options: Options) -> String {
        let lines = SourceLines()
        let notices = result.blindSpots.map { "::notice title=not seen::\(escape($0, property: false))\n" }
        return result.findings.map { github($0, options, lines) }.joined() + notices.prefix(10).joined()
    }

    private static func github(_ finding: Finding, _ options: Options, _ lines: SourceLines) -> String {
        let kind = finding.severity == .note ? "notice" : finding.severity.rawValue
        let path = escape(relative(finding.place.path, to: options.root), property: true)
        let column = lines.utf16Column(finding.place, in: finding.place.path)
        var message = self.message(finding)
        for step in finding.path where finding.path.count > 1 {
            message += "\n\(relative(step.place.path, to: options.root)):\(step.place.line): \(step.text)"
        }
        return
            "::\(kind) file=\(path),line=\(finding.place.line),col=\(column),title=\(escape(finding.rule, property: true))::"
            + escape(message, property: false) + "\n"
    }

    private static func escape(_ text: String, property: Bool) -> String {
        let text = text.replacing("%", with: "%25").replacing("\r", with: "%0D").replacing("\n", with: "%0A")
        return property ? text.replacing(":", with: "%3A").replacing(",", with: "%2C") : text
    }

    // MARK: Xcode

    private static func xcode(_ finding: Finding) -> String {
        func line(_ place: Finding.Place, _ kind: String, _ text: String) -> String {
            "\(place.path):\(place.line):\(place.column): \(kind): \(text.replacing("\n", with: " "))\n"
        }
        let notes = finding.path.count > 1 ? finding.path : []
        return line(finding.place, finding.severity.rawValue, "\(message(finding)) [\(finding.rule)]")
            + notes.map { line($0.place, "note", $0.text) }.joined()
    }

    // MARK: Checkstyle

    private static func checkstyle(_ result: Linter.Result, _ options: Options) -> String {
        func escape(_ text: String) -> String {
            var out = ""
            for scalar in text.unicodeScalars {
                switch scalar {
                case "&": out += "&amp;"
                case "<": out += "&lt;"
                case ">": out += "&gt;"
                case "\"": out += "&quot;"
                case "\n", "\t": out += "&#\(scalar.value);"
                // XML has no way to write the others.
                case _ where scalar.value < 0x20 || scalar.value == 0xFFFE || scalar.value == 0xFFFF: out += "\u{FFFD}"
                default: out.unicodeScalars.append(scalar)
                }
            }
            return out
        }
        var lines = ["<?xml version=\"1.0\" encoding=\"UTF-8\"?>", "<checkstyle version=\"4.3\">"]
        for (path, findings) in Dictionary(grouping: result.findings, by: \.place.path).sorted(by: { $0.key < $1.key })
        {
            lines.append("  <file name=\"\(escape(relative(path, to: options.root)))\">")
            for finding in findings {
                let severity = finding.severity == .note ? "info" : finding.severity.rawValue
                lines.append(
                    "    <error line=\"\(finding.place.line)\" column=\"\(finding.place.column)\" severity=\"\(severity)\" "
                        + "message=\"\(escape(message(finding)))\" source=\"loopguard.\(escape(finding.rule))\"/>")
            }
            lines.append("  </file>")
        }
        return (lines + ["</checkstyle>"]).joined(separator: "\n") + "\n"
    }
}

extension Finding {
    /// With paths relative to `root`.
    func relative(to root: String) -> Finding {
        var copy = self
        copy.place.path = Renderer.relative(place.path, to: root)
        for index in copy.path.indices {
            copy.path[index].place.path = Renderer.relative(copy.path[index].place.path, to: root)
        }
        for index in copy.related.indices {
            copy.related[index].place.path = Renderer.relative(copy.related[index].place.path, to: root)
        }
        return copy
    }
}

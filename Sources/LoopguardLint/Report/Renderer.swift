import Foundation

/// The forms in which findings leave the linter. Pure: text in, text out; the same findings give the same bytes.
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
        public init(root: String) { self.root = root }
    }

    /// All findings in one form, with a line break at the end.
    public static func render(_ result: Linter.Result, as format: Format, _ options: Options) -> String {
        switch format {
        case .text: text(result, options)
        case .json: json(result, options)
        case .sarif: SARIF.log(result, root: options.root)
        case .github: result.findings.map { github($0, options) }.joined()
        case .xcode: result.findings.map { xcode($0) }.joined()
        case .checkstyle: checkstyle(result, options)
        }
    }

    static func relative(_ path: String, to root: String) -> String {
        let base = root.hasSuffix("/") ? root : root + "/"
        return path.hasPrefix(base) ? String(path.dropFirst(base.count)) : path
    }

    // MARK: for people

    private static func text(_ result: Linter.Result, _ options: Options) -> String {
        var lines: [String] = []
        func paint(_ text: String, _ code: String) -> String {
            options.isColored ? "\u{1B}[\(code)m\(text)\u{1B}[0m" : text
        }
        for finding in result.findings {
            let place =
                "\(relative(finding.place.path, to: options.root)):\(finding.place.line):\(finding.place.column)"
            let color = finding.severity == .error ? "1;31" : finding.severity == .warning ? "1;33" : "1;36"
            lines.append(
                "\(paint(place, "1")): \(paint(finding.severity.rawValue, color)): \(finding.message) [\(finding.rule)]"
            )
            lines += excerpt(finding.place)
            for step in finding.path where finding.path.count > 1 {
                lines.append("  \(relative(step.place.path, to: options.root)):\(step.place.line): \(step.text)")
            }
            if finding.confidence < 1 {
                lines.append(
                    "  confidence \(Int((finding.confidence * 100).rounded())) %: a call on the way has several implementations"
                )
            }
            for other in finding.related {
                lines.append(
                    "  also: \(relative(other.place.path, to: options.root)):\(other.place.line): \(other.text)")
            }
            lines.append("")
        }
        let errors = result.findings.count { $0.severity == .error }
        let warnings = result.findings.count { $0.severity == .warning }
        lines.append(
            "\(errors) errors, \(warnings) warnings, \(result.findings.count - errors - warnings) notes in \(result.files) files"
                + (result.suppressed.isEmpty ? "" : "; \(result.suppressed.count) allowed by comments"))
        if !result.blindSpots.isEmpty {
            lines.append("not seen:")
            lines += result.blindSpots.prefix(20).map { "  " + $0 }
            if result.blindSpots.count > 20 {
                lines.append("  and \(result.blindSpots.count - 20) more (all with --format json)")
            }
        }
        return lines.joined(separator: "\n") + "\n"
    }

    /// The line with a caret below the column.
    private static func excerpt(_ place: Finding.Place) -> [String] {
        guard let bytes = FileManager.default.contents(atPath: place.path) else { return [] }
        let table = LineTable(bytes)
        guard let range = table.range(ofLine: place.line), range.count <= 400 else { return [] }
        let line = String(decoding: bytes[range], as: UTF8.self)
        let before = String(decoding: bytes[range].prefix(max(0, place.column - 1)), as: UTF8.self)
        return ["    \(line)", "    " + String(before.map { $0 == "\t" ? "\t" : " " }) + "^"]
    }

    // MARK: for machines

    private struct Document: Encodable {
        var version = 1
        var findings: [Finding]
        var suppressed: [Finding]
        var blindSpots: [String]
        var files: Int
    }

    private static func json(_ result: Linter.Result, _ options: Options) -> String {
        let document = Document(
            findings: result.findings.map { $0.relative(to: options.root) },
            suppressed: result.suppressed.map { $0.relative(to: options.root) }, blindSpots: result.blindSpots,
            files: result.files)
        let encoder = JSONEncoder()
        encoder.keyEncodingStrategy = .convertToSnakeCase
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes, .prettyPrinted]
        guard let bytes = try? encoder.encode(document) else { return "" }
        return String(decoding: bytes, as: UTF8.self) + "\n"
    }

    private static func github(_ finding: Finding, _ options: Options) -> String {
        let kind = finding.severity == .note ? "notice" : finding.severity.rawValue
        func escape(_ text: String, property: Bool) -> String {
            var text = text.replacing("%", with: "%25").replacing("\r", with: "%0D").replacing("\n", with: "%0A")
            if property { text = text.replacing(":", with: "%3A").replacing(",", with: "%2C") }
            return text
        }
        let path = escape(relative(finding.place.path, to: options.root), property: true)
        return
            "::\(kind) file=\(path),line=\(finding.place.line),col=\(finding.place.column),title=\(escape(finding.rule, property: true))::"
            + escape(finding.message, property: false) + "\n"
    }

    private static func xcode(_ finding: Finding) -> String {
        let first =
            "\(finding.place.path):\(finding.place.line):\(finding.place.column): \(finding.severity.rawValue): "
        let notes = finding.path.dropLast(finding.path.count > 1 ? 0 : finding.path.count).map {
            "\($0.place.path):\($0.place.line):\($0.place.column): note: \($0.text)\n"
        }
        return first + "\(finding.message) [\(finding.rule)]\n" + notes.joined()
    }

    private static func checkstyle(_ result: Linter.Result, _ options: Options) -> String {
        func escape(_ text: String) -> String {
            text.replacing("&", with: "&amp;").replacing("<", with: "&lt;").replacing(">", with: "&gt;")
                .replacing("\"", with: "&quot;")
        }
        var lines = ["<?xml version=\"1.0\" encoding=\"UTF-8\"?>", "<checkstyle version=\"4.3\">"]
        for (path, findings) in Dictionary(grouping: result.findings, by: \.place.path).sorted(by: { $0.key < $1.key })
        {
            lines.append("  <file name=\"\(escape(relative(path, to: options.root)))\">")
            for finding in findings {
                let severity = finding.severity == .note ? "info" : finding.severity.rawValue
                lines.append(
                    "    <error line=\"\(finding.place.line)\" column=\"\(finding.place.column)\" severity=\"\(severity)\" "
                        + "message=\"\(escape(finding.message))\" source=\"loopguard.\(escape(finding.rule))\"/>")
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

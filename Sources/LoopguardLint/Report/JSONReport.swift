import Foundation

/// The document of `--format json`: Documentation/lint-report.schema.json.
enum JSONReport {
    private struct Document: Encodable {
        var version = 1
        var failOn: String
        var files: Int
        var filesBySyntax: [String]
        var findings: [Finding]
        var suppressed: [Finding]
        var unexplainedStalls: [StallSiteSummary]
        var blindSpots: [String]
    }

    static func text(_ result: Linter.Result, _ options: Renderer.Options) -> String {
        let document = Document(
            failOn: options.failOn.rawValue, files: result.files,
            filesBySyntax: result.filesBySyntax.map { Renderer.relative($0, to: options.root) },
            findings: result.findings.map { $0.relative(to: options.root) },
            suppressed: result.suppressed.map { $0.relative(to: options.root) },
            unexplainedStalls: result.unexplainedStalls, blindSpots: result.blindSpots)
        return json(document, .convertToSnakeCase)
    }

    /// Sorted and indented, with a line break at the end.
    static func json(_ value: some Encodable, _ keys: JSONEncoder.KeyEncodingStrategy) -> String {
        let encoder = JSONEncoder()
        encoder.keyEncodingStrategy = keys
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes, .prettyPrinted]
        guard let bytes = try? encoder.encode(value) else { return "" }
        return String(decoding: bytes, as: UTF8.self) + "\n"
    }
}

import Foundation

/// A baseline on disk: JSON, indented, since people add reasons to it.
struct BaselineFile: Sendable {
    var path: String
    var baseline: Baseline
    /// The lines of the entries, from 1.
    private var lines: [Int] = []

    /// Bytes of a baseline that is read at most.
    static let maximumBytes = 32 << 20

    /// - Throws: ``ConfigurationError`` naming the file and what is wrong in it.
    init(path: String) throws(ConfigurationError) {
        guard let data = FileManager.default.contents(atPath: path) else {
            throw ConfigurationError("the baseline cannot be read; --write-baseline makes one", file: path)
        }
        guard data.count <= Self.maximumBytes else {
            throw ConfigurationError("the baseline has more than \(Self.maximumBytes) bytes", file: path)
        }
        do { baseline = try JSONDecoder().decode(Baseline.self, from: data) } catch {
            throw ConfigurationError("is no baseline: \(Self.words(error))", file: path)
        }
        guard baseline.version == 1 else {
            throw ConfigurationError(
                "version \(baseline.version) of the baseline is not known; this linter reads 1", file: path)
        }
        for entry in baseline.entries {
            if let until = entry.until, until.wholeMatch(of: /\d{4}-\d{2}-\d{2}/) == nil {
                throw ConfigurationError("until \(until) is not a date; write it as 2027-01-31", file: path)
            }
        }
        self.path = path
        var line = 1
        let key = Array("\"rule\"".utf8)
        let bytes = [UInt8](data)
        for (offset, byte) in bytes.enumerated() {
            if byte == 0x0A { line += 1 }
            if byte == key[0], bytes[offset...].starts(with: key) { lines.append(line) }
        }
    }

    /// What is wrong with its entries, as findings in it.
    func findings(_ complaints: [(entry: Int, rule: String, message: String)]) -> [Finding] {
        complaints.map { complaint in
            let line = lines.count == baseline.entries.count ? lines[complaint.entry] : 1
            let entry = baseline.entries[complaint.entry]
            return Finding(
                rule: complaint.rule, severity: .warning, place: .init(path: path, line: line, column: 1),
                message: complaint.message, sink: "", context: "", path: [], related: [], confidence: 1,
                key: ([complaint.rule, entry.rule, entry.sink] + entry.path).joined(separator: " > "))
        }
    }

    static func text(_ baseline: Baseline) -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes, .prettyPrinted]
        guard let bytes = try? encoder.encode(baseline) else { return "" }
        return String(decoding: bytes, as: UTF8.self) + "\n"
    }

    private static func words(_ error: any Error) -> String {
        switch error as? DecodingError {
        case .keyNotFound(let key, let context):
            "\(place(context)) has no `\(key.stringValue)`"
        case .typeMismatch(_, let context), .valueNotFound(_, let context): "\(place(context)) is of the wrong type"
        default: "not JSON"
        }
    }

    private static func place(_ context: DecodingError.Context) -> String {
        let path = context.codingPath.map { $0.intValue.map { "\($0)" } ?? $0.stringValue }.joined(separator: ".")
        return path.isEmpty ? "the document" : path
    }
}

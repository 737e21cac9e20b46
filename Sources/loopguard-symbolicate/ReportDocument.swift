/// What a file of reports holds: one JSON document, or JSON lines as the preload library writes them.
struct ReportDocument: Equatable {
    /// An array when the file is of lines.
    var value: JSONValue
    var isLines: Bool

    /// Throws `.malformedReport`.
    init(bytes: [UInt8]) throws(SymbolicateError) {
        // A document has no line that is an object of its own unless it is the only one.
        let lines = bytes.split(separator: UInt8(ascii: "\n")).filter { !$0.allSatisfy(Self.isSpace) }
        guard lines.count > 1, lines.allSatisfy({ $0.first == UInt8(ascii: "{") && $0.count > 2 }) else {
            value = try JSONValue(bytes: bytes)
            isLines = false
            return
        }
        var values: [JSONValue] = []
        for (index, line) in lines.enumerated() {
            do { values.append(try JSONValue(bytes: Array(line))) } catch {
                throw SymbolicateError(
                    .malformedReport,
                    "line \(index + 1) of the report is not JSON: was the program killed in the middle "
                        + "of it? Remove it.", cause: error.cause)
            }
        }
        value = .array(values)
        isLines = true
    }

    init(value: JSONValue, isLines: Bool) {
        self.value = value
        self.isLines = isLines
    }

    /// In the form in which it came. Throws `.unwritableOutput`.
    func bytes() throws(SymbolicateError) -> [UInt8] {
        guard isLines, let lines = value.array else { return try value.bytes() }
        var all: [UInt8] = []
        for line in lines { all += try line.bytes() }
        return all
    }

    private static func isSpace(_ byte: UInt8) -> Bool { byte == UInt8(ascii: " ") || byte == UInt8(ascii: "\r") }
}

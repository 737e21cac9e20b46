/// Splits a worker's stream into lines. Pure.
struct StatusLineDecoder {
    enum Output: Equatable {
        case line([UInt8])
        /// A line over the limit was thrown away.
        case tooLong(bytes: Int)
    }

    /// Longest line, in bytes, without its newline.
    let limit: Int
    private var partial: [UInt8] = []
    /// Bytes of the line that is being thrown away; 0 = none is.
    private var skipped = 0

    init(limit: Int = 32 << 20) { self.limit = limit }

    mutating func feed(_ bytes: some Collection<UInt8>) -> [Output] {
        var outputs: [Output] = []
        var rest = bytes[...]
        while let newline = rest.firstIndex(of: UInt8(ascii: "\n")) {
            append(rest[..<newline])
            if skipped > 0 {
                outputs.append(.tooLong(bytes: skipped))
                skipped = 0
            } else if !partial.isEmpty {
                outputs.append(.line(partial))
                partial = []
            }
            rest = rest[rest.index(after: newline)...]
        }
        append(rest)
        return outputs
    }

    private mutating func append(_ bytes: some Collection<UInt8>) {
        if skipped == 0, partial.count + bytes.count <= limit {
            partial.append(contentsOf: bytes)
        } else {
            skipped += partial.count + bytes.count
            partial = []
        }
    }
}

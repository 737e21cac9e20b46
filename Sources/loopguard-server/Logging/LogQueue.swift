/// Log lines that wait for the thread that writes them. Pure.
///
/// Bounded: when nobody reads standard error, lines are dropped and counted. The oldest are kept, because they tell how the
/// trouble began.
struct LogQueue {
    /// What one `write` may hold without mixing with those of other processes: PIPE_BUF, pipe(7).
    static let chunkBytes = 4096

    /// Most that may wait, in bytes.
    let limit: Int
    private(set) var waitingBytes = 0
    private var lines: [String] = []
    private var dropped = 0

    /// - Parameter limit: in bytes.
    init(limit: Int) { self.limit = limit }

    var isEmpty: Bool { lines.isEmpty && dropped == 0 }

    /// - Parameter line: with its newline.
    mutating func append(_ line: String) {
        let bytes = line.utf8.count
        guard bytes <= limit - waitingBytes else {
            dropped += 1
            return
        }
        lines.append(line)
        waitingBytes += bytes
    }

    /// All that waits, in order, joined to chunks of at most ``chunkBytes`` (a longer line is a chunk of its own), and how
    /// many lines were dropped since the last time.
    mutating func take() -> (chunks: [String], dropped: Int) {
        defer {
            lines = []
            waitingBytes = 0
            dropped = 0
        }
        var chunks: [String] = []
        for line in lines {
            if let last = chunks.last, last.utf8.count + line.utf8.count <= Self.chunkBytes {
                chunks[chunks.count - 1] += line
            } else {
                chunks.append(line)
            }
        }
        return (chunks, dropped)
    }
}

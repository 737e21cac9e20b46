/// Where the lines of a file begin. Lines and columns count from 1, columns in UTF-8 bytes: as the index does.
public struct LineTable: Sendable, Equatable {
    private var starts: [Int] = [0]
    /// Size of the file in bytes.
    public let length: Int

    public init(_ bytes: some Collection<UInt8>) {
        var offset = 0
        for byte in bytes {
            offset += 1
            if byte == 0x0A { starts.append(offset) }
        }
        length = offset
    }

    public var count: Int { starts.count }

    /// Nil when there is no such place in the file: the index is of another version of it.
    public func offset(line: Int, column: Int) -> Int? {
        guard line >= 1, line <= starts.count, column >= 1 else { return nil }
        let offset = starts[line - 1] + column - 1
        let end = line < starts.count ? starts[line] : length + 1
        return offset < end ? offset : nil
    }

    /// The place of an offset.
    public func position(of offset: Int) -> (line: Int, column: Int) {
        var low = 0
        var high = starts.count
        while low < high {
            let middle = (low + high) / 2
            if starts[middle] <= offset { low = middle + 1 } else { high = middle }
        }
        return (low, offset - starts[low - 1] + 1)
    }

    /// The bytes of a line, its line break left out.
    public func range(ofLine line: Int) -> Range<Int>? {
        guard line >= 1, line <= starts.count else { return nil }
        let end = line < starts.count ? starts[line] - 1 : length
        return starts[line - 1]..<max(starts[line - 1], end)
    }
}

import Foundation

/// Lines of source files for excerpts and columns; each file is read once. One thread.
final class SourceLines {
    private var files: [String: (bytes: [UInt8], table: LineTable)?] = [:]

    /// Longer lines are not shown. Bytes.
    static let maximumLine = 400
    /// Larger files are not read for an excerpt. Bytes.
    static let maximumFile = 64 << 20

    /// The bytes of a line without its line break; nil when the file or the line is not there.
    func line(_ number: Int, of path: String) -> ArraySlice<UInt8>? {
        if files[path] == nil {
            var status = stat()
            if stat(path, &status) == 0, status.st_mode & S_IFMT == S_IFREG, status.st_size <= Self.maximumFile,
                let data = FileManager.default.contents(atPath: path)
            {
                let bytes = [UInt8](data)
                files[path] = .some((bytes, LineTable(bytes)))
            } else {
                files[path] = .some(nil)
            }
        }
        guard let file = files[path] ?? nil, let range = file.table.range(ofLine: number) else { return nil }
        return file.bytes[range]
    }

    /// A column in UTF-16 code units from 1, as SARIF counts; the one in bytes when the line is not there.
    func utf16Column(_ place: Finding.Place, in path: String) -> Int {
        guard let line = line(place.line, of: path) else { return place.column }
        return String(decoding: line.prefix(max(0, place.column - 1)), as: UTF8.self).utf16.count + 1
    }

    /// The line and a caret below the column.
    func excerpt(_ place: Finding.Place) -> (line: String, caret: String)? {
        guard let bytes = line(place.line, of: place.path), !bytes.isEmpty, bytes.count <= Self.maximumLine else {
            return nil
        }
        let before = String(decoding: bytes.prefix(max(0, place.column - 1)), as: UTF8.self)
        let text = String(decoding: bytes, as: UTF8.self).filter { $0 != "\r" }
        // What steers a terminal does not belong in a report.
        let shown = String(text.map { $0.isControl && $0 != "\t" ? "\u{FFFD}" : $0 })
        return (shown, String(before.map { $0 == "\t" ? "\t" : " " }) + "^")
    }
}

extension Character {
    fileprivate var isControl: Bool { unicodeScalars.contains { $0.value < 0x20 || (0x7F...0x9F).contains($0.value) } }
}

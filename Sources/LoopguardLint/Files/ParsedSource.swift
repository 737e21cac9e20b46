import Foundation

/// A source file as it is now: its facts, and how they compare with what the index knows.
struct ParsedSource: Sendable {
    /// Whether the index speaks of this very text.
    enum State: Sendable, Equatable {
        case fresh
        /// The index is of another version of the file, and why we think so.
        case stale(String)
        case unreadable(String)
    }

    var state: State
    var facts: SourceFacts?
    /// What is odd about the text; it is looked at all the same.
    var problems: [String] = []

    /// A larger file is not read. Bytes; default 64 MiB.
    static let maximumBytes = 64 << 20

    /// Reads and parses a file. `indexed` is what the index has of it, if anything.
    static func read(
        _ path: String, isOwn: Bool, indexed: ProgramIndex.File? = nil, symbols: [IndexSymbol] = []
    ) -> ParsedSource {
        var status = stat()
        guard stat(path, &status) == 0 else { return ParsedSource(state: .unreadable("cannot be read")) }
        guard status.st_mode & S_IFMT == S_IFREG else { return ParsedSource(state: .unreadable("is no file")) }
        guard status.st_size <= maximumBytes else {
            return ParsedSource(
                state: .unreadable("has \(status.st_size) bytes; more than \(maximumBytes) are not read"))
        }
        guard let data = FileManager.default.contents(atPath: path) else {
            return ParsedSource(state: .unreadable("cannot be read: \(String(cString: strerror(errno)))"))
        }
        let bytes = [UInt8](data)
        var source = ParsedSource(state: .fresh)
        if let offset = firstInvalidUTF8(bytes) {
            let place = LineTable(bytes).position(of: offset)
            source.problems.append(
                "\(path):\(place.line):\(place.column): is not UTF-8 from here; the compiler refuses such a file")
        }
        let facts = SourceFacts(path: path, bytes: bytes, withStructure: isOwn)
        source.problems += facts.problems.map { "\(path):\($0)" }
        source.facts = facts
        guard let indexed else { return source }
        let modified = Int64(status.st_mtim.tv_sec) &* 1_000_000_000 &+ Int64(status.st_mtim.tv_nsec)
        if modified > indexed.indexedAtUnixNs {
            source.state = .stale(
                "has changed since it was built: judged by its syntax alone; build again to have it checked in full")
        } else if let difference = disagreement(facts, bytes, indexed, symbols) {
            // Edited while the compiler ran, or within its clock's resolution of the last build: the times say nothing.
            source.state = .stale(
                "is not the text that was built (\(difference)): judged by its syntax alone; if a build does not help, touch the "
                    + "file and build again"
            )
        }
        return source
    }

    /// The first byte that is no UTF-8.
    static func firstInvalidUTF8(_ bytes: [UInt8]) -> Int? {
        var offset = 0
        while offset < bytes.count {
            let byte = bytes[offset]
            if byte < 0x80 {
                offset += 1
                continue
            }
            let length = byte >= 0xF0 && byte <= 0xF4 ? 4 : byte >= 0xE0 ? 3 : byte >= 0xC2 ? 2 : 0
            guard length > 0, byte <= 0xF4, offset + length <= bytes.count else { return offset }
            for next in 1..<length where bytes[offset + next] & 0xC0 != 0x80 { return offset }
            let second = bytes[offset + 1]
            if (byte == 0xE0 && second < 0xA0) || (byte == 0xED && second > 0x9F) || (byte == 0xF0 && second < 0x90)
                || (byte == 0xF4 && second > 0x8F)
            {
                return offset
            }
            offset += length
        }
        return nil
    }

    /// A declaration that the index has where the text has another word; nil when all stand where they should.
    static func disagreement(
        _ facts: SourceFacts, _ bytes: [UInt8], _ indexed: ProgramIndex.File, _ symbols: [IndexSymbol]
    ) -> String? {
        for occurrence in indexed.occurrences
        where occurrence.roles.contains(.definition) && !occurrence.roles.contains(.implicit) {
            let symbol = symbols[Int(occurrence.symbol)]
            guard symbol.isSwift, symbol.accessor == .none else { continue }
            switch symbol.kind {
            case .function, .method, .type, .protocol, .property, .variable: break
            default: continue
            }
            let name = Array(symbol.name.utf8.prefix { $0 != UInt8(ascii: "(") })
            guard let first = name.first, isWord(first), name.allSatisfy(isWord),
                !["init", "deinit", "subscript"].contains(String(decoding: name, as: UTF8.self))
            else { continue }
            let place = "\(occurrence.line):\(occurrence.column)"
            guard
                let offset = facts.lines.offset(line: Int(occurrence.line), column: Int(occurrence.column))
            else { return "it has no place \(place)" }
            // Backticks, macros and property wrappers: only plain words are compared.
            guard offset < bytes.count, isWord(bytes[offset]) else { continue }
            let word = bytes[offset...].prefix(while: isWord)
            if !word.elementsEqual(name), !isKeyword(word) {
                return "at \(place) it has `\(String(decoding: word, as: UTF8.self))`, the index `\(symbol.name)`"
            }
        }
        return nil
    }

    private static func isWord(_ byte: UInt8) -> Bool {
        byte == UInt8(ascii: "_") || byte >= 0x80 || (byte >= 0x30 && byte <= 0x39)
            || (byte | 0x20 >= 0x61 && byte | 0x20 <= 0x7A)
    }

    /// Some declarations stand at their keyword.
    private static func isKeyword(_ word: ArraySlice<UInt8>) -> Bool {
        ["var", "let", "func", "static", "class", "extension", "case", "get", "set", "self"].contains(
            String(decoding: word, as: UTF8.self))
    }
}

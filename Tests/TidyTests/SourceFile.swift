/// A file, line by line, with code and comments told apart (for Swift and C; other languages are all code).
struct SourceFile {
    let path: String
    /// As they stand in the file.
    let lines: [String]
    /// With the contents of string literals and all comments left out.
    let code: [String]
    /// Only the comments.
    let comments: [String]

    init(path: String, text: String) {
        self.path = path
        lines = Self.split(text)
        if path.hasSuffix(".swift") || path.hasSuffix(".c") || path.hasSuffix(".h") {
            var separator = CommentSeparator(text)
            separator.run()
            code = Self.split(separator.code, count: lines.count)
            comments = Self.split(separator.comments, count: lines.count)
        } else {
            code = lines
            comments = lines
        }
    }

    /// The module or test target that the file belongs to: the second part of its path.
    var module: String? {
        let parts = path.split(separator: "/")
        return parts.count > 2 ? String(parts[1]) : nil
    }

    var name: String { path.split(separator: "/").last.map(String.init) ?? path }

    /// - Parameter count: how many lines are wanted; without it, what follows the last line break counts unless empty.
    private static func split(_ text: String, count: Int? = nil) -> [String] {
        var lines = text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
        if let count { return Array(lines.prefix(count)) }
        if lines.last == "" { lines.removeLast() }
        return lines
    }

    /// One finding for each line of code in which a pattern stands.
    func findings(in text: [String], where matches: (String) -> String?) -> [Finding] {
        text.enumerated().compactMap { index, line in
            matches(line).map { Finding(path: path, line: index + 1, message: $0) }
        }
    }
}

/// Splits a text in two of the same line count: code without literals' contents, and comments.
private struct CommentSeparator {
    private let bytes: [UInt8]
    private var at = 0
    private var codeBytes: [UInt8] = []
    private var commentBytes: [UInt8] = []

    init(_ text: String) { bytes = Array(text.utf8) }

    var code: String { String(decoding: codeBytes, as: UTF8.self) }
    var comments: String { String(decoding: commentBytes, as: UTF8.self) }

    mutating func run() { skipCode(until: nil) }

    private func looksAt(_ text: StaticString) -> Bool {
        guard at + text.utf8CodeUnitCount <= bytes.count else { return false }
        return text.withUTF8Buffer { $0.elementsEqual(bytes[at..<at + $0.count]) }
    }

    private mutating func take(code isCode: Bool, _ count: Int = 1) {
        for byte in bytes[at..<min(at + count, bytes.count)] {
            let isBreak = byte == UInt8(ascii: "\n")
            if isCode || isBreak { codeBytes.append(byte) }
            if !isCode || isBreak { commentBytes.append(byte) }
        }
        at = min(at + count, bytes.count)
    }

    /// Leaves out a literal's content, but not its line breaks.
    private mutating func drop() {
        if bytes[at] == UInt8(ascii: "\n") {
            codeBytes.append(bytes[at])
            commentBytes.append(bytes[at])
        }
        at += 1
    }

    /// Up to the end, or to the parenthesis that closes an interpolation.
    private mutating func skipCode(until end: UInt8?) {
        var depth = 0
        while at < bytes.count {
            let byte = bytes[at]
            if looksAt("//") {
                while at < bytes.count, bytes[at] != UInt8(ascii: "\n") { take(code: false) }
            } else if looksAt("/*") {
                skipBlockComment()
            } else if byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "#"), let hashes = hashesBeforeQuote() {
                skipLiteral(hashes: hashes)
            } else {
                if byte == UInt8(ascii: "(") { depth += 1 }
                if byte == UInt8(ascii: ")") {
                    depth -= 1
                    if end != nil, depth < 0 { return }
                }
                take(code: true)
            }
        }
    }

    private mutating func skipBlockComment() {
        var depth = 0
        repeat {
            if looksAt("/*") {
                depth += 1
                take(code: false, 2)
            } else if looksAt("*/") {
                depth -= 1
                take(code: false, 2)
            } else {
                take(code: false)
            }
        } while depth > 0 && at < bytes.count
    }

    private func hashesBeforeQuote() -> Int? {
        var hashes = 0
        while at + hashes < bytes.count, bytes[at + hashes] == UInt8(ascii: "#") { hashes += 1 }
        return at + hashes < bytes.count && bytes[at + hashes] == UInt8(ascii: "\"") ? hashes : nil
    }

    private mutating func skipLiteral(hashes: Int) {
        at += hashes
        let quotes = looksAt("\"\"\"") ? 3 : 1
        at += quotes
        codeBytes.append(contentsOf: "\"\"".utf8)
        while at < bytes.count {
            if bytes[at] == UInt8(ascii: "\\"), hasHashes(hashes, from: at + 1) {
                let next = at + 1 + hashes
                if next < bytes.count, bytes[next] == UInt8(ascii: "(") {
                    at = next + 1
                    skipCode(until: UInt8(ascii: ")"))
                    if at < bytes.count { at += 1 }
                } else {
                    at += 1 + hashes
                    if at < bytes.count { drop() }
                }
            } else if hasQuotes(quotes), hasHashes(hashes, from: at + quotes) {
                at += quotes + hashes
                return
            } else if quotes == 1, bytes[at] == UInt8(ascii: "\n") {
                return  // Unbalanced (an apostrophe in C): begin afresh on the next line.
            } else {
                drop()
            }
        }
    }

    private func hasQuotes(_ count: Int) -> Bool {
        at + count <= bytes.count && bytes[at..<at + count].allSatisfy { $0 == UInt8(ascii: "\"") }
    }

    private func hasHashes(_ count: Int, from start: Int) -> Bool {
        start + count <= bytes.count && bytes[start..<start + count].allSatisfy { $0 == UInt8(ascii: "#") }
    }
}

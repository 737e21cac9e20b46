/// Plain text with wrapped lines.
struct TextPage {
    let width: Int
    private(set) var text = ""

    init(width: Int) { self.width = width }

    mutating func line(_ value: String) { text += Self.printable(value) + "\n" }

    mutating func heading(_ value: String) {
        if !text.hasSuffix("\n\n") { line("") }
        line(value)
        line(String(repeating: "=", count: value.count))
    }

    /// Two columns, the second right-aligned; on a line of its own when both do not fit.
    mutating func columns(_ left: String, _ right: String) {
        let gap = width - left.count - right.count
        if right.isEmpty {
            line(left)
        } else if gap >= 2 {
            line(left + String(repeating: " ", count: gap) + right)
        } else {
            line(left)
            line(String(repeating: " ", count: max(0, width - right.count)) + right)
        }
    }

    /// Words filled into lines. `hanging` is the indentation from the second line on.
    mutating func wrapped(_ value: String, indent: Int, hanging: Int? = nil) {
        var current = String(repeating: " ", count: indent)
        var isEmpty = true
        // Runs of spaces are kept within a line, dropped at its end.
        var spaces = ""
        for word in Self.printable(value).split(separator: " ", omittingEmptySubsequences: false) {
            if word.isEmpty {
                spaces += " "
                continue
            }
            if !isEmpty, current.count + spaces.count + word.count > width {
                text += current + "\n"
                current = String(repeating: " ", count: hanging ?? indent)
                isEmpty = true
            }
            current += (isEmpty ? "" : spaces) + word
            spaces = " "
            isEmpty = false
        }
        text += current + "\n"
    }

    /// Replaces everything that could drive a terminal.
    static func printable(_ value: String) -> String {
        var out = ""
        out.reserveCapacity(value.utf8.count)
        for scalar in value.unicodeScalars {
            switch scalar {
            case "\u{0}"..."\u{1f}", "\u{7f}"..."\u{9f}", "\u{202a}"..."\u{202e}", "\u{2066}"..."\u{2069}":
                out += "\u{fffd}"
            default: out.unicodeScalars.append(scalar)
            }
        }
        return out
    }
}

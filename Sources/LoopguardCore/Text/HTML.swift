/// A piece of HTML (or SVG) whose interpolations are escaped: text from outside cannot become markup by oversight.
///
/// ```swift
/// let cell: HTML = "<td title=\"\(path)\">\(name)</td>"
/// ```
struct HTML: ExpressibleByStringInterpolation, Sendable {
    private(set) var text: String

    init(stringLiteral value: String) { text = value }
    init(stringInterpolation: StringInterpolation) { text = stringInterpolation.text }
    /// Nothing.
    init() { text = "" }

    static func += (left: inout HTML, right: HTML) { left.text += right.text }
    static func + (left: HTML, right: HTML) -> HTML {
        var sum = left
        sum += right
        return sum
    }

    struct StringInterpolation: StringInterpolationProtocol {
        var text = ""

        init(literalCapacity: Int, interpolationCount: Int) { text.reserveCapacity(literalCapacity * 2) }
        mutating func appendLiteral(_ literal: String) { text += literal }
        mutating func appendInterpolation(_ value: String) { text += HTML.escape(value) }
        mutating func appendInterpolation(_ value: some BinaryInteger) { text += "\(value)" }
        mutating func appendInterpolation(_ value: HTML) { text += value.text }
    }

    private static func isHarmless(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "&"), UInt8(ascii: "<"), UInt8(ascii: ">"), UInt8(ascii: "\""), UInt8(ascii: "'"): false
        default: byte >= 0x20 && byte < 0x7f
        }
    }

    /// Escapes for text and quoted attributes, in HTML and XML. Control characters, which XML forbids, become `�`.
    static func escape(_ value: String) -> String {
        // Most values are names and figures with nothing to escape; a page has ten thousand of them.
        if value.utf8.allSatisfy(isHarmless) { return value }
        var out = ""
        out.reserveCapacity(value.utf8.count)
        for scalar in value.unicodeScalars {
            switch scalar {
            case "&": out += "&amp;"
            case "<": out += "&lt;"
            case ">": out += "&gt;"
            case "\"": out += "&quot;"
            case "'": out += "&#39;"
            case "\n", "\t": out.unicodeScalars.append(scalar)
            case "\u{0}"..."\u{1f}", "\u{7f}"..."\u{9f}", "\u{fffe}", "\u{ffff}": out += "\u{fffd}"
            // Characters that turn the reading direction could make a page say something else than it does.
            case "\u{202a}"..."\u{202e}", "\u{2066}"..."\u{2069}": out += "\u{fffd}"
            default: out.unicodeScalars.append(scalar)
            }
        }
        return out
    }
}

extension Sequence where Element == HTML {
    func joined(_ separator: HTML = "") -> HTML {
        var result = HTML()
        var isFirst = true
        for element in self {
            if !isFirst { result += separator }
            result += element
            isFirst = false
        }
        return result
    }
}

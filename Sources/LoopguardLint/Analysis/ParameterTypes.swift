/// The parameters of a function, read from the demangler's text.
struct ParameterTypes {
    /// One parameter.
    struct Parameter: Equatable {
        /// `_` for none.
        var label: String
        /// Takes a function, or an optional one.
        var isFunction: Bool
        /// Takes an `async` function; one that is given an async function is none.
        var isAsync: Bool
        /// Takes an array or dictionary of functions.
        var isCollection = false
    }

    /// In order.
    private(set) var all: [Parameter] = []

    init(demangled text: String) {
        let bytes = Array(text.utf8)
        guard let open = Self.openingParenthesis(bytes) else { return }
        var depth = 0
        var start = open + 1
        var index = open
        while index < bytes.count {
            switch bytes[index] {
            case UInt8(ascii: "("), UInt8(ascii: "["), UInt8(ascii: "<"): depth += 1
            case UInt8(ascii: ")"), UInt8(ascii: "]"):
                depth -= 1
                if depth == 0 {
                    append(bytes[start..<index])
                    return
                }
            case UInt8(ascii: ">") where bytes[index - 1] != UInt8(ascii: "-"): depth -= 1
            case UInt8(ascii: ",") where depth == 1:
                append(bytes[start..<index])
                start = index + 1
            default: break
            }
            index += 1
        }
    }

    /// The first `(` outside generic arguments; the words `(extension in …)` and `(name in _0123)` left out.
    private static func openingParenthesis(_ bytes: [UInt8]) -> Int? {
        var depth = 0
        var index = 0
        while index < bytes.count {
            switch bytes[index] {
            case UInt8(ascii: "<"): depth += 1
            case UInt8(ascii: ">") where index > 0 && bytes[index - 1] != UInt8(ascii: "-"): depth -= 1
            case UInt8(ascii: "(") where depth == 0:
                guard let end = bytes[index...].firstIndex(of: UInt8(ascii: ")")) else { return nil }
                guard contains(" in ", bytes[index..<end]), !contains(":", bytes[index..<end]) else { return index }
                index = end
            default: break
            }
            index += 1
        }
        return nil
    }

    private static func contains(_ text: StaticString, _ bytes: ArraySlice<UInt8>) -> Bool {
        text.withUTF8Buffer { wanted in
            var index = bytes.startIndex
            while index + wanted.count <= bytes.endIndex {
                if bytes[index..<index + wanted.count].elementsEqual(wanted) { return true }
                index += 1
            }
            return false
        }
    }

    private mutating func append(_ piece: ArraySlice<UInt8>) {
        let piece = piece.drop { $0 == UInt8(ascii: " ") }
        guard !piece.isEmpty else { return }
        var label = "_"
        var type = piece
        // A label ends at a colon before any bracket.
        let end = piece.firstIndex { ":([<.".utf8.contains($0) }
        if let end, piece[end] == UInt8(ascii: ":") {
            label = String(decoding: piece[..<end], as: UTF8.self)
            type = piece[(end + 1)...].drop { $0 == UInt8(ascii: " ") }
        }
        // `[() -> ()]` and `Swift.Array<() -> ()>` alike.
        let bracket = type.first { "([<".utf8.contains($0) }
        if bracket != UInt8(ascii: "("), Self.contains("->", type) {
            all.append(
                Parameter(
                    label: label, isFunction: true, isAsync: Self.contains(" async ", type), isCollection: true))
            return
        }
        let function = Self.function(type)
        all.append(Parameter(label: label, isFunction: function != nil, isAsync: function ?? false))
    }

    /// Whether a type is a function, and then whether it is `async`: what stands between its parameters and its arrow.
    private static func function(_ type: ArraySlice<UInt8>) -> Bool? {
        guard contains("->", type) else { return nil }
        var index = type.startIndex
        // Attributes such as `@Sendable`, `@isolated(any)`; then the parentheses of an optional function.
        while index < type.endIndex {
            guard let open = type[index...].firstIndex(of: UInt8(ascii: "(")) else { return nil }
            guard let close = closing(open, type) else { return nil }
            let rest = type[(close + 1)...]
            if rest.starts(with: " async".utf8) { return true }
            if rest.starts(with: " ->".utf8) || rest.starts(with: " throws".utf8) { return false }
            if rest.isEmpty || rest.first == UInt8(ascii: "?") {
                return function(type[(open + 1)..<close])
            }
            index = close + 1
        }
        return nil
    }

    private static func closing(_ open: Int, _ bytes: ArraySlice<UInt8>) -> Int? {
        var depth = 0
        for index in open..<bytes.endIndex {
            if bytes[index] == UInt8(ascii: "(") { depth += 1 }
            if bytes[index] == UInt8(ascii: ")") {
                depth -= 1
                if depth == 0 { return index }
            }
        }
        return nil
    }

    /// The parameters that take functions.
    var functions: [(position: Int, parameter: Parameter)] {
        all.enumerated().filter { $0.element.isFunction }.map { ($0.offset, $0.element) }
    }
}

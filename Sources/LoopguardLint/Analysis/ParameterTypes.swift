/// The parameters of a function, read from the demangler's text.
struct ParameterTypes {
    /// Label (`_` for none) and type, in order.
    private(set) var all: [(label: String, type: String)] = []

    init(demangled text: String) {
        guard let open = Self.openingParenthesis(text) else { return }
        var depth = 0
        var current = ""
        var previous: Character = " "
        for character in text[open...] {
            defer { previous = character }
            switch character {
            case "(", "[", "<":
                depth += 1
                if depth == 1 { continue }
            case ")", "]":
                depth -= 1
                if depth == 0 {
                    append(current)
                    return
                }
            case ">" where previous != "-": depth -= 1
            case "," where depth == 1:
                append(current)
                current = ""
                continue
            default: break
            }
            current.append(character)
        }
    }

    /// The first `(` outside generic arguments, the words `(extension in …)` left out.
    private static func openingParenthesis(_ text: String) -> String.Index? {
        var depth = 0
        var start = text.startIndex
        if let extended = text.firstRange(of: "(extension in "),
            let close = text[extended.upperBound...].firstIndex(of: ")")
        {
            start = text.index(after: close)
        }
        var previous: Character = " "
        for index in text[start...].indices {
            let character = text[index]
            defer { previous = character }
            switch character {
            case "<": depth += 1
            case ">" where previous != "-": depth -= 1
            case "(" where depth == 0: return index
            default: break
            }
        }
        return nil
    }

    private mutating func append(_ piece: String) {
        let text = piece.trimmed
        guard !text.isEmpty else { return }
        // A label ends at a colon before any bracket.
        if let colon = text.firstIndex(of: ":"), !text[..<colon].contains(where: { "([<.".contains($0) }) {
            all.append((String(text[..<colon]), text[text.index(after: colon)...].trimmed))
        } else {
            all.append(("_", text))
        }
    }

    func type(labelled label: String) -> String? { all.first { $0.label == label }?.type }

    /// The type of the function parameter that the argument at `position` goes to.
    func lastFunction(atOrAfter position: Int) -> String? {
        let candidates = all.enumerated().filter { $0.offset >= position && $0.element.type.contains("->") }
        return candidates.first?.element.type ?? all.last { $0.type.contains("->") }?.type
    }
}

/// Names of functions: in the form that stays the same from build to build, and in the short form for people.
enum FunctionName {
    /// What compilers put in front of the name of the function that somebody wrote.
    private static let prefixes = [
        "suspend resume partial function for ", "await resume partial function for ", "specialized ",
        "partial apply forwarder for ", "partial apply for ", "partial apply ", "merged ", "static ", "@objc ",
        "async ",
        "generic not re-abstracted specialization of ", "function signature specialization of ",
        "generic specialization of ", "implicit closure in ",
    ]

    /// `(2) suspend resume partial function for closure #1 in a(_:)` becomes `closure in a(_:)`.
    static func stable(_ name: String) -> String {
        var text = Substring(name)
        var changed = true
        while changed {
            changed = false
            if let rest = droppingNumberInParentheses(text) {
                text = rest
                changed = true
            }
            for prefix in prefixes where text.hasPrefix(prefix) {
                text = text.dropFirst(prefix.count)
                changed = true
            }
        }
        return scrub(text)
    }

    /// `(2) name` → `name`.
    private static func droppingNumberInParentheses(_ text: Substring) -> Substring? {
        guard text.hasPrefix("("), let close = text.firstIndex(of: ")") else { return nil }
        let inside = text[text.index(after: text.startIndex)..<close]
        guard !inside.isEmpty, inside.allSatisfy(\.isNumber) else { return nil }
        return text[text.index(after: close)...].drop { $0 == " " }
    }

    /// Takes out ` #12`, `#12`, `0x…`, private discriminators (` in _0A1B…`), clone suffixes (`.llvm.123`, `.isra.0`).
    private static func scrub(_ text: Substring) -> String {
        let bytes = Array(text.utf8)
        var out: [UInt8] = []
        out.reserveCapacity(bytes.count)
        var i = 0
        while i < bytes.count {
            if bytes[i] == UInt8(ascii: "#"), let end = run(bytes, i + 1, isDigit) {
                if out.last == UInt8(ascii: " ") { out.removeLast() }
                i = end
            } else if starts(bytes, i, "0x"), let end = run(bytes, i + 2, isHex) {
                i = end
            } else if starts(bytes, i, " in _"), let end = run(bytes, i + 5, isHex), end - i - 5 >= 16 {
                i = end
            } else if bytes[i] == UInt8(ascii: "."), let end = cloneSuffix(bytes, i) {
                i = end
            } else {
                out.append(bytes[i])
                i += 1
            }
        }
        return String(decoding: out, as: UTF8.self)
    }

    private static func cloneSuffix(_ bytes: [UInt8], _ start: Int) -> Int? {
        for suffix in [".llvm.", ".isra.", ".part.", ".constprop.", ".lto_priv.", ".resume.", ".cold."] {
            if starts(bytes, start, suffix), let end = run(bytes, start + suffix.utf8.count, isDigit) { return end }
        }
        return starts(bytes, start, ".cold") && start + 5 == bytes.count ? start + 5 : nil
    }

    private static func starts(_ bytes: [UInt8], _ at: Int, _ text: String) -> Bool {
        bytes[at...].starts(with: text.utf8)
    }

    /// End of the run of matching bytes that begins at `from`; nil when it is empty.
    private static func run(_ bytes: [UInt8], _ from: Int, _ matches: (UInt8) -> Bool) -> Int? {
        var end = from
        while end < bytes.count, matches(bytes[end]) { end += 1 }
        return end > from ? end : nil
    }

    private static func isDigit(_ b: UInt8) -> Bool { b >= 0x30 && b <= 0x39 }
    private static func isHex(_ b: UInt8) -> Bool { isDigit(b) || (b | 0x20 >= 0x61 && b | 0x20 <= 0x66) }

    /// The word a person would use for the work: `loadProfile` of `MyApp.Store.loadProfile(id:)`; nil when there is none.
    static func baseName(_ name: String) -> String? {
        var text = Substring(stable(name))
        // A closure is named after the function it stands in.
        while let range = text.firstRange(of: "closure in ") { text = text[range.upperBound...] }
        if let end = text.firstIndex(where: { $0 == "(" || $0 == "<" || $0 == " " }) { text = text[..<end] }
        if let dot = text.lastIndex(of: ".") { text = text[text.index(after: dot)...] }
        let valid = text.utf8.allSatisfy { isDigit($0) || ($0 | 0x20 >= 0x61 && $0 | 0x20 <= 0x7a) || $0 == 0x5f }
        return text.isEmpty || !valid || text.utf8.count > 64 ? nil : String(text)
    }
}

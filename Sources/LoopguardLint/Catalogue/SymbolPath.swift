/// The name by which the catalogue knows a declaration: module, enclosing types, base name and labels.
public struct SymbolPath: Sendable, Hashable, CustomStringConvertible {
    /// `c` for C functions.
    public var module: String
    /// Enclosing types, outermost first, without generic arguments.
    public var types: [String]
    /// `sleep`, `init`, `hostName`.
    public var base: String
    /// `["forTimeInterval"]`; `_` for none. Nil when the declaration takes no arguments at all, such as a property.
    public var labels: [String]?
    /// Of a member that an extension adds: the module of the extension, as `Foundation` for `String.init(contentsOfFile:)`.
    public var extendedBy: String?

    public init(module: String, types: [String] = [], base: String, labels: [String]? = nil) {
        self.module = module
        self.types = types
        self.base = base
        self.labels = labels
    }

    private static let cLibraries: Set<String> = ["Glibc", "SwiftGlibc", "Musl", "SwiftMusl", "Darwin", "Android"]

    /// As the catalogue writes it: `Foundation.Thread.sleep(forTimeInterval:)`, `c:usleep`.
    public var description: String {
        if module == "c" { return "c:\(base)" }
        let arguments = labels.map { "(" + $0.map { $0 + ":" }.joined() + ")" } ?? ""
        return ([module] + types + [base]).joined(separator: ".") + arguments
    }

    /// What people read: without module and labels' noise.
    public var short: String {
        if module == "c" { return "\(base)()" }
        let arguments = labels.map { "(" + $0.map { $0 + ":" }.joined() + ")" } ?? ""
        return (types + [base]).joined(separator: ".") + arguments
    }

    /// From the index's USR. Nil for what cannot be called (types, parameters) and for USRs of other languages than Swift and C.
    ///
    /// - Parameter demangle: `swift_demangle`, given a mangled name.
    public init?(usr: String, demangle: (String) -> String?) {
        if usr.hasPrefix("c:@F@") {
            let name = usr.dropFirst("c:@F@".count).prefix { $0 != "#" && $0 != "@" }
            self.init(module: "c", base: String(name))
            return
        }
        if usr.hasPrefix(Self.syntaxMark) {
            self.init(syntaxUSR: usr)
            return
        }
        guard usr.hasPrefix("s:"), let text = demangle("$s" + usr.dropFirst(2)) else { return nil }
        self.init(demangled: text)
    }

    /// From the demangler's text, such as `static Foundation.Thread.sleep(forTimeInterval: Swift.Double) -> ()`.
    init?(demangled text: String) {
        var rest = Substring(text)
        for prefix in ["static ", "class ", "dispatch thunk of "] where rest.hasPrefix(prefix) {
            rest = rest.dropFirst(prefix.count)
        }
        var owner: String?
        if rest.hasPrefix("(extension in ") {
            guard let close = rest.firstIndex(of: ")") else { return nil }
            owner = String(rest[..<close].dropFirst("(extension in ".count))
            rest = rest[rest.index(after: close)...]
            if rest.hasPrefix(":") { rest = rest.dropFirst() }
        }
        // A private name: `A.Routes.(add in _0123)(…)`.
        let unhidden: String
        if let open = rest.firstRange(of: "("), let inner = rest[open.upperBound...].firstRange(of: " in _"),
            let close = rest[inner.upperBound...].firstIndex(of: ")"),
            !rest[open.upperBound..<inner.lowerBound].contains(" "),
            rest[inner.upperBound..<close].allSatisfy(\.isHexDigit)
        {
            unhidden =
                String(rest[..<open.lowerBound]) + rest[open.upperBound..<inner.lowerBound]
                + rest[rest.index(after: close)...]
            rest = Substring(unhidden)
        }
        var parts: [String] = [""]
        var depth = 0
        var labels: [String]?
        var index = rest.startIndex
        scan: while index < rest.endIndex {
            let character = rest[index]
            switch character {
            case "<" where !parts[parts.count - 1].isEmpty: depth += 1
            case ">" where depth > 0: depth -= 1
            case _ where depth > 0: break
            case ".": parts.append("")
            case "(":
                labels = Self.labels(rest[index...])
                break scan
            case " ": break scan  // `hostName.getter : Swift.String`
            case ":": break scan
            default: parts[parts.count - 1].append(character)
            }
            index = rest.index(after: index)
        }
        if let last = parts.last, ["getter", "setter", "modify", "read", "init", "didset", "willset"].contains(last),
            last != "init", parts.count > 2
        {
            parts.removeLast()
            labels = nil
        }
        if let last = parts.last, last == "__allocating_init" { parts[parts.count - 1] = "init" }
        guard parts.count >= 2, parts.allSatisfy({ !$0.isEmpty }) else { return nil }
        // The C library's functions that Swift cannot call as they are have wrappers of the same name: `open`.
        if parts.count == 2, Self.cLibraries.contains(parts[0]) {
            self.init(module: "c", base: parts[1])
            return
        }
        self.init(
            module: parts[0], types: Array(parts[1..<(parts.count - 1)]), base: parts[parts.count - 1], labels: labels)
        extendedBy = owner
    }

    /// `(forTimeInterval: Swift.Double) -> ()` → `["forTimeInterval"]`.
    private static func labels(_ text: Substring) -> [String] {
        var labels: [String] = []
        var depth = 0
        var current = ""
        var isInLabel = true
        var hasArgument = false
        var previous: Character = " "
        for character in text {
            defer { previous = character }
            switch character {
            case ">" where previous == "-": break  // an arrow, not the end of generic arguments
            case "(", "[":
                depth += 1
                if depth > 1 {
                    hasArgument = true
                    isInLabel = false
                }
            case ")", "]":
                depth -= 1
                if depth == 0 {
                    if hasArgument || !current.isEmpty { labels.append(isInLabel || current.isEmpty ? "_" : current) }
                    return labels
                }
            case "<": depth += 1
            case ">": depth -= 1
            case ":" where depth == 1 && isInLabel: isInLabel = false
            case "," where depth == 1:
                labels.append(isInLabel || current.isEmpty ? "_" : current)
                current = ""
                isInLabel = true
                hasArgument = false
            case " " where depth == 1: break
            default:
                if depth == 1 {
                    hasArgument = true
                    if isInLabel { current.append(character) }
                }
            }
        }
        return labels
    }
}

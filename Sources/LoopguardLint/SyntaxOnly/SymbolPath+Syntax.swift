extension SymbolPath {
    /// Marks a USR that no compiler wrote: the path itself follows.
    static let syntaxMark = "syntax:"

    /// A USR for what the syntax-only mode takes a call for.
    var syntaxUSR: String { module == "c" ? "c:@F@\(base)" : Self.syntaxMark + description }

    /// The path that ``syntaxUSR`` was made from; nil for other USRs.
    init?(syntaxUSR text: String) {
        guard text.hasPrefix(Self.syntaxMark) else { return nil }
        var rest = text.dropFirst(Self.syntaxMark.count)
        var labels: [String]?
        if let open = rest.firstIndex(of: "(") {
            labels = rest[rest.index(after: open)...].dropLast().split(separator: ":").map(String.init)
            rest = rest[..<open]
        }
        let parts = rest.split(separator: ".").map(String.init)
        guard parts.count >= 2 else { return nil }
        self.init(
            module: parts[0], types: Array(parts[1..<(parts.count - 1)]), base: parts[parts.count - 1], labels: labels)
    }
}

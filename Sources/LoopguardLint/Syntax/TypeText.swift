#if Lint
    import SwiftSyntax

    extension TypeText {
        /// The type of a value, where its text shows it: `Process()`, `FileManager.default`, `DispatchQueue.global()`.
        static func type(of expression: ExprSyntax) -> String? {
            if let inner = expression.as(TryExprSyntax.self) { return type(of: inner.expression) }
            if let inner = expression.as(AwaitExprSyntax.self) { return type(of: inner.expression) }
            return ofReceiver(expression.trimmedDescription)
        }
    }
#endif

/// Types read from source text.
enum TypeText {
    /// `inout [Foundation.Process]?` has none that matters, `any Foundation.Process?` is `Foundation.Process`.
    static func plain(_ text: String) -> String? {
        var rest = Substring(text.trimmed)
        var isStripped = true
        while isStripped {
            isStripped = false
            for word in ["inout ", "borrowing ", "consuming ", "sending ", "isolated ", "any ", "some ", "__owned "]
            where rest.hasPrefix(word) {
                rest = rest.dropFirst(word.count)
                isStripped = true
            }
            if rest.hasPrefix("@"), let space = rest.firstIndex(of: " ") {
                rest = rest[rest.index(after: space)...]
                isStripped = true
            }
        }
        while let last = rest.last, last == "?" || last == "!" { rest = rest.dropLast() }
        if let generic = rest.firstIndex(of: "<") {
            guard rest.hasSuffix(">") else { return nil }
            rest = rest[..<generic]
        }
        guard let first = rest.first, first.isLetter || first == "_",
            rest.allSatisfy({ $0.isLetter || $0.isNumber || $0 == "_" || $0 == "." })
        else { return nil }
        return String(rest)
    }

    /// Members of a type that are of the type itself.
    private static let singletons: Set<String> = [
        "FileManager.default", "FileHandle.standardInput", "FileHandle.standardOutput", "FileHandle.standardError",
        "FileHandle.nullDevice", "DispatchQueue.main", "DispatchQueue.global", "ProcessInfo.processInfo",
        "RunLoop.main",
        "RunLoop.current", "OperationQueue.main", "Bundle.main", "Thread.current", "Thread.main", "Host.current",
        "MultiThreadedEventLoopGroup.singleton", "NIOThreadPool.singleton", "URLSession.shared",
        "UserDefaults.standard",
    ]

    /// The type of what stands before a dot, when the text alone shows it.
    static func ofReceiver(_ text: String) -> String? {
        var text = Substring(text.trimmed)
        while let last = text.last, last == "?" || last == "!" { text = text.dropLast() }
        if singletons.contains(String(text)) { return text.split(separator: ".").first.map(String.init) }
        guard text.hasSuffix(")"), let callee = callee(of: text) else { return nil }
        if singletons.contains(callee) { return callee.split(separator: ".").first.map(String.init) }
        guard var plain = plain(callee) else { return nil }
        if plain.hasSuffix(".init") { plain.removeLast(".init".count) }
        // Types are written with a capital; a function's result is not known from its call.
        guard let last = plain.split(separator: ".").last?.first, last.isUppercase else { return nil }
        return plain
    }

    /// `Process()` → `Process`; nil when the parentheses at the end are not those of a call.
    static func callee(of text: some StringProtocol) -> String? {
        var depth = 0
        for index in text.indices.reversed() {
            if text[index] == ")" { depth += 1 }
            if text[index] == "(" {
                depth -= 1
                if depth == 0 { return index == text.startIndex ? nil : String(text[..<index]) }
            }
        }
        return nil
    }
}

/// Which rule of the linter covers a blocking call: the linter's catalogue, shared as data (`Tools/rule-table` writes the table).
public enum LintRules {
    /// The rule that covers what a stalled thread was in; nil when there is none, or when the machine was to blame.
    ///
    /// The call that the program's own code made counts, not the C function that it ended in: `Thread.sleep` ends in
    /// `clock_nanosleep`, a future's `wait()` in `pthread_cond_wait`.
    ///
    /// - Parameter frames: innermost first.
    public static func rule(for cause: StallCause, frames: [StackFrame]) -> String? {
        if cause.hostAtFault || cause.category.isOfHost { return nil }
        var best: String?
        for frame in frames.prefix(maximumFrames) where frame.kind != .async {
            if let rule = frame.function.flatMap(rule(ofFunction:)) {
                best = rule
            } else if !frame.isRuntime {
                break
            }
        }
        return best ?? cause.systemCall.flatMap(rule(ofC:))
    }

    /// Deeper frames are not looked at.
    private static let maximumFrames = 64

    /// The rule that covers a function, by the name that a stack shows.
    static func rule(ofFunction name: String) -> String? {
        let text = FunctionName.stable(name)
        if !text.contains(".") || text.contains("@") { return rule(ofC: text) }
        guard let called = CalledName(text), let candidates = index.swift[called.base] else { return nil }
        return candidates.first { $0.matches(called) }?.rule
    }

    /// `__libc_read`, `pread64`, `nanosleep@@GLIBC_2.17`: the C library has many names for one call.
    private static func rule(ofC name: String) -> String? {
        var text = name.prefix { $0 != "@" }
        if let rule = index.c[String(text)] { return rule }
        while text.hasPrefix("_") { text.removeFirst() }
        for prefix in ["GI_", "libc_", "new_", "pthread_mutex_cond_"] where text.hasPrefix(prefix) {
            text = text.dropFirst(prefix.count)
            while text.hasPrefix("_") { text.removeFirst() }
        }
        if text.hasSuffix("64"), index.c[String(text)] == nil { text = text.dropLast(2) }
        return index.c[String(text)]
    }

    // MARK: the table

    private struct Index: Sendable {
        var c: [String: String] = [:]
        var swift: [String: [Pattern]] = [:]
    }

    /// Made at the first stall, kept.
    private static let index: Index = {
        var index = Index()
        for (rule, calls) in table {
            for call in calls.split(separator: " ") {
                if call.hasPrefix("c:") {
                    index.c[String(call.dropFirst(2))] = rule
                } else if let pattern = Pattern(call, rule: rule) {
                    index.swift[pattern.base, default: []].append(pattern)
                }
            }
        }
        // The more is said, the better it fits: with labels before without, with a module before any.
        for base in index.swift.keys { index.swift[base]?.sort { $0.precision > $1.precision } }
        return index
    }()
}

extension LintRules {
    /// A function of Swift as the demangler writes it: `Foundation.Thread.sleep(forTimeInterval: Swift.Double) -> ()`.
    struct CalledName: Equatable {
        var module: String
        var types: [String]
        var base: String
        var labels: [String]

        init?(_ text: String) {
            var rest = text[...]
            // `(extension in Dispatch):__C.OS_dispatch_queue.sync(…)`.
            if rest.hasPrefix("(extension in "), let close = rest.firstIndex(of: ")") {
                rest = rest[rest.index(after: close)...].drop { $0 == ":" }
            }
            var parts = [""]
            var depth = 0
            var arguments = rest[rest.endIndex...]
            scan: for index in rest.indices {
                switch rest[index] {
                case "<": depth += 1
                case ">" where depth > 0: depth -= 1
                case _ where depth > 0: break
                case ".": parts.append("")
                case "(":
                    arguments = rest[index...]
                    break scan
                case " ", ":": break scan
                default: parts[parts.count - 1].append(rest[index])
                }
            }
            if parts.count > 2, ["getter", "setter", "modify", "read"].contains(parts[parts.count - 1]) {
                parts.removeLast()
            }
            if parts.last == "__allocating_init" { parts[parts.count - 1] = "init" }
            guard parts.count >= 2, parts.allSatisfy({ !$0.isEmpty }) else { return nil }
            module = parts[0]
            types = Array(parts[1..<(parts.count - 1)])
            base = parts[parts.count - 1]
            labels = Self.labels(arguments)
        }

        private static func labels(_ text: Substring) -> [String] {
            var labels: [String] = []
            var word = ""
            var depth = 0
            var isLabel = true
            var previous: Character = " "
            for character in text {
                defer { previous = character }
                switch character {
                case "(", "[", "<":
                    depth += 1
                    if depth > 1 { isLabel = false }
                case ")", "]", ">":
                    if character == ">", previous == "-" { break }
                    depth -= 1
                    if depth == 0 {
                        if !labels.isEmpty || !word.isEmpty || !isLabel {
                            labels.append(isLabel ? "_" : word.isEmpty ? "_" : word)
                        }
                        return labels
                    }
                case ":" where depth == 1 && isLabel: isLabel = false
                case "," where depth == 1:
                    labels.append(isLabel || word.isEmpty ? "_" : word)
                    word = ""
                    isLabel = true
                default: if depth == 1, isLabel, character != " " { word.append(character) }
                }
            }
            return labels
        }
    }

    /// An entry of the catalogue: `Foundation.Thread.sleep(forTimeInterval:)`, `*.Bcrypt.hash`.
    struct Pattern: Sendable {
        var rule: String
        var base: String
        private var module: String?
        private var types: [String]
        private var labels: [String]?

        init?(_ text: Substring, rule: String) {
            self.rule = rule
            let name = text.prefix { $0 != "(" }
            if name.endIndex < text.endIndex {
                labels = text[text.index(after: name.endIndex)...].dropLast().split(separator: ":").map(String.init)
            }
            var parts = name.split(separator: ".").map(String.init)
            guard parts.count >= 2 else { return nil }
            base = parts.removeLast()
            let first = parts.removeFirst()
            module = first == "*" ? nil : first
            types = parts
        }

        var precision: Int { (labels == nil ? 0 : 2) + (module == nil ? 0 : 1) }

        /// Modules that are one library to their users.
        private static let families = [
            "FoundationEssentials": "Foundation", "FoundationNetworking": "Foundation", "FoundationXML": "Foundation",
            "NIOPosix": "NIOCore", "NIO": "NIOCore", "System": "SystemPackage",
        ]

        func matches(_ name: CalledName) -> Bool {
            guard base == name.base else { return false }
            if let labels, labels != name.labels { return false }
            guard let module else { return name.types.suffix(types.count) == types[...] }
            if name.module == "__C" { return Self.imported(name.types) == types }
            let family = Self.families[name.module] ?? name.module
            return family == (Self.families[module] ?? module) && name.types == types
        }

        /// Dispatch's types have names of their own in C: `OS_dispatch_semaphore` is `DispatchSemaphore`.
        private static func imported(_ types: [String]) -> [String] {
            types.map { type in
                guard type.hasPrefix("OS_") else { return type }
                return type.dropFirst(3).split(separator: "_").map { $0.prefix(1).uppercased() + $0.dropFirst() }
                    .joined()
            }
        }
    }
}

/// Rules about single lines of Swift.
enum CodeRules {
    /// Places that switch a check of the compiler off must say why that is right.
    static func safetyComments(_ file: SourceFile) -> [Finding] {
        let marks = ["@unchecked Sendable", "nonisolated(unsafe)", "unsafeBitCast", "unsafeDowncast"]
        return file.code.enumerated().compactMap { index, line in
            guard let mark = marks.first(where: line.contains) else { return nil }
            // Four lines above for a reason of several lines, one below for the first line of a type's body.
            let nearby = file.comments[max(0, index - 4)...min(index + 1, file.comments.count - 1)]
            guard !nearby.contains(where: { $0.contains("SAFETY:") }) else { return nil }
            return Finding(
                path: file.path, line: index + 1,
                message: "\(mark) without a `// SAFETY:` comment; state directly above which invariant makes it right")
        }
    }

    /// A place where a trap is right, and why.
    struct AllowedTrap {
        var path: String
        var pattern: String
        var reason: String
    }

    static let allowedTraps: [AllowedTrap] = []

    /// Nothing that the outside can cause may trap.
    static func traps(_ file: SourceFile, allowing allowed: [AllowedTrap] = allowedTraps) -> [Finding] {
        let patterns: [(Regex<Substring>, String)] = [
            (/\bfatalError\s*\(/, "fatalError("), (/\btry!/, "try!"), (/\bas!/, "as!"),
        ]
        return file.findings(in: file.code) { line in
            // Plain searches first: regular expressions are slow in a debug build, and most lines have neither sign.
            guard line.utf8.contains(UInt8(ascii: "!")) || line.contains("fatalError") else { return nil }
            for (pattern, name) in patterns where line.contains(pattern) {
                if allowed.contains(where: { $0.path == file.path && $0.pattern == name }) { continue }
                return
                    "`\(name)` ends the process; throw an error with a code and a message instead, or, for a programmer's "
                    + "error, use precondition with a text that names the remedy"
            }
            return nil
        }
    }

    /// Tests of pure modules use a virtual clock.
    static func sleeps(_ file: SourceFile) -> [Finding] {
        let names = ["Thread.sleep", "usleep(", "Task.sleep", "nanosleep("]
        return file.findings(in: file.code) { line in
            names.first(where: line.contains).map {
                "\($0) in a test of a pure module; pass the time in, and move tests of real time to the module with the threads"
            }
        }
    }

    /// Unfinished work does not land.
    static func unfinishedMarks(_ file: SourceFile) -> [Finding] {
        file.findings(in: file.comments) { line in
            guard !line.isEmpty, line.contains("TODO") || line.contains("FIXME") || line.contains("XXX") else {
                return nil
            }
            return line.firstMatch(of: /\b(TODO|FIXME|XXX)\b/).map {
                "\($0.1) in a comment; do it now, or file an issue and describe the limit in the documentation"
            }
        }
    }

    static let maximumLines = 450

    /// One concept a file.
    static func length(_ file: SourceFile) -> [Finding] {
        guard file.lines.count > maximumLines else { return [] }
        return [
            Finding(
                path: file.path, line: 0,
                message:
                    "\(file.lines.count) lines, and \(maximumLines) are the most; split it (Type.swift, Type+Aspect.swift)"
            )
        ]
    }
}

import Foundation

/// The lines that have changed since a revision: `git diff -U0`, and files that git does not know yet.
public struct GitChanges: Sendable, Equatable {
    /// By absolute path; nil for a file that is new as a whole.
    public private(set) var lines: [String: [ClosedRange<Int>]?] = [:]

    /// - Throws: ``ConfigurationError`` when the folder is in no repository, or git does not know the revision.
    public init(since revision: String, in folder: String) throws(ConfigurationError) {
        guard !revision.hasPrefix("-"), !revision.isEmpty else {
            throw ConfigurationError("--since \(revision): this is no revision; try origin/main or HEAD~1")
        }
        let top = try Self.git(["rev-parse", "--show-toplevel"], in: folder)
        guard top.status == 0 else {
            throw ConfigurationError("--since: \(folder) is in no git repository (\(top.complaint))")
        }
        let known = try Self.git(["rev-parse", "--verify", "--quiet", revision + "^{commit}"], in: folder)
        guard known.status == 0 else {
            throw ConfigurationError(
                "--since \(revision): git knows no such revision here; a shallow clone may need `git fetch --depth=100`"
            )
        }
        let root = top.output.trimmed
        let diff = try Self.git(
            ["diff", "-U0", "--no-color", "--no-ext-diff", "--no-renames", "--no-prefix", revision, "--"], in: root)
        let new = try Self.git(["ls-files", "--others", "--exclude-standard", "-z"], in: root)
        guard diff.status == 0, new.status == 0 else {
            throw ConfigurationError("--since \(revision): git failed: \(diff.complaint)\(new.complaint)")
        }
        self.init(diff: diff.output, root: root)
        for path in new.output.split(separator: "\0") { lines[root + "/" + path] = .some(nil) }
    }

    /// From the text of a diff without context and without path prefixes.
    init(diff: String, root: String) {
        var path: String?
        for line in diff.split(separator: "\n") {
            if line.hasPrefix("+++ ") {
                let name = Self.unquoted(line.dropFirst(4))
                path = name == "/dev/null" ? nil : root + "/" + name
            } else if line.hasPrefix("@@ "), let path, let range = Self.hunk(line) {
                var known = (lines[path] ?? []) ?? []
                known.append(range)
                lines[path] = .some(known)
            }
        }
    }

    /// `@@ -1,2 +3,4 @@` → 3...6. What was only removed changes the lines on both sides of the gap.
    private static func hunk(_ line: Substring) -> ClosedRange<Int>? {
        guard let plus = line.split(separator: " ").first(where: { $0.hasPrefix("+") }) else { return nil }
        let numbers = plus.dropFirst().split(separator: ",").map { Int($0) }
        guard let first = numbers.first ?? nil else { return nil }
        let count = numbers.count > 1 ? numbers[1] ?? 1 : 1
        return count == 0 ? first...(first + 1) : first...(first + count - 1)
    }

    /// git quotes names with unusual characters as C does, octal for bytes.
    private static func unquoted(_ text: Substring) -> String {
        let text = text.hasSuffix("\t") ? text.dropLast() : text
        guard text.hasPrefix("\""), text.hasSuffix("\""), text.count >= 2 else { return String(text) }
        var bytes: [UInt8] = []
        var rest = Array(text.utf8.dropFirst().dropLast())[...]
        while let byte = rest.popFirst() {
            guard byte == UInt8(ascii: "\\"), let next = rest.popFirst() else {
                bytes.append(byte)
                continue
            }
            switch next {
            case UInt8(ascii: "n"): bytes.append(10)
            case UInt8(ascii: "t"): bytes.append(9)
            case UInt8(ascii: "0")...UInt8(ascii: "7"):
                var value = Int(next - UInt8(ascii: "0"))
                for _ in 0..<2 {
                    guard let digit = rest.first, (UInt8(ascii: "0")...UInt8(ascii: "7")).contains(digit) else { break }
                    value = value * 8 + Int(digit - UInt8(ascii: "0"))
                    rest.removeFirst()
                }
                bytes.append(UInt8(truncatingIfNeeded: value))
            default: bytes.append(next)
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    /// Whether the finding's root, its place or a step of its path stands on a changed line.
    public func touches(_ finding: Finding) -> Bool {
        contains(finding.place) || finding.path.contains { contains($0.place) }
    }

    private func contains(_ place: Finding.Place) -> Bool {
        guard let changed = lines[place.path] else { return false }
        guard let ranges = changed else { return true }
        return ranges.contains { $0.contains(place.line) }
    }

    private static func git(
        _ arguments: [String], in folder: String
    ) throws(ConfigurationError) -> ChildProcess.Result {
        do {
            return try ChildProcess.run(
                "git", ["-c", "core.quotePath=true", "-C", folder] + arguments, environment: ["LC_ALL": "C"])
        } catch {
            throw ConfigurationError("--since needs git: \(error.message)")
        }
    }
}

/// The difference of two texts as `diff -u` writes it, for `patch` and for people.
public enum UnifiedDiff {
    /// - Parameters:
    ///   - path: shown in the head, as `a/PATH` and `b/PATH`.
    ///   - context: unchanged lines around a change. Default 3.
    /// - Returns: an empty text when there is no difference.
    public static func text(path: String, from old: [UInt8], to new: [UInt8], context: Int = 3) -> String {
        let before = lines(old)
        let after = lines(new)
        let changes = hunks(before, after, context: max(0, context))
        guard !changes.isEmpty else { return "" }
        var text = "--- a/\(path)\n+++ b/\(path)\n"
        for hunk in changes {
            text += "@@ -\(span(hunk.old)) +\(span(hunk.new)) @@\n"
            for line in hunk.lines {
                text += line.hasSuffix("\n") ? line : line + "\n\\ No newline at end of file\n"
            }
        }
        return text
    }

    private struct Hunk {
        var old: Range<Int>
        var new: Range<Int>
        var lines: [String]
    }

    /// Each with its line break.
    private static func lines(_ bytes: [UInt8]) -> [String] {
        var lines: [String] = []
        var start = 0
        for (offset, byte) in bytes.enumerated() where byte == 0x0A {
            lines.append(String(decoding: bytes[start...offset], as: UTF8.self))
            start = offset + 1
        }
        if start < bytes.count { lines.append(String(decoding: bytes[start...], as: UTF8.self)) }
        return lines
    }

    private static func span(_ range: Range<Int>) -> String {
        let start = range.isEmpty ? range.lowerBound : range.lowerBound + 1
        return range.count == 1 ? "\(start)" : "\(start),\(range.count)"
    }

    private static func hunks(_ before: [String], _ after: [String], context: Int) -> [Hunk] {
        // A fix changes few lines: the standard library's difference is quick on them.
        let difference = after.difference(from: before)
        var removed: Set<Int> = []
        var inserted: Set<Int> = []
        for change in difference {
            switch change {
            case .remove(let offset, _, _): removed.insert(offset)
            case .insert(let offset, _, _): inserted.insert(offset)
            }
        }
        var all: [Hunk] = []
        var current: Hunk?
        var quiet = 0
        var old = 0
        var new = 0
        func begin() -> Hunk {
            let lead = min(context, old, new)
            let lines = before[(old - lead)..<old].map { " " + $0 }
            return Hunk(old: (old - lead)..<old, new: (new - lead)..<new, lines: Array(lines))
        }
        while old < before.count || new < after.count {
            if old < before.count, removed.contains(old) {
                var hunk = current ?? begin()
                hunk.lines.append("-" + before[old])
                old += 1
                hunk.old = hunk.old.lowerBound..<old
                current = hunk
                quiet = 0
            } else if new < after.count, inserted.contains(new) {
                var hunk = current ?? begin()
                hunk.lines.append("+" + after[new])
                new += 1
                hunk.new = hunk.new.lowerBound..<new
                current = hunk
                quiet = 0
            } else {
                if var hunk = current {
                    hunk.lines.append(" " + before[old])
                    hunk.old = hunk.old.lowerBound..<(old + 1)
                    hunk.new = hunk.new.lowerBound..<(new + 1)
                    current = hunk
                    quiet += 1
                }
                old += 1
                new += 1
                if quiet > 2 * context, let hunk = current {
                    all.append(trimmed(hunk, by: quiet - context))
                    current = nil
                    quiet = 0
                }
            }
        }
        if let hunk = current { all.append(trimmed(hunk, by: max(0, quiet - context))) }
        return all
    }

    /// Without its last unchanged lines.
    private static func trimmed(_ hunk: Hunk, by count: Int) -> Hunk {
        Hunk(
            old: hunk.old.lowerBound..<(hunk.old.upperBound - count),
            new: hunk.new.lowerBound..<(hunk.new.upperBound - count), lines: Array(hunk.lines.dropLast(count)))
    }
}

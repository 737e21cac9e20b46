/// A pattern for paths: `*` within a name, `**` over folders, `?` one character. `Sources/Gen` and `Sources/Gen/` mean all below.
///
/// A pattern without a slash is for names at any depth, one with a slash counts from the root; as in `.gitignore`.
public struct Glob: Sendable, Hashable {
    private var segments: [Substring]

    public init(_ pattern: String) {
        var parts = pattern.split(separator: "/", omittingEmptySubsequences: true)
        if parts.first == "." { parts.removeFirst() }
        if parts.count == 1, !pattern.hasPrefix("/"), parts.first != "**" { parts.insert("**", at: 0) }
        segments = parts
    }

    /// Whether the path, relative to the root, or a folder above it is meant.
    public func matches(_ path: String) -> Bool {
        guard !segments.isEmpty else { return false }
        return matches(segments[...], path.split(separator: "/")[...])
    }

    private func matches(_ pattern: ArraySlice<Substring>, _ path: ArraySlice<Substring>) -> Bool {
        // All below a folder that is meant is meant.
        guard let first = pattern.first else { return true }
        if first == "**" {
            let rest = pattern.dropFirst()
            if rest.isEmpty { return !path.isEmpty }
            return path.indices.contains { matches(rest, path[$0...]) }
        }
        guard let name = path.first, Self.matchesName(first, name) else { return false }
        return matches(pattern.dropFirst(), path.dropFirst())
    }

    /// Without recursion, so that `*a*a*a*a` costs length times length at most.
    private static func matchesName(_ pattern: Substring, _ name: Substring) -> Bool {
        let p = Array(pattern)
        let n = Array(name)
        var (i, j) = (0, 0)
        var star: (pattern: Int, name: Int)?
        while j < n.count {
            if i < p.count, p[i] == "*" {
                star = (i, j)
                i += 1
            } else if i < p.count, p[i] == "?" || p[i] == n[j] {
                i += 1
                j += 1
            } else if let last = star {
                star = (last.pattern, last.name + 1)
                i = last.pattern + 1
                j = last.name + 1
            } else {
                return false
            }
        }
        return p[i...].allSatisfy { $0 == "*" }
    }
}

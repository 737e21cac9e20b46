/// A path with parameters: `/ws/rooms/{room}`, or everything below a folder: `/static/**`.
struct RoutePattern: Sendable, Equatable, CustomStringConvertible {
    private enum Segment: Sendable, Equatable {
        case literal(String)
        case parameter(String)
    }

    let description: String
    private let segments: [Segment]
    private let matchesRest: Bool

    init(_ pattern: String) {
        description = pattern
        var parts = pattern.split(separator: "/", omittingEmptySubsequences: false).dropFirst().map(String.init)
        matchesRest = parts.last == "**"
        if matchesRest { parts.removeLast() }
        segments = parts.map { part in
            part.hasPrefix("{") && part.hasSuffix("}")
                ? .parameter(String(part.dropFirst().dropLast())) : .literal(part)
        }
    }

    /// More literal segments first, so `/a/b` is asked before `/a/{x}` and before `/a/**`.
    var specificity: Int {
        segments.reduce(matchesRest ? 0 : 1) { sum, segment in
            if case .literal = segment { sum + 4 } else { sum + 2 }
        }
    }

    /// The parameters when the path matches. Segments are split before they are decoded: `%2F` is not a separator.
    func match(_ rawSegments: [Substring]) -> [String: String]? {
        guard matchesRest ? rawSegments.count >= segments.count : rawSegments.count == segments.count else {
            return nil
        }
        var parameters: [String: String] = [:]
        for (segment, raw) in zip(segments, rawSegments) {
            guard let text = PercentEncoding.decode(raw) else { return nil }
            switch segment {
            case .literal(let literal): guard literal == text else { return nil }
            case .parameter(let name):
                guard !text.isEmpty else { return nil }
                parameters[name] = text
            }
        }
        return parameters
    }
}

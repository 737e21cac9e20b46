/// Which web pages may open a WebSocket (RFC 6455 §10.2). Programs other than browsers send no Origin, and pass.
public struct OriginPolicy: Sendable, Equatable {
    private enum Rule: Sendable, Equatable {
        case sameOrigin
        case list(Set<String>)
        case any
    }
    private let rule: Rule

    /// The origin's host and port equal the Host header.
    public static let sameOrigin = OriginPolicy(rule: .sameOrigin)
    /// Every page. Only for servers that do not use cookies.
    public static let any = OriginPolicy(rule: .any)
    /// These origins, such as `https://app.example.com`, besides those of the same host.
    public static func list(_ origins: [String]) -> OriginPolicy {
        OriginPolicy(rule: .list(Set(origins.map(normalize))))
    }

    /// Judges the Origin headers of a request; more than one is never allowed.
    func allows(origins: [String], host: String?) -> Bool {
        guard let origin = origins.first else { return true }
        guard origins.count == 1 else { return rule == .any }
        switch rule {
        case .any: return true
        case .sameOrigin: return Self.isSame(origin, host: host)
        case .list(let list): return list.contains(Self.normalize(origin)) || Self.isSame(origin, host: host)
        }
    }

    /// The scheme is left out of the comparison: behind a proxy that ends TLS the server does not know it.
    private static func isSame(_ origin: String, host: String?) -> Bool {
        guard let host, !host.isEmpty else { return false }
        let normalized = normalize(origin)
        guard let colon = normalized.firstRange(of: "://") else { return false }
        let port = normalized.hasPrefix("https:") ? ":443" : ":80"
        return normalized[colon.upperBound...] == withoutPort(host.lowercased(), port)
    }

    /// Lower case, no default port, no slash at the end.
    private static func normalize(_ origin: String) -> String {
        var text = origin.lowercased()
        if text.hasSuffix("/") { text.removeLast() }
        if text.hasPrefix("https://") { return withoutPort(text, ":443") }
        if text.hasPrefix("http://") { return withoutPort(text, ":80") }
        return text
    }

    private static func withoutPort(_ text: String, _ port: String) -> String {
        text.hasSuffix(port) ? String(text.dropLast(port.count)) : text
    }
}

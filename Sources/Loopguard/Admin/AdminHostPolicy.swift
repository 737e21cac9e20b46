/// Which `Host` headers the admin address answers to. Pure.
///
/// The address has no authentication: what is bound to loopback is meant for people on this machine. A web page elsewhere could
/// still have a browser on this machine read it, by a name of its own that resolves to 127.0.0.1 (DNS rebinding); the browser then
/// sends that name.
struct AdminHostPolicy: Sendable, Equatable {
    /// Answers whatever the name.
    static let any = AdminHostPolicy(isLoopbackOnly: false)

    static let refusal = "The admin address of this machine answers to localhost, 127.0.0.1 and [::1] only."

    private let isLoopbackOnly: Bool

    private init(isLoopbackOnly: Bool) { self.isLoopbackOnly = isLoopbackOnly }

    /// - Parameter host: the address that the server is bound to. Names are checked when it is loopback; elsewhere people use names
    ///   that we cannot know.
    init(boundTo host: String) { isLoopbackOnly = Self.isLoopback(host) }

    /// - Parameter header: value of `Host`, port included; nil when there is none (HTTP/1.0): no browser does that.
    func allows(_ header: String?) -> Bool {
        guard isLoopbackOnly, let header else { return true }
        return Self.isLoopback(Self.name(in: header))
    }

    private static func name(in header: String) -> String {
        if header.hasPrefix("[") { return String(header.dropFirst().prefix { $0 != "]" }) }
        return String(header.prefix { $0 != ":" })
    }

    private static func isLoopback(_ name: String) -> Bool {
        let name = name.lowercased()
        if name == "localhost" || name == "::1" { return true }
        let parts = name.split(separator: ".", omittingEmptySubsequences: false)
        return parts.count == 4 && parts[0] == "127" && parts.allSatisfy { UInt8($0) != nil }
    }
}

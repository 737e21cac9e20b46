public import LoopguardCore

/// Does what a `POST` to the admin address asks for, such as `/debug/selftest`.
///
/// Called off the admin loop, once a request that comes from this machine's own people (see `AdminOriginPolicy`) is complete; its
/// body is dropped. The task is cancelled when the client goes away.
///
/// - Parameters:
///   - method: `POST`.
///   - path: without the query.
///   - query: without the `?`, empty when there is none.
/// - Returns: the answer; nil when there is no such action: 404.
public typealias AdminAction =
    @Sendable (_ method: String, _ path: String, _ query: String) async -> DebugResponse?

/// Whether a request that changes something may be obeyed. Pure.
///
/// The admin address has no authentication, and a browser lets any web page send it a `POST`: the page does not see the answer, but
/// the deed is done. Browsers tell where a request comes from; other clients tell nothing.
enum AdminOriginPolicy {
    static let refusal = "403: a page of another site may not do this. Use curl, or the button on /debug/stalls."

    /// - Parameters:
    ///   - fetchSite: `Sec-Fetch-Site` (W3C Fetch Metadata): what the browser says; sent to trustworthy addresses only.
    ///   - origin: `Origin` (RFC 6454); all browsers send it with a `POST`.
    ///   - host: `Host`.
    static func allows(fetchSite: String?, origin: String?, host: String?) -> Bool {
        if let fetchSite { return fetchSite == "same-origin" || fetchSite == "none" }
        guard let origin else { return true }
        guard let host, let scheme = origin.firstRange(of: "://") else { return false }
        return origin[scheme.upperBound...].lowercased() == host.lowercased()
    }
}

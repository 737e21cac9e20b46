public import LoopguardCore

/// Does what a `POST` to the admin address asks for, such as `/debug/selftest`.
///
/// Called off the admin loop, once a request that comes from this machine's own people (see `AdminOriginPolicy`) is complete; its
/// body is dropped. The task is cancelled when the client goes away.
///
/// The task prefers a thread that the actions of an admin address share, so it works while Swift's cooperative pool is stuck. To keep
/// it so, an action must not wait for that pool: no unstructured tasks, no `Task.sleep`. One that blocks holds up the other actions.
///
/// - Parameters:
///   - method: `POST`.
///   - path: without the query.
///   - query: without the `?`, empty when there is none.
/// - Returns: the answer; nil when there is no such action: 404.
public typealias AdminAction =
    @Sendable (_ method: String, _ path: String, _ query: String) async -> DebugResponse?

/// What a browser is shown after it has sent a form. Pure.
enum AdminBrowserAnswer {
    /// A browser would show the JSON of a deed that is done, and reloading it would do the deed again: it is sent back to the page,
    /// which shows what came of it. Refusals are lines of text, and stay. The page's script and curl do not ask for HTML.
    static func make(_ answer: DebugResponse, accept: String) -> DebugResponse {
        guard answer.status == 200,
            AcceptHeader(accept).preferred(of: ["application/json", "text/html"]) == "text/html"
        else { return answer }
        return DebugResponse(
            status: 303, headers: [("location", "/debug/stalls"), ("content-type", "text/plain; charset=utf-8")],
            body: "303: done; see /debug/stalls\n")
    }
}

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

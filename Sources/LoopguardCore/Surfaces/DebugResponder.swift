/// The admin address: which question gets which answer. Pure; whoever owns the socket calls `respond`.
public enum DebugResponder {
    /// All endpoints, in the order of the index.
    public static let endpoints: [(path: String, what: String)] = [
        ("/", "this list"),
        ("/debug/stalls", "stalls of all workers: HTML for browsers, JSON by Accept, else text"),
        ("/debug/stalls.html", "the same, HTML"),
        ("/debug/stalls.json", "the same, JSON"),
        ("/debug/stalls.txt", "the same, text"),
        ("/debug/stalls/flamegraph.svg", "stalls by stack"),
        ("/debug/loops", "what each loop is doing"),
        ("/debug/loops.json", "the same, JSON"),
        ("/debug/offload", "the blocking pools"),
        ("/debug/offload.json", "the same, JSON"),
        ("/metrics", "Prometheus text"),
        ("/healthz", "200 while the process lives"),
        ("/readyz", "200 when all workers are ready, else 503 with the reasons"),
    ]

    /// Answers one request.
    ///
    /// - Parameters:
    ///   - method: `GET` and `HEAD` are answered, others get 405.
    ///   - path: without the query; a trailing slash is ignored.
    ///   - query: without the `?`; `format=html|json|text` overrules `accept`.
    ///   - accept: value of the Accept header.
    public static func respond(
        method: String, path: String, query: String?, accept: String?, cluster: ClusterStatus
    ) -> DebugResponse {
        guard method == "GET" || method == "HEAD" else {
            var answer = text(
                405, "405: \(TextPage.printable(method).truncated(to: 64)) is not allowed; use GET or HEAD.\n")
            answer.headers.append(("allow", "GET, HEAD"))
            return finish(answer, isHead: false)
        }
        let request = Request(path: path, query: query, accept: accept)
        return finish(route(request, cluster), isHead: method == "HEAD")
    }

    private struct Request {
        var path: String
        var format: String?
        var accept: AcceptHeader

        init(path: String, query: String?, accept: String?) {
            self.path = path.count > 1 && path.hasSuffix("/") ? String(path.dropLast()) : path
            self.accept = AcceptHeader(accept)
            let pairs = (query ?? "").split(separator: "&").map { $0.split(separator: "=", maxSplits: 1) }
            format = pairs.first { $0.count == 2 && $0[0] == "format" }.map { String($0[1]) }
        }

        /// `html`, `json` or `text`.
        func form(_ offers: [String]) -> String {
            if let format, offers.contains(format) { return format }
            let types = ["text": "text/plain", "json": "application/json", "html": "text/html"]
            let preferred = accept.preferred(of: offers.compactMap { types[$0] })
            return offers.first { types[$0] == preferred } ?? offers.first ?? "text"
        }
    }

    private static func route(_ request: Request, _ cluster: ClusterStatus) -> DebugResponse {
        switch request.path {
        case "/", "":
            return vary(request.form(["text", "html"]) == "html" ? html(index()) : text(200, indexText()))
        case "/debug/stalls":
            switch request.form(["text", "json", "html"]) {
            case "html": return vary(html(StallsPage.html(cluster)))
            case "json": return vary(stallsJSON(cluster))
            default: return vary(text(200, StallsText.render(cluster)))
            }
        case "/debug/stalls.html": return html(StallsPage.html(cluster))
        case "/debug/stalls.txt": return text(200, StallsText.render(cluster))
        case "/debug/stalls.json": return stallsJSON(cluster)
        case "/debug/stalls/flamegraph.svg":
            return DebugResponse(
                status: 200, headers: [("content-type", "image/svg+xml; charset=utf-8")],
                body: FlameGraph.svg(StallsDocument(cluster))
            )
        case "/debug/loops":
            switch request.form(["text", "json", "html"]) {
            case "html": return vary(html(LoopsPage.html(cluster)))
            case "json": return vary(json { () throws(StallJSONError) in try LoopsPage.json(cluster) })
            default: return vary(text(200, LoopsPage.text(cluster)))
            }
        case "/debug/loops.json": return json { () throws(StallJSONError) in try LoopsPage.json(cluster) }
        case "/debug/offload":
            switch request.form(["text", "json", "html"]) {
            case "html": return vary(html(OffloadPage.html(cluster)))
            case "json": return vary(json { () throws(StallJSONError) in try OffloadPage.json(cluster) })
            default: return vary(text(200, OffloadPage.text(cluster)))
            }
        case "/debug/offload.json": return json { () throws(StallJSONError) in try OffloadPage.json(cluster) }
        case "/metrics":
            return DebugResponse(
                status: 200, headers: [("content-type", MetricsText.contentType)], body: MetricsText.render(cluster)
            )
        case "/healthz": return text(200, "ok\n")
        case "/readyz": return ready(cluster)
        default:
            let shown = TextPage.printable(request.path).truncated(to: 256)
            return text(404, "404: there is nothing at \(shown)\n\n" + indexText())
        }
    }

    /// Why the cluster is not ready; empty = ready. A worker that is being replaced does not count as long as others run.
    public static func notReadyReasons(_ cluster: ClusterStatus) -> [String] {
        var reasons: [String] = []
        if !cluster.workers.contains(where: \.isUp) { reasons.append("no worker is running") }
        for view in cluster.workers {
            if view.state == "silent" {
                reasons.append("worker \(view.worker) is silent for \(HumanText.duration(ns: view.silentForNs))")
            } else if view.state == "running" {
                reasons += (view.status?.notReady ?? []).map { "worker \(view.worker): \($0)" }
            }
        }
        return reasons
    }

    private static func ready(_ cluster: ClusterStatus) -> DebugResponse {
        let reasons = notReadyReasons(cluster)
        if reasons.isEmpty { return text(200, "ready\n") }
        return text(503, "not ready\n" + reasons.map { TextPage.printable($0) + "\n" }.joined())
    }

    // MARK: - Forms

    private static func text(_ status: Int, _ body: String) -> DebugResponse {
        DebugResponse(status: status, headers: [("content-type", "text/plain; charset=utf-8")], body: body)
    }

    private static func html(_ body: String) -> DebugResponse {
        DebugResponse(status: 200, headers: [("content-type", "text/html; charset=utf-8")], body: body)
    }

    private static func json(_ body: () throws(StallJSONError) -> String) -> DebugResponse {
        do {
            return DebugResponse(status: 200, headers: [("content-type", "application/json")], body: try body() + "\n")
        } catch {
            return text(500, "500: \(error)\n")
        }
    }

    private static func stallsJSON(_ cluster: ClusterStatus) -> DebugResponse {
        json { () throws(StallJSONError) in
            String(decoding: try StallJSON.encode(StallsDocument(cluster)), as: UTF8.self)
        }
    }

    private static func vary(_ response: DebugResponse) -> DebugResponse {
        var response = response
        response.headers.append(("vary", "Accept"))
        return response
    }

    private static func finish(_ response: DebugResponse, isHead: Bool) -> DebugResponse {
        var response = response
        response.headers.append(("content-length", "\(response.body.utf8.count)"))
        response.headers += PageSecurity.headers
        if isHead { response.body = "" }
        return response
    }

    private static func indexText() -> String {
        let column = (endpoints.map(\.path.count).max() ?? 0) + 3
        return "Loopguard\n\n"
            + endpoints.map { $0.path + String(repeating: " ", count: column - $0.path.count) + $0.what + "\n" }
            .joined()
    }

    private static func index() -> String {
        let rows = endpoints.map { endpoint -> HTML in
            "<tr><td class=\"m\"><a href=\"\(endpoint.path)\">\(endpoint.path)</a></td><td>\(endpoint.what)</td></tr>"
        }
        let main: HTML = """
            <h1>Loopguard</h1>
            <p class="lead">The admin address. It answers even while every guarded loop is stuck.</p>
            <div class="scroll"><table><thead><tr><th>Endpoint</th><th>What</th></tr></thead>
            <tbody>\(rows.joined())</tbody></table></div>
            """
        return PageShell.html(path: "/", title: "Loopguard", main: main)
    }
}

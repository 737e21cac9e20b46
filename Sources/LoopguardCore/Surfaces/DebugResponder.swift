/// The admin address: which question gets which answer. Pure; whoever owns the socket calls `respond`.
public enum DebugResponder {
    /// All endpoints, in the order of the index.
    public static let endpoints: [(path: String, what: String)] = [
        ("/", "this list"),
        ("/debug/stalls", "stalls of all workers: HTML for browsers, JSON by Accept, else text"),
        ("/debug/stalls.html", "the same, HTML"),
        ("/debug/stalls.json", "the same, JSON"),
        ("/debug/stalls.txt", "the same, text"),
        ("/debug/stalls.collapsed", "stacks for flamegraph.pl, weighted by microseconds"),
        ("/debug/stalls.speedscope.json", "stacks for speedscope"),
        ("/debug/stalls/flamegraph.svg", "stalls by stack; ?site=FINGERPRINT"),
        ("/debug/stalls/events", "server-sent events: something changed"),
        ("/debug/selftest", "POST: plants a stall, to prove that the alarm works; ?ms=1000&worker=1&loop=loop-0"),
        ("/debug/timeline", "when which loop stalled, SVG; ?minutes=15"),
        ("/debug/loops", "what each loop is doing, and the timeline; ?minutes=15"),
        ("/debug/loops.json", "the same, JSON"),
        ("/debug/offload", "the blocking pools"),
        ("/debug/offload.json", "the same, JSON"),
        ("/metrics", "Prometheus text"),
        ("/healthz", "200 while the process lives"),
        ("/readyz", "200 when all workers are ready, else 503 with the reasons"),
    ]

    private static let selftestPath = "/debug/selftest"

    /// Those that are there: the self-test may be switched off.
    private static func offered(_ offersSelfTest: Bool) -> [(path: String, what: String)] {
        offersSelfTest ? endpoints : endpoints.filter { $0.path != selftestPath }
    }

    /// Answers one request.
    ///
    /// - Parameters:
    ///   - method: `GET` and `HEAD` are answered, others get 405.
    ///   - path: without the query; a trailing slash is ignored.
    ///   - query: without the `?`; `format=html|json|text` overrules `accept`.
    ///   - accept: value of the Accept header.
    ///   - offersSelfTest: whether somebody answers `POST /debug/selftest`; the page then has buttons for it.
    public static func respond(
        method: String, path: String, query: String?, accept: String?, cluster: ClusterStatus,
        offersSelfTest: Bool = false
    ) -> DebugResponse {
        // Whoever owns the socket obeys a POST; this is the answer of those that do not.
        if offersSelfTest, method == "GET" || method == "HEAD", path == selftestPath || path == selftestPath + "/" {
            var answer = text(
                405, "405: this plants a stall, and takes POST: curl -X POST http://HOST:PORT\(selftestPath)\n")
            answer.headers.append(("allow", "POST"))
            return finish(answer, isHead: method == "HEAD")
        }
        guard method == "GET" || method == "HEAD" else {
            var answer = text(
                405, "405: \(TextPage.printable(method).truncated(to: 64)) is not allowed; use GET or HEAD.\n")
            answer.headers.append(("allow", "GET, HEAD"))
            return finish(answer, isHead: false)
        }
        var request = Request(path: path, query: query, accept: accept)
        request.options.offersSelfTest = offersSelfTest
        return finish(route(request, cluster), isHead: method == "HEAD")
    }

    private struct Request {
        var path: String
        var format: String?
        var site: String?
        var options = PageOptions()
        var accept: AcceptHeader

        init(path: String, query: String?, accept: String?) {
            self.path = path.count > 1 && path.hasSuffix("/") ? String(path.dropLast()) : path
            self.accept = AcceptHeader(accept)
            let pairs = (query ?? "").split(separator: "&").map { $0.split(separator: "=", maxSplits: 1) }
            let value = { (name: String) in pairs.first { $0.count == 2 && $0[0] == name }.map { String($0[1]) } }
            format = value("format")
            site = value("site")
            options = PageOptions(
                refreshSeconds: value("refresh").flatMap(Int.init) ?? options.refreshSeconds,
                timelineMinutes: value("minutes").flatMap(Int.init) ?? options.timelineMinutes)
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
        let offered = offered(request.options.offersSelfTest)
        switch request.path {
        case "/", "":
            return vary(
                request.form(["text", "html"]) == "html" ? html(index(offered)) : text(200, indexText(offered)))
        case "/debug/stalls":
            switch request.form(["text", "json", "html"]) {
            case "html": return vary(html(StallsPage.html(cluster, options: request.options)))
            case "json": return vary(stallsJSON(cluster))
            default: return vary(text(200, StallsText.render(cluster)))
            }
        case "/debug/stalls.html": return html(StallsPage.html(cluster, options: request.options))
        case "/debug/stalls.txt": return text(200, StallsText.render(cluster))
        case "/debug/stalls.json": return stallsJSON(cluster)
        case "/debug/stalls/flamegraph.svg":
            return file(
                FlameGraph.svg(StallsDocument(cluster), site: request.site), "image/svg+xml; charset=utf-8",
                "inline", "loopguard-flamegraph.svg")
        case "/debug/stalls.collapsed":
            return file(
                StackExports.collapsed(StallsDocument(cluster)), "text/plain; charset=utf-8", "attachment",
                "loopguard-stalls.collapsed")
        case "/debug/stalls.speedscope.json":
            let answer = json { () throws(StallJSONError) in try StackExports.speedscope(StallsDocument(cluster)) }
            return named(answer, "attachment", "loopguard-stalls.speedscope.json")
        case "/debug/timeline":
            return file(
                TimelinePicture.svg(cluster, minutes: request.options.timelineMinutes),
                "image/svg+xml; charset=utf-8", "inline", "loopguard-timeline.svg")
        case LiveFeed.path:
            // Whoever owns the socket streams; this is the answer of those that do not.
            return text(503, "503: this server has no live events; the page asks again by itself.\n")
        case "/debug/selftest" where request.options.offersSelfTest:
            var answer = text(405, "405: a self-test is planted by POST: curl -X POST …/debug/selftest\n")
            answer.headers.append(("allow", "POST"))
            return answer
        case "/debug/loops":
            switch request.form(["text", "json", "html"]) {
            case "html": return vary(html(LoopsPage.html(cluster, options: request.options)))
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
            return text(404, "404: there is nothing at \(shown)\n\n" + indexText(offered))
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

    private static func file(_ body: String, _ type: String, _ disposition: String, _ name: String) -> DebugResponse {
        named(DebugResponse(status: 200, headers: [("content-type", type)], body: body), disposition, name)
    }

    private static func named(_ response: DebugResponse, _ disposition: String, _ name: String) -> DebugResponse {
        var response = response
        response.headers.append(("content-disposition", "\(disposition); filename=\"\(name)\""))
        return response
    }

    private static func stallsJSON(_ cluster: ClusterStatus) -> DebugResponse {
        let answer = json { () throws(StallJSONError) in
            String(decoding: try StallJSON.encode(StallsDocument(cluster)), as: UTF8.self)
        }
        return named(answer, "inline", "loopguard-stalls.json")
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

    private static func indexText(_ endpoints: [(path: String, what: String)]) -> String {
        let column = (endpoints.map(\.path.count).max() ?? 0) + 3
        return "Loopguard\n\n"
            + endpoints.map { $0.path + String(repeating: " ", count: column - $0.path.count) + $0.what + "\n" }
            .joined()
    }

    private static func index(_ endpoints: [(path: String, what: String)]) -> String {
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

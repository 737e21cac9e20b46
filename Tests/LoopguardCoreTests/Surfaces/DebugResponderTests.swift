import Testing

@testable import LoopguardCore

@Suite struct DebugResponderTests {
    func get(
        _ path: String, accept: String? = nil, query: String? = nil, method: String = "GET",
        _ cluster: ClusterStatus = Gallery.cluster()
    ) -> DebugResponse {
        DebugResponder.respond(method: method, path: path, query: query, accept: accept, cluster: cluster)
    }

    func header(_ name: String, _ response: DebugResponse) -> String? {
        response.headers.first { $0.0 == name }?.1
    }

    @Test(
        arguments: [
            // curl, no header, browsers, machines.
            ("*/*", "text/plain"), (nil, "text/plain"), ("", "text/plain"),
            ("text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8", "text/html"),
            ("application/json", "application/json"), ("application/json, */*", "application/json"),
            ("application/json, text/plain, */*", "application/json"),
            ("text/html;q=0.5, application/json;q=0.8", "application/json"),
            ("text/*;q=0.1, application/json;q=0.2", "application/json"),
            ("TEXT/HTML", "text/html"), ("text/*", "text/plain"), ("application/*", "application/json"),
            ("text/plain;q=0, */*", "application/json"), ("image/png", "text/plain"), ("rubbish,;;,/", "text/plain"),
            ("text/html ; level=1 ; q=0.4, text/plain;q=0.3", "text/html"), ("text/html;q=7", "text/plain"),
            ("text/html;q=0.9999", "text/plain"), ("text/html;q=1.000,text/plain;q=0.999", "text/html"),
        ] as [(String?, String)])
    func negotiation(accept: String?, type: String) {
        let response = get("/debug/stalls", accept: accept)
        #expect(header("content-type", response)?.hasPrefix(type) == true, "\(accept ?? "nil")")
        #expect(header("vary", response) == "Accept")
    }

    @Test(arguments: [
        ("/debug/stalls.json", "application/json", "{\""), ("/debug/stalls.txt", "text/plain", "LOOPGUARD STALLS"),
        ("/debug/stalls.html", "text/html", "<!doctype html>"), ("/debug/stalls/", "text/plain", "LOOPGUARD STALLS"),
        ("/debug/stalls/flamegraph.svg", "image/svg+xml", "<?xml"), ("/debug/loops", "text/plain", "LOOPGUARD LOOPS"),
        ("/debug/loops.json", "application/json", "{\""), ("/debug/offload", "text/plain", "LOOPGUARD OFFLOAD"),
        ("/debug/offload.json", "application/json", "{\""), ("/metrics", "text/plain; version=0.0.4", "# HELP"),
        ("/healthz", "text/plain", "ok\n"), ("/", "text/plain", "Loopguard"), ("", "text/plain", "Loopguard"),
    ])
    func endpoints(path: String, type: String, start: String) {
        let response = get(path)
        #expect(response.status == 200)
        #expect(header("content-type", response)?.hasPrefix(type) == true)
        #expect(response.body.hasPrefix(start))
        #expect(header("content-length", response) == "\(response.body.utf8.count)")
        #expect(header("x-content-type-options", response) == "nosniff")
        let head = get(path, method: "HEAD")
        #expect(head.body.isEmpty)
        #expect(header("content-length", head) == "\(response.body.utf8.count)")
    }

    @Test func everyEndpointOfTheIndexExists() {
        for endpoint in DebugResponder.endpoints {
            let answer = DebugResponder.respond(
                method: "GET", path: endpoint.path, query: nil, accept: nil, cluster: Gallery.cluster(),
                offersSelfTest: true)
            #expect(answer.status != 404, "\(endpoint.path)")
        }
        #expect(get("/", accept: "text/html").body.contains("href=\"/debug/stalls/flamegraph.svg\""))
    }

    @Test func formatOverrulesAccept() {
        #expect(get("/debug/stalls", accept: "text/html", query: "x=1&format=json").body.hasPrefix("{"))
        #expect(get("/debug/loops", query: "format=html").body.hasPrefix("<!doctype"))
        #expect(get("/debug/stalls", query: "format=nonsense&&=").body.hasPrefix("LOOPGUARD"))
    }

    @Test func unknownPathsAndMethods() {
        let missing = get("/debug/\u{1b}[31m" + String(repeating: "x", count: 9_000))
        #expect(missing.status == 404)
        #expect(missing.body.contains("/debug/stalls.json"))
        #expect(!missing.body.contains("\u{1b}"))
        #expect(missing.body.utf8.count < 4_000)
        for method in ["POST", "PUT", "DELETE", "OPTIONS", "get", ""] {
            let response = get("/debug/stalls", method: method)
            #expect(response.status == 405)
            #expect(header("allow", response) == "GET, HEAD")
        }
    }

    @Test func selfTestsArePosted() {
        func ask(_ offers: Bool) -> DebugResponse {
            DebugResponder.respond(
                method: "GET", path: "/debug/selftest", query: nil, accept: nil, cluster: ClusterStatus(workers: []),
                offersSelfTest: offers)
        }
        #expect(ask(true).status == 405)
        #expect(header("allow", ask(true)) == "POST")
        #expect(ask(false).status == 404)
    }

    @Test func readiness() {
        #expect(get("/readyz", .sample([.sample(), .sample(worker: 2)])).status == 200)
        let none = get("/readyz", ClusterStatus(workers: []))
        #expect(none.status == 503)
        #expect(none.body.contains("no worker is running"))
        let trouble = get("/readyz")
        #expect(trouble.status == 503)
        #expect(trouble.body.contains("worker 2: redis is away"))
        #expect(trouble.body.contains("worker 3 is silent for 3.20 s"))
        // A rolling restart does not turn the cluster red.
        var rolling = ClusterStatus.sample([.sample(), .sample(worker: 2)])
        rolling.workers[1].state = "draining"
        rolling.workers[1].status?.notReady = ["draining"]
        #expect(get("/readyz", rolling).status == 200)
        rolling.workers[0].state = "draining"
        #expect(get("/readyz", rolling).status == 503)
        var unheard = ClusterStatus.sample([.sample()])
        unheard.workers[0].status = nil
        #expect(get("/readyz", unheard).status == 503)
    }

    @Test func jsonIsTheDocument() throws {
        let body = get("/debug/stalls.json").body
        let document = try StallJSON.decode(StallsDocument.self, from: Array(body.utf8))
        #expect(document == StallsDocument(Gallery.cluster()))
    }

    @Test func thePolicyCoversTheScripts() {
        #expect(SHA256.base64("abc") == "ungWv48Bz+pBQUDeXa4iI7ADYaOWF3qctBD/YfIAFa0=")
        #expect(PageSecurity.pageScriptHash == SHA256.base64(PageShell.script), "put this hash into PageSecurity")
        #expect(PageSecurity.flameScriptHash == SHA256.base64(FlameGraph.script), "put this hash into PageSecurity")
        let policy = header("content-security-policy", get("/debug/stalls.html")) ?? ""
        #expect(policy.contains("default-src 'none'"))
        #expect(policy.contains("'sha256-\(PageSecurity.pageScriptHash)'"))
        #expect(!policy.contains("script-src 'unsafe-inline'"))
        // One script and nothing around it: what the browser hashes is what we hashed.
        #expect(StallsPage.html(Gallery.cluster()).contains("<script>\(PageShell.script)</script>"))
        #expect(FlameGraph.svg([]).contains("<script>\(FlameGraph.script)</script>"))
    }
}

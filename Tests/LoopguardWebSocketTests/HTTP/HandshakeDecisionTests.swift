import NIOHTTP1
import Testing

@testable import LoopguardWebSocket

@Suite struct HandshakeDecisionTests {
    static let table: RouteTable<String, String> = {
        var table = RouteTable<String, String>()
        table.addWebSocket("/ws/echo", "echo")
        table.addWebSocket("/ws/rooms/{room}", subprotocols: ["chat.v2", "chat.v1"], "room")
        table.addPlain("/", "index")
        table.addPlain("/static/**", "static")
        table.addPlain("/static/special", "special")
        return table
    }()

    static func head(
        _ method: HTTPMethod = .GET, _ uri: String = "/ws/echo", version: HTTPVersion = .http1_1,
        _ change: (inout HTTPHeaders) -> Void = { _ in }
    ) -> HTTPRequestHead {
        var headers: HTTPHeaders = [
            "Host": "example.com", "Upgrade": "websocket", "Connection": "Upgrade",
            "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==", "Sec-WebSocket-Version": "13",
        ]
        change(&headers)
        return HTTPRequestHead(version: version, method: method, uri: uri, headers: headers)
    }

    static func decide(_ head: HTTPRequestHead, _ policy: OriginPolicy = .sameOrigin) -> HandshakeDecision<
        String, String
    > {
        table.decide(head, origins: policy)
    }

    static func refusal(_ head: HTTPRequestHead, _ policy: OriginPolicy = .sameOrigin) -> Refusal? {
        if case .refuse(let refusal) = decide(head, policy) { refusal } else { nil }
    }

    static func accepted(_ head: HTTPRequestHead, _ policy: OriginPolicy = .sameOrigin)
        -> HandshakeDecision<String, String>.Accepted?
    {
        if case .accept(let accepted) = decide(head, policy) { accepted } else { nil }
    }

    @Test func acceptsTheExampleOfTheRFC() throws {
        let accepted = try #require(Self.accepted(Self.head()))
        #expect(accepted.route == "echo")
        #expect(accepted.headers.first(name: "sec-websocket-accept") == "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=")
        #expect(!accepted.headers.contains(name: "sec-websocket-protocol"))
    }

    @Test func tokensAreListsWithoutCase() {
        let head = Self.head {
            $0.replaceOrAdd(name: "Upgrade", value: "h2c, WebSocket")
            $0.remove(name: "Connection")
            $0.add(name: "connection", value: "keep-alive , UPGRADE")
        }
        #expect(Self.accepted(head) != nil)
        #expect(Self.accepted(Self.head { $0.replaceOrAdd(name: "connection", value: "upgraded") }) == nil)
    }

    @Test func parametersAreDecoded() {
        let accepted = Self.accepted(Self.head(.GET, "/ws/rooms/gr%C3%BCn%2Fblau?x=1"))
        #expect(accepted?.parameters == ["room": "grün/blau"])
        #expect(accepted?.query == "x=1")
        #expect(accepted?.path == "/ws/rooms/grün/blau")
        #expect(Self.accepted(Self.head(.GET, "http://example.com/ws/echo"))?.route == "echo")
    }

    @Test func theClientsFirstKnownSubprotocolIsChosen() {
        func chosen(_ offer: String?) -> String? {
            Self.accepted(
                Self.head(.GET, "/ws/rooms/a") { headers in
                    if let offer { headers.add(name: "Sec-WebSocket-Protocol", value: offer) }
                })?.subprotocol
        }
        #expect(chosen("other, chat.v1, chat.v2") == "chat.v1")
        #expect(chosen("CHAT.V1") == nil)
        #expect(chosen(nil) == nil)
    }

    struct Case: Sendable, CustomTestStringConvertible {
        var name: String
        var head: HTTPRequestHead
        var status: HTTPResponseStatus
        var header: (String, String)?
        var testDescription: String { name }
        init(_ name: String, _ head: HTTPRequestHead, _ status: HTTPResponseStatus, _ header: (String, String)? = nil) {
            self.name = name
            self.head = head
            self.status = status
            self.header = header
        }
    }

    static let refusals: [Case] = {
        func changed(_ name: String, _ value: String?) -> HTTPRequestHead {
            head { headers in
                headers.remove(name: name)
                if let value { headers.add(name: name, value: value) }
            }
        }
        return [
            Case("no Host", changed("host", nil), .badRequest),
            Case("empty Host", changed("host", ""), .badRequest),
            Case("two Hosts", head { $0.add(name: "host", value: "b") }, .badRequest),
            Case("HTTP/1.0", head(version: .http1_0), .badRequest),
            Case("no key", changed("sec-websocket-key", nil), .badRequest),
            Case(
                "two keys", head { $0.add(name: "sec-websocket-key", value: "dGhlIHNhbXBsZSBub25jZQ==") }, .badRequest),
            Case("key of 15 bytes", changed("sec-websocket-key", "dGhlIHNhbXBsZSBub25j"), .badRequest),
            Case("key of 17 bytes", changed("sec-websocket-key", "dGhlIHNhbXBsZSBub25jZTE="), .badRequest),
            Case("key not base64", changed("sec-websocket-key", "dGhlIHNhbXBs!SBub25jZQ=="), .badRequest),
            Case("Connection without Upgrade", changed("connection", "keep-alive"), .badRequest),
            Case("version 8", changed("sec-websocket-version", "8"), .upgradeRequired, ("sec-websocket-version", "13")),
            Case(
                "no version", changed("sec-websocket-version", nil), .upgradeRequired, ("sec-websocket-version", "13")),
            Case("plain GET", changed("upgrade", nil), .upgradeRequired, ("sec-websocket-version", "13")),
            Case("POST", head(.POST), .methodNotAllowed, ("allow", "GET")),
            Case("PUT on a page", head(.PUT, "/"), .methodNotAllowed, ("allow", "GET, HEAD")),
            Case("unknown path", head(.GET, "/nope"), .notFound),
            Case("empty parameter", head(.GET, "/ws/rooms/"), .notFound),
            Case("upgrade on a page", head(.GET, "/"), .badRequest),
            Case("bad escape", head(.GET, "/ws/%zz"), .badRequest),
            Case("NUL in the path", head(.GET, "/ws/%00"), .badRequest),
            Case("body", head { $0.add(name: "content-length", value: "5") }, .payloadTooLarge),
            Case("foreign origin", head { $0.add(name: "origin", value: "https://evil.example") }, .forbidden),
            Case("null origin", head { $0.add(name: "origin", value: "null") }, .forbidden),
        ]
    }()

    @Test(arguments: refusals) func refuses(_ test: Case) {
        let refusal = Self.refusal(test.head)
        #expect(refusal?.status == test.status)
        if let (name, value) = test.header { #expect(refusal?.headers.first(name: name) == value) }
        #expect(refusal?.message.isEmpty == false)
    }

    @Test func unknownPathsGetAHint() {
        #expect(Self.refusal(Self.head(.GET, "/nope"))?.message.contains("/ws/echo") == true)
    }

    @Test func originsAreCompared() {
        func passes(_ origin: String?, host: String, _ policy: OriginPolicy) -> Bool {
            policy.allows(origins: origin.map { [$0] } ?? [], host: host)
        }
        #expect(passes(nil, host: "a", .sameOrigin))
        #expect(passes("https://a.example", host: "a.example", .sameOrigin))
        #expect(passes("https://A.example:443", host: "a.EXAMPLE", .sameOrigin))
        #expect(passes("http://localhost:8080", host: "localhost:8080", .sameOrigin))
        #expect(!passes("http://localhost:8081", host: "localhost:8080", .sameOrigin))
        #expect(!passes("https://a.example.evil", host: "a.example", .sameOrigin))
        #expect(!passes("https://evil-a.example", host: "a.example", .sameOrigin))
        #expect(!passes("", host: "", .sameOrigin))
        #expect(passes("https://app.example", host: "api.example", .list(["https://app.example/"])))
        #expect(!passes("http://app.example", host: "api.example", .list(["https://app.example"])))
        #expect(passes("https://x", host: "y", .any))
        #expect(!OriginPolicy.sameOrigin.allows(origins: ["https://a", "https://b"], host: "a"))
    }

    @Test func theMostSpecificPageAnswers() {
        func page(_ uri: String) -> String? {
            let head = Self.head(.GET, uri) { $0.remove(name: "upgrade") }
            if case .plain(let route, _, _, _) = Self.decide(head) { return route }
            return nil
        }
        #expect(page("/") == "index")
        #expect(page("/static/special") == "special")
        #expect(page("/static/a/b.js?v=1") == "static")
        #expect(page("/static/../ws") == "static")
    }

    @Test func queryAndCookiesAreRead() {
        let request = HTTPRequestInfo(
            method: .GET, path: "/", query: "a=1&b=%C3%BC&c", headers: ["cookie": "x=1; token=a=b"])
        #expect(request.queryValue("b") == "ü")
        #expect(request.queryValue("c") == "")
        #expect(request.queryValue("d") == nil)
        #expect(request.cookie("token") == "a=b")
        #expect(request.cookie("nope") == nil)
    }
}

import Crypto
import NIOCore
import NIOHTTP1

/// What to do with a request: pure, so that every rule of RFC 6455 §4.2 is a line in a test.
enum HandshakeDecision<WebSocketRoute, PlainRoute> {
    struct Accepted {
        var route: WebSocketRoute
        var parameters: [String: String]
        var path: String
        var query: String?
        var headers: HTTPHeaders
        var subprotocol: String?
    }

    case accept(Accepted)
    case plain(PlainRoute, path: String, query: String?, parameters: [String: String])
    case refuse(Refusal)
}

/// An error answer, and the name under which it is counted.
struct Refusal: Sendable, Equatable {
    var status: HTTPResponseStatus
    var headers: HTTPHeaders
    var message: String
    var reason: String

    init(_ status: HTTPResponseStatus, _ reason: String, _ message: String, headers: HTTPHeaders = [:]) {
        self.status = status
        self.headers = headers
        self.message = message
        self.reason = reason
    }

    static func overloaded(_ reason: String) -> Refusal {
        Refusal(
            .serviceUnavailable, reason, "Too many connections. Try again in a few seconds.",
            headers: ["retry-after": "5"])
    }
    static let malformed = Refusal(.badRequest, "malformed", "This is not a well-formed HTTP/1.1 request.")
    static let timeout = Refusal(
        .requestTimeout, "handshake_timeout", "The request was not complete in time. Send it in one go.")
    static let headersTooLarge = Refusal(
        .requestHeaderFieldsTooLarge, "headers_too_large", "The request line and headers are too large.")
    static let body = Refusal(.payloadTooLarge, "body", "This server takes no request bodies.")
}

/// Routes, most specific first.
struct RouteTable<WebSocketRoute: Sendable, PlainRoute: Sendable>: Sendable {
    struct Entry<Route: Sendable>: Sendable {
        var pattern: RoutePattern
        var subprotocols: [String]
        var route: Route
    }

    private(set) var webSocket: [Entry<WebSocketRoute>] = []
    private(set) var plain: [Entry<PlainRoute>] = []

    mutating func addWebSocket(_ pattern: String, subprotocols: [String] = [], _ route: WebSocketRoute) {
        webSocket.append(Entry(pattern: RoutePattern(pattern), subprotocols: subprotocols, route: route))
        webSocket.sort { $0.pattern.specificity > $1.pattern.specificity }
    }

    mutating func addPlain(_ pattern: String, _ route: PlainRoute) {
        plain.append(Entry(pattern: RoutePattern(pattern), subprotocols: [], route: route))
        plain.sort { $0.pattern.specificity > $1.pattern.specificity }
    }

    private static func find<Route>(
        _ entries: [Entry<Route>], _ segments: [Substring]
    ) -> (Entry<Route>, [String: String])? {
        for entry in entries {
            if let parameters = entry.pattern.match(segments) { return (entry, parameters) }
        }
        return nil
    }

    /// Judges a complete request head.
    func decide(
        _ head: HTTPRequestHead, origins policy: OriginPolicy
    ) -> HandshakeDecision<WebSocketRoute, PlainRoute> {
        let headers = head.headers
        guard head.version.major == 1 else { return .refuse(.malformed) }
        let hosts = headers["host"]
        guard hosts.count == 1 || (hosts.isEmpty && head.version.minor == 0), hosts.first != "" else {
            return .refuse(Refusal(.badRequest, "host", "Exactly one Host header is required."))
        }

        let (target, query) = Self.split(head.uri)
        guard target.hasPrefix("/"), let path = PercentEncoding.decode(target) else {
            return .refuse(Refusal(.badRequest, "path", "The path is not a valid one."))
        }
        let segments = target.split(separator: "/", omittingEmptySubsequences: false).dropFirst()
        let socket = Self.find(webSocket, Array(segments))
        let page = Self.find(plain, Array(segments))
        guard socket != nil || page != nil else {
            let known = webSocket.map(\.pattern.description).sorted().joined(separator: ", ")
            return .refuse(
                Refusal(
                    .notFound, "unknown_path", "Nothing is served at \(Self.printable(path)). WebSocket paths: \(known)"
                ))
        }
        let isGet = head.method == .GET || (head.method == .HEAD && page != nil)
        guard isGet else {
            let allowed = page != nil ? "GET, HEAD" : "GET"
            return .refuse(Refusal(.methodNotAllowed, "method", "Only \(allowed) here.", headers: ["allow": allowed]))
        }
        guard !headers.contains(name: "transfer-encoding"), headers["content-length"].allSatisfy({ $0 == "0" }) else {
            return .refuse(.body)
        }

        let wantsWebSocket = Self.tokens(headers, "upgrade").contains { $0 == "websocket" }
        if !wantsWebSocket {
            if let (entry, parameters) = page {
                return .plain(entry.route, path: path, query: query, parameters: parameters)
            }
            return .refuse(
                Refusal(
                    .upgradeRequired, "not_an_upgrade", "This path speaks WebSocket: connect with a WebSocket client.",
                    headers: ["upgrade": "websocket", "sec-websocket-version": "13"]))
        }
        guard let (entry, parameters) = socket else {
            return .refuse(Refusal(.badRequest, "not_a_websocket_path", "This path does not speak WebSocket."))
        }
        if let refusal = Self.checkUpgrade(head) { return .refuse(refusal) }
        guard policy.allows(origins: headers["origin"], host: hosts.first) else {
            return .refuse(
                Refusal(
                    .forbidden, "origin",
                    "Pages of this origin may not connect. The server's list of allowed origins decides."))
        }

        var answer: HTTPHeaders = ["upgrade": "websocket", "connection": "Upgrade"]
        let key = headers.first(name: "sec-websocket-key") ?? ""
        answer.add(name: "sec-websocket-accept", value: WebSocketAccept.value(for: key))
        // One that was offered, or none: never blindly the first (RFC 6455 §4.2.2). The client's order of preference.
        let offered = Self.tokens(headers, "sec-websocket-protocol", lowercased: false)
        let chosen = offered.first { entry.subprotocols.contains($0) }
        if let chosen { answer.add(name: "sec-websocket-protocol", value: chosen) }
        return .accept(
            .init(
                route: entry.route, parameters: parameters, path: path, query: query, headers: answer,
                subprotocol: chosen))
    }

    private static func checkUpgrade(_ head: HTTPRequestHead) -> Refusal? {
        let headers = head.headers
        guard head.version.minor >= 1 else {
            return Refusal(.badRequest, "http_version", "A WebSocket handshake needs HTTP/1.1.")
        }
        guard tokens(headers, "connection").contains("upgrade") else {
            return Refusal(.badRequest, "connection", "The Connection header must hold the token Upgrade.")
        }
        let versions = tokens(headers, "sec-websocket-version")
        guard versions == ["13"] else {
            return Refusal(
                .upgradeRequired, "websocket_version", "This server speaks version 13 of the WebSocket protocol.",
                headers: ["upgrade": "websocket", "sec-websocket-version": "13"])
        }
        let keys = headers["sec-websocket-key"]
        guard keys.count == 1, WebSocketAccept.isValidKey(keys[0]) else {
            return Refusal(
                .badRequest, "websocket_key", "Exactly one Sec-WebSocket-Key of 16 bytes in base64 is required.")
        }
        return nil
    }

    /// Path and query of a request target; absolute form (`http://host/path`, RFC 9112 §3.2.2) is taken as well.
    private static func split(_ uri: String) -> (Substring, String?) {
        var rest = Substring(uri)
        if let scheme = rest.firstRange(of: "://"), !rest.hasPrefix("/") {
            rest = rest[scheme.upperBound...]
            rest = rest.firstIndex(of: "/").map { rest[$0...] } ?? "/"
        }
        if let fragment = rest.firstIndex(of: "#") { rest = rest[..<fragment] }
        guard let mark = rest.firstIndex(of: "?") else { return (rest, nil) }
        return (rest[..<mark], String(rest[rest.index(after: mark)...]))
    }

    /// The elements of a comma-separated header, over all its lines, lower case unless told otherwise.
    static func tokens(_ headers: HTTPHeaders, _ name: String, lowercased: Bool = true) -> [String] {
        headers[canonicalForm: name].map { lowercased ? $0.lowercased() : String($0) }.filter { !$0.isEmpty }
    }

    /// The text comes from outside and goes into an answer: short, and without control characters.
    private static func printable(_ text: String) -> String {
        String(
            String.UnicodeScalarView(text.unicodeScalars.filter { $0.value >= 0x20 && $0.value != 0x7F }.prefix(100)))
    }
}

/// Sec-WebSocket-Key and Sec-WebSocket-Accept (RFC 6455 §4.2.2).
enum WebSocketAccept {
    static func value(for key: String) -> String {
        let digest = Insecure.SHA1.hash(data: Array((key + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11").utf8))
        return Base64.encode(Array(digest))
    }

    /// 16 bytes in base64 are 22 digits, the last of which carries two bits, and `==`.
    static func isValidKey(_ key: String) -> Bool {
        let bytes = Array(key.utf8)
        guard bytes.count == 24, bytes[22] == UInt8(ascii: "="), bytes[23] == UInt8(ascii: "=") else { return false }
        guard bytes[..<22].allSatisfy({ Base64.alphabet.contains($0) }) else { return false }
        return true
    }
}

/// The few bytes of base64 that a handshake needs (RFC 4648 §4), without Foundation.
enum Base64 {
    static let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)

    static func encode(_ bytes: [UInt8]) -> String {
        var result: [UInt8] = []
        var index = 0
        while index < bytes.count {
            let rest = bytes.count - index
            let group =
                UInt32(bytes[index]) << 16 | (rest > 1 ? UInt32(bytes[index + 1]) << 8 : 0)
                | (rest > 2 ? UInt32(bytes[index + 2]) : 0)
            for digit in 0..<4 {
                let isPadding = digit > rest
                let value = Int(group >> UInt32(18 - 6 * digit) & 0x3F)
                result.append(isPadding ? UInt8(ascii: "=") : alphabet[value])
            }
            index += 3
        }
        return String(decoding: result, as: UTF8.self)
    }
}

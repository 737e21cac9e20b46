public import NIOCore
public import NIOHTTP1

/// A plain HTTP answer. The server adds Content-Length, Connection: close and X-Correlation-ID.
public struct HTTPAnswer: Sendable {
    public var status: HTTPResponseStatus
    public var headers: HTTPHeaders
    public var body: ByteBuffer

    public init(status: HTTPResponseStatus = .ok, headers: HTTPHeaders = [:], body: ByteBuffer = ByteBuffer()) {
        self.status = status
        self.headers = headers
        self.body = body
    }

    /// Plain text.
    public static func text(_ text: String, status: HTTPResponseStatus = .ok) -> HTTPAnswer {
        .init(status: status, headers: ["content-type": "text/plain; charset=utf-8"], body: ByteBuffer(string: text))
    }
    /// A page.
    public static func html(_ html: String, status: HTTPResponseStatus = .ok) -> HTTPAnswer {
        .init(status: status, headers: ["content-type": "text/html; charset=utf-8"], body: ByteBuffer(string: html))
    }
    /// JSON, as text that is sent as it is.
    public static func json(_ json: String, status: HTTPResponseStatus = .ok) -> HTTPAnswer {
        .init(status: status, headers: ["content-type": "application/json"], body: ByteBuffer(string: json))
    }
    /// 307: the same request, elsewhere.
    public static func redirect(to location: String) -> HTTPAnswer {
        var answer = HTTPAnswer.text("See \(location)\n", status: .temporaryRedirect)
        answer.headers.replaceOrAdd(name: "location", value: location)
        return answer
    }
}

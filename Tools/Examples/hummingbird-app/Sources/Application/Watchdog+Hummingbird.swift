import HTTPTypes
public import Hummingbird
public import Loopguard
import NIOCore

extension Watchdog {
    /// Answers `/debug/…` as Hummingbird wants it.
    public func answer(_ request: Request) -> Response {
        let answer = respond(
            method: request.method.rawValue, path: request.uri.path, query: request.uri.query,
            accept: request.headers[.accept])
        var headers = HTTPFields()
        // Hummingbird writes the length itself.
        for (name, value) in answer.headers where name != "content-length" {
            if let name = HTTPField.Name(name) { headers[name] = value }
        }
        return Response(
            status: .init(code: answer.status), headers: headers,
            body: .init(byteBuffer: ByteBuffer(string: answer.body)))
    }
}

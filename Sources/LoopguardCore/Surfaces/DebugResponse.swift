/// An answer of the admin address.
public struct DebugResponse: Sendable {
    /// HTTP status code.
    public var status: Int
    /// In order, names in lower case. `content-length` is among them; for `HEAD` it is that of the `GET`.
    public var headers: [(String, String)]
    /// UTF-8; empty for `HEAD`.
    public var body: String

    /// An answer of its parts.
    public init(status: Int, headers: [(String, String)], body: String) {
        self.status = status
        self.headers = headers
        self.body = body
    }
}

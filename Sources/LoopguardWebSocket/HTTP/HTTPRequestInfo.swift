public import NIOCore
public import NIOHTTP1

/// The request that opened a connection, or that a plain HTTP route answers.
public struct HTTPRequestInfo: Sendable {
    public var method: HTTPMethod
    /// The path, percent-decoded, without the query.
    public var path: String
    /// What follows `?`, as it came; nil without.
    public var query: String?
    /// Values of the pattern's `{name}` segments, decoded.
    public var parameters: [String: String]
    public var headers: HTTPHeaders
    public var remoteAddress: SocketAddress?
    public var isTLS: Bool

    public init(
        method: HTTPMethod, path: String, query: String? = nil, parameters: [String: String] = [:],
        headers: HTTPHeaders = [:], remoteAddress: SocketAddress? = nil, isTLS: Bool = false
    ) {
        self.method = method
        self.path = path
        self.query = query
        self.parameters = parameters
        self.headers = headers
        self.remoteAddress = remoteAddress
        self.isTLS = isTLS
    }

    /// The Origin header: which page opens the connection; nil for programs.
    public var origin: String? { headers.first(name: "origin") }

    /// The first value of a query item, decoded; nil when it is not there.
    public func queryValue(_ name: String) -> String? {
        guard let query else { return nil }
        for item in query.split(separator: "&") {
            let pair = item.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            guard PercentEncoding.decode(pair[0]) == name else { continue }
            return pair.count == 2 ? PercentEncoding.decode(pair[1]) : ""
        }
        return nil
    }

    /// The value of a cookie; nil when it is not there.
    public func cookie(_ name: String) -> String? {
        for header in headers["cookie"] {
            for pair in header.split(separator: ";") {
                let parts = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
                guard parts.count == 2, parts[0].drop(while: { $0 == " " }) == name else { continue }
                return String(parts[1])
            }
        }
        return nil
    }
}

/// Percent-encoding of URLs (RFC 3986 §2.1).
enum PercentEncoding {
    /// Nil when an escape is malformed, or the result is not UTF-8 or holds a NUL.
    static func decode(_ text: some StringProtocol) -> String? {
        guard text.utf8.contains(UInt8(ascii: "%")) else { return String(text) }
        var bytes: [UInt8] = []
        bytes.reserveCapacity(text.utf8.count)
        var iterator = text.utf8.makeIterator()
        while let byte = iterator.next() {
            guard byte == UInt8(ascii: "%") else {
                bytes.append(byte)
                continue
            }
            guard let high = iterator.next().flatMap(digit), let low = iterator.next().flatMap(digit) else {
                return nil
            }
            bytes.append(high << 4 | low)
        }
        guard !bytes.contains(0) else { return nil }
        return String(validating: bytes, as: UTF8.self)
    }

    private static func digit(_ byte: UInt8) -> UInt8? {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): byte - UInt8(ascii: "0")
        case UInt8(ascii: "a")...UInt8(ascii: "f"): byte - UInt8(ascii: "a") + 10
        case UInt8(ascii: "A")...UInt8(ascii: "F"): byte - UInt8(ascii: "A") + 10
        default: nil
        }
    }
}

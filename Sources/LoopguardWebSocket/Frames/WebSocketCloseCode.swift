/// Why a WebSocket connection ends (RFC 6455 §7.4, IANA WebSocket Close Code Number Registry).
public struct WebSocketCloseCode: RawRepresentable, Hashable, Sendable, CustomStringConvertible {
    public let rawValue: UInt16

    public init(rawValue: UInt16) { self.rawValue = rawValue }

    /// 1000: the purpose is fulfilled. Clients commonly take it as "do not reconnect".
    public static let normal = WebSocketCloseCode(rawValue: 1000)
    /// 1001: the page is left, or the server goes down.
    public static let goingAway = WebSocketCloseCode(rawValue: 1001)
    /// 1002: the frames break a rule of RFC 6455.
    public static let protocolError = WebSocketCloseCode(rawValue: 1002)
    /// 1003: a kind of data that is not accepted here, such as binary where only text is.
    public static let unsupportedData = WebSocketCloseCode(rawValue: 1003)
    /// 1005: the close frame had no code. Never on the wire.
    public static let noStatus = WebSocketCloseCode(rawValue: 1005)
    /// 1006: the connection ended without a close frame. Never on the wire.
    public static let abnormal = WebSocketCloseCode(rawValue: 1006)
    /// 1007: text that is not UTF-8, or data that does not fit its type.
    public static let invalidPayload = WebSocketCloseCode(rawValue: 1007)
    /// 1008: against the rules of the application.
    public static let policyViolation = WebSocketCloseCode(rawValue: 1008)
    /// 1009: over the message limit.
    public static let messageTooBig = WebSocketCloseCode(rawValue: 1009)
    /// 1011: the server failed.
    public static let internalError = WebSocketCloseCode(rawValue: 1011)
    /// 1012: the server restarts; reconnect.
    public static let serviceRestart = WebSocketCloseCode(rawValue: 1012)
    /// 1013: the server, or this client's line, is overloaded; reconnect later.
    public static let tryAgainLater = WebSocketCloseCode(rawValue: 1013)

    /// Whether the code may stand in a close frame (RFC 6455 §7.4.1, §7.4.2): 1000–1003, 1007–1014, 3000–4999.
    public var isValidOnWire: Bool {
        switch rawValue {
        case 1000...1003, 1007...1014, 3000...4999: true
        default: false
        }
    }

    public var description: String { String(rawValue) }
}

import Logging

/// How a connection ended.
public struct CloseInfo: Sendable, Equatable {
    /// Who ended it.
    public enum Initiator: String, Sendable {
        /// The peer sent a close frame first.
        case peer
        /// The server did: its handler, a limit, a broken rule, a drain.
        case server
        /// Nobody: the transport was reset, timed out, or ended without a close frame.
        case transport
    }

    /// 1005 when the peer's close frame had no code, 1006 when there was no close frame.
    public var code: WebSocketCloseCode
    public var reason: String
    public var initiator: Initiator
    /// The peer broke a rule of the protocol, or a limit.
    var isViolation = false

    public init(code: WebSocketCloseCode, reason: String, initiator: Initiator) {
        self.code = code
        self.reason = reason
        self.initiator = initiator
    }
}

extension CloseInfo {
    /// How loudly an end is said: what clients do every day is quiet, what breaks is not.
    var logLevel: Logger.Level {
        if isViolation || initiator == .transport { return .notice }
        switch code {
        case .normal, .noStatus: return .debug
        case .internalError: return .notice
        default: return .info
        }
    }
}

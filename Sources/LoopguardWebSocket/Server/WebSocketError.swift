/// An operating error of a connection or of the server.
public struct WebSocketError: Error, Sendable, CustomStringConvertible {
    /// What went wrong, for programs. May grow.
    public struct Code: Hashable, Sendable, CustomStringConvertible {
        public let description: String
        private init(_ description: String) { self.description = description }

        /// The connection has been closed, or is closing: nothing can be sent any more.
        public static let closed = Code("closed")
        /// The connection broke: reset, timed out, or ended without a close frame.
        public static let connectionLost = Code("connectionLost")
        /// The peer broke a rule of the protocol, or a limit.
        public static let protocolViolation = Code("protocolViolation")
        /// Two tasks read the messages of one connection at once.
        public static let concurrentRead = Code("concurrentRead")
        /// An option has a value that is not allowed.
        public static let invalidConfiguration = Code("invalidConfiguration")
        /// The server has been started already, or shut down.
        public static let invalidState = Code("invalidState")
    }

    public var code: Code
    /// What happened and what to do, for people.
    public var message: String
    public var cause: (any Error)?

    public init(_ code: Code, _ message: String, cause: (any Error)? = nil) {
        self.code = code
        self.message = message
        self.cause = cause
    }

    /// True when the reason is that the peer is gone or went wrong: nothing that the handler did.
    public var isAboutPeer: Bool { code == .closed || code == .connectionLost || code == .protocolViolation }

    public var description: String {
        cause.map { "\(code): \(message) (cause: \($0))" } ?? "\(code): \(message)"
    }
}

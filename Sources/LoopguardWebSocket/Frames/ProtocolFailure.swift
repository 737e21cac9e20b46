/// A rule that the peer broke; the connection is failed with the code (RFC 6455 §7.1.7).
struct ProtocolFailure: Error, Sendable, Equatable {
    var code: WebSocketCloseCode
    /// Sent to the peer as the close reason, so at most 123 bytes.
    var reason: String

    static func violation(_ reason: String) -> ProtocolFailure { .init(code: .protocolError, reason: reason) }

    static let unmasked = violation("client frames must be masked")
    static let reservedBits = violation("reserved bits must be 0: no extension was negotiated")
    static let reservedOpcode = violation("reserved opcode")
    static let lengthEncoding = violation("the length must be encoded in the fewest bytes")
    static let lengthTopBit = violation("the top bit of a 64-bit length must be 0")
    static let fragmentedControl = violation("control frames must not be fragmented")
    static let longControl = violation("control frames carry at most 125 bytes")
    static let orphanContinuation = violation("continuation without a message to continue")
    static let interleavedMessage = violation("new message before the last fragment of the one before")
    static let closePayload = violation("a close payload has 0 or at least 2 bytes")
    static let closeCode = violation("invalid close code")
    static let closeReason = ProtocolFailure(code: .invalidPayload, reason: "the close reason is not UTF-8")
    static let text = ProtocolFailure(code: .invalidPayload, reason: "the text is not UTF-8")

    static func fragments(limit: Int) -> ProtocolFailure {
        .init(code: .policyViolation, reason: "more than \(limit) fragments in a message")
    }
    static func size(limit: Int) -> ProtocolFailure {
        .init(code: .messageTooBig, reason: "the message is over the limit of \(limit) bytes")
    }
}

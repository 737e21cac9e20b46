import NIOCore

/// Payload of a close frame (RFC 6455 §5.5.1).
struct CloseFrame: Sendable, Equatable {
    /// Longest reason, in bytes: 125 less two for the code.
    static let maximumReasonBytes = 123

    /// Nil when the frame had no payload.
    var code: WebSocketCloseCode?
    var reason: String

    init(code: WebSocketCloseCode?, reason: String = "") {
        self.code = code
        self.reason = reason
    }

    /// Judges a payload: 0 or ≥ 2 bytes, a code that may be on the wire, a reason in UTF-8.
    static func parse(_ payload: ByteBuffer) -> Result<CloseFrame, ProtocolFailure> {
        var payload = payload
        guard payload.readableBytes > 0 else { return .success(CloseFrame(code: nil)) }
        guard let raw = payload.readInteger(as: UInt16.self) else { return .failure(.closePayload) }
        let code = WebSocketCloseCode(rawValue: raw)
        guard code.isValidOnWire else { return .failure(.closeCode) }
        guard let reason = String(validating: payload.readableBytesView, as: UTF8.self) else {
            return .failure(.closeReason)
        }
        return .success(CloseFrame(code: code, reason: reason))
    }

    /// The payload to send: nothing without a code, and never one of the codes that must not be sent.
    var payload: ByteBuffer {
        guard let code else { return ByteBuffer() }
        var buffer = ByteBuffer()
        buffer.writeInteger((code.isValidOnWire ? code : .internalError).rawValue)
        buffer.writeString(Self.truncate(reason))
        return buffer
    }

    /// Shortens to the limit without cutting a code point in two, which would make it invalid.
    static func truncate(_ reason: String) -> String {
        guard reason.utf8.count > maximumReasonBytes else { return reason }
        var result = ""
        var bytes = 0
        for scalar in reason.unicodeScalars {
            bytes += UTF8.width(scalar)
            if bytes > maximumReasonBytes { break }
            result.unicodeScalars.append(scalar)
        }
        return result
    }
}

public import NIOCore

/// One whole message: text or binary.
///
/// The payload is kept as the bytes that came from the wire, shared and not copied; a `String` is made only when asked for.
public struct WebSocketMessage: Sendable, Equatable {
    /// Which of the two kinds of data RFC 6455 knows.
    public enum Kind: Sendable, Equatable {
        case text
        case binary
    }

    public let kind: Kind
    /// The payload. Of a text message it is valid UTF-8.
    public let payload: ByteBuffer

    /// - Precondition: of a `.text` message the payload is valid UTF-8; otherwise the peer closes with 1007.
    public init(kind: Kind, payload: ByteBuffer) {
        self.kind = kind
        self.payload = payload
    }

    /// A text message.
    public static func text(_ text: String) -> WebSocketMessage {
        WebSocketMessage(kind: .text, payload: ByteBuffer(string: text))
    }

    /// A binary message.
    public static func binary(_ bytes: [UInt8]) -> WebSocketMessage {
        WebSocketMessage(kind: .binary, payload: ByteBuffer(bytes: bytes))
    }

    /// The text of a text message; nil for a binary one. Decodes at every call.
    public var text: String? { kind == .text ? string : nil }

    /// The payload as text, whatever the kind; invalid UTF-8 of a binary message is replaced by U+FFFD.
    public var string: String { String(buffer: payload) }

    /// A copy of the payload.
    public var bytes: [UInt8] { Array(payload.readableBytesView) }

    /// Size of the payload, in bytes.
    public var count: Int { payload.readableBytes }

    /// The payload by its kind, for a `switch`. Copies at every call.
    public var content: Content { kind == .text ? .text(string) : .binary(bytes) }

    /// A message taken apart.
    public enum Content: Sendable, Equatable {
        case text(String)
        case binary([UInt8])
    }
}

public import NIOCore

/// The frame parser and encoder for `Tools/Benchmarks`, without a connection around them. Not API: may change at any time.
@_spi(Benchmarks)
public struct FrameCodecProbe {
    private var parser = FrameParser(limits: .init(messageBytes: 1 << 20, fragments: 1024))

    /// A parser that has seen nothing.
    public init() {}

    /// Parses what one read brought; returns how many messages it held.
    public mutating func parse(_ input: ByteBuffer) -> Int {
        var input = input
        var messages = 0
        while let event = parser.next(&input) { if case .message = event { messages += 1 } }
        return messages
    }

    /// Appends a message as a server frame.
    public static func encode(_ message: WebSocketMessage, into buffer: inout ByteBuffer) {
        FrameEncoder.write(message.kind == .text ? .text : .binary, message.payload, into: &buffer)
    }
}

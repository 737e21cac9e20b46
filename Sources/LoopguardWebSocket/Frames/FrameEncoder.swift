import NIOCore

/// Writes server frames: never masked, always one frame a message (RFC 6455 §5.2).
enum FrameEncoder {
    /// Size of the header for a payload of `length` bytes: 2, 4 or 10.
    static func headerSize(for length: Int) -> Int { length < 126 ? 2 : length <= 0xFFFF ? 4 : 10 }

    static func writeHeader(_ opcode: Opcode, length: Int, into buffer: inout ByteBuffer) {
        let first = UInt64(0x80 | opcode.rawValue)
        if length < 126 {
            buffer.writeInteger(UInt16(first << 8 | UInt64(length)))
        } else if length <= 0xFFFF {
            buffer.writeInteger(UInt32(first << 24 | 126 << 16 | UInt64(length)))
        } else {
            buffer.writeInteger(UInt16(first << 8 | 127))
            buffer.writeInteger(UInt64(length))
        }
    }

    /// Appends a frame.
    static func write(_ opcode: Opcode, _ payload: ByteBuffer, into buffer: inout ByteBuffer) {
        buffer.reserveCapacity(minimumWritableBytes: headerSize(for: payload.readableBytes) + payload.readableBytes)
        writeHeader(opcode, length: payload.readableBytes, into: &buffer)
        buffer.writeImmutableBuffer(payload)
    }

    /// A frame of its own, for all receivers of a broadcast: encoded once, shared, never copied.
    static func encodeOnce(_ message: WebSocketMessage) -> ByteBuffer {
        var buffer = ByteBuffer()
        write(message.kind == .text ? .text : .binary, message.payload, into: &buffer)
        return buffer
    }

    static func encode(_ close: CloseFrame) -> ByteBuffer {
        var buffer = ByteBuffer()
        write(.close, close.payload, into: &buffer)
        return buffer
    }
}

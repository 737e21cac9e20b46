/// The opcodes of RFC 6455 §5.2; all others are reserved.
enum Opcode: UInt8, Sendable {
    case continuation = 0x0
    case text = 0x1
    case binary = 0x2
    case close = 0x8
    case ping = 0x9
    case pong = 0xA

    var isControl: Bool { rawValue & 0x8 != 0 }
}

/// Header of a frame that a client sent.
struct FrameHeader: Sendable, Equatable {
    /// Two bytes, eight of length, four of mask.
    static let maximumLength = 14

    var isFinal: Bool
    var opcode: Opcode
    /// Payload length in bytes.
    var length: Int
    /// The mask as it lies in memory: lowest byte first.
    var mask: UInt32

    enum Parsed {
        case incomplete
        case header(FrameHeader, size: Int)
        case failure(ProtocolFailure)
    }

    /// Reads a header from the beginning of `bytes`, and judges every byte as soon as it is there.
    static func parse(_ bytes: UnsafeRawBufferPointer) -> Parsed {
        guard bytes.count >= 1 else { return .incomplete }
        let first = bytes[0]
        guard first & 0x70 == 0 else { return .failure(.reservedBits) }
        guard let opcode = Opcode(rawValue: first & 0x0F) else { return .failure(.reservedOpcode) }
        let isFinal = first & 0x80 != 0
        guard isFinal || !opcode.isControl else { return .failure(.fragmentedControl) }

        guard bytes.count >= 2 else { return .incomplete }
        guard bytes[1] & 0x80 != 0 else { return .failure(.unmasked) }
        let short = Int(bytes[1] & 0x7F)
        guard short <= 125 || !opcode.isControl else { return .failure(.longControl) }

        var size = 2
        var length = short
        if short == 126 {
            guard bytes.count >= 4 else { return .incomplete }
            length = Int(UInt16(bigEndian: bytes.loadUnaligned(fromByteOffset: 2, as: UInt16.self)))
            guard length >= 126 else { return .failure(.lengthEncoding) }
            size = 4
        } else if short == 127 {
            guard bytes.count >= 3 else { return .incomplete }
            guard bytes[2] & 0x80 == 0 else { return .failure(.lengthTopBit) }
            guard bytes.count >= 10 else { return .incomplete }
            let long = UInt64(bigEndian: bytes.loadUnaligned(fromByteOffset: 2, as: UInt64.self))
            guard long > 0xFFFF else { return .failure(.lengthEncoding) }
            length = Int(long)
            size = 10
        }
        guard bytes.count >= size + 4 else { return .incomplete }
        let mask = bytes.loadUnaligned(fromByteOffset: size, as: UInt32.self)
        return .header(FrameHeader(isFinal: isFinal, opcode: opcode, length: length, mask: mask), size: size + 4)
    }
}

import NIOCore

@testable import LoopguardWebSocket

/// RFC 6455 read slowly and literally, over the whole input at once: what the real parser is compared with.
struct ReferenceParser {
    var limits: FrameParser.Limits

    func events(_ bytes: [UInt8]) -> [FrameParser.Event] {
        var events: [FrameParser.Event] = []
        var at = 0
        var kind: WebSocketMessage.Kind?
        var message: [UInt8] = []
        var fragments = 0

        func fail(_ failure: ProtocolFailure) -> [FrameParser.Event] { events + [.failure(failure)] }
        while at < bytes.count {
            let first = bytes[at]
            if first & 0x70 != 0 { return fail(.reservedBits) }
            let opcode = first & 0x0F
            if ![0, 1, 2, 8, 9, 10].contains(opcode) { return fail(.reservedOpcode) }
            let isFinal = first & 0x80 != 0
            let isControl = opcode >= 8
            if isControl, !isFinal { return fail(.fragmentedControl) }
            guard at + 1 < bytes.count else { break }
            if bytes[at + 1] & 0x80 == 0 { return fail(.unmasked) }
            var length = UInt64(bytes[at + 1] & 0x7F)
            if isControl, length > 125 { return fail(.longControl) }
            var next = at + 2
            if length >= 126 {
                let size = length == 126 ? 2 : 8
                if size == 8, next < bytes.count, bytes[next] & 0x80 != 0 { return fail(.lengthTopBit) }
                guard next + size <= bytes.count else { break }
                length = bytes[next..<next + size].reduce(0) { $0 << 8 | UInt64($1) }
                next += size
                if length < (size == 2 ? 126 : 65_536) { return fail(.lengthEncoding) }
            }
            guard next + 4 <= bytes.count else { break }
            let mask = Array(bytes[next..<next + 4])
            next += 4
            if !isControl {
                if opcode == 0, kind == nil { return fail(.orphanContinuation) }
                if opcode != 0, kind != nil { return fail(.interleavedMessage) }
                if opcode != 0 {
                    kind = opcode == 1 ? .text : .binary
                    message = []
                    fragments = 0
                }
                fragments += 1
                if fragments > limits.fragments { return fail(.fragments(limit: limits.fragments)) }
                if length > UInt64(limits.messageBytes - message.count) {
                    return fail(.size(limit: limits.messageBytes))
                }
            }
            let available = min(Int(clamping: length), bytes.count - next)
            let payload = (0..<available).map { bytes[next + $0] ^ mask[$0 % 4] }
            let isWhole = UInt64(available) == length
            if isControl {
                guard isWhole else { break }
                switch opcode {
                case 9: events.append(.ping(ByteBuffer(bytes: payload)))
                case 10: events.append(.pong(ByteBuffer(bytes: payload)))
                default:
                    if payload.count == 1 { return fail(.closePayload) }
                    if payload.isEmpty { return events + [.close(CloseFrame(code: nil))] }
                    let code = UInt16(payload[0]) << 8 | UInt16(payload[1])
                    let isAllowed =
                        [1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 1012, 1013, 1014].contains(code)
                        || (3000..<5000).contains(code)
                    if !isAllowed { return fail(.closeCode) }
                    guard let reason = String(validating: payload.dropFirst(2), as: UTF8.self) else {
                        return fail(.closeReason)
                    }
                    return events + [.close(CloseFrame(code: WebSocketCloseCode(rawValue: code), reason: reason))]
                }
            } else {
                message += payload
                if kind == .text, !Self.isPrefixOfUTF8(message) { return fail(.text) }
                guard isWhole else { break }
                if isFinal, let ended = kind {
                    if ended == .text, String(validating: message, as: UTF8.self) == nil { return fail(.text) }
                    events.append(.message(WebSocketMessage(kind: ended, payload: ByteBuffer(bytes: message))))
                    kind = nil
                }
            }
            at = next + payload.count
        }
        return events
    }

    /// Whether some continuation makes it UTF-8: tries what the standard library says, with every completion.
    static func isPrefixOfUTF8(_ bytes: [UInt8]) -> Bool {
        if String(validating: bytes, as: UTF8.self) != nil { return true }
        for count in 1...3 {
            guard bytes.count >= count else { break }
            let tail = Array(bytes.suffix(count))
            guard String(validating: bytes.dropLast(count), as: UTF8.self) != nil, completes(tail) else { continue }
            return true
        }
        return false
    }

    private static func completes(_ tail: [UInt8]) -> Bool {
        for second in tail.count > 1 ? [tail[1]] : Array(0x80...0xBF) {
            let start = [tail[0], second]
            if tail.count <= 2, String(validating: start, as: UTF8.self) != nil { return true }
            for third in tail.count > 2 ? [tail[2]] : [0x80, 0xBF] {
                if String(validating: start + [third], as: UTF8.self) != nil { return true }
                if String(validating: start + [third, 0x80], as: UTF8.self) != nil { return true }
            }
        }
        return false
    }
}

extension FrameParser {
    /// Feeds `bytes` in pieces of the given sizes (the last one repeats), and collects the events.
    mutating func events(_ bytes: [UInt8], pieces: [Int] = [Int.max]) -> [Event] {
        var events: [Event] = []
        var rest = bytes[...]
        var index = 0
        while !rest.isEmpty {
            let size = max(1, min(rest.count, pieces[min(index, pieces.count - 1)]))
            index += 1
            var buffer = ByteBuffer(bytes: rest.prefix(size))
            rest = rest.dropFirst(size)
            while let event = next(&buffer) { events.append(event) }
        }
        return events
    }
}

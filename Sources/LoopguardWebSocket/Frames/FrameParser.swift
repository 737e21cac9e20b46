import NIOCore

/// Takes the frames of a client apart and puts its messages together, strictly by RFC 6455.
///
/// A value: fed with what a read brought, asked for one event after the other. Payloads are unmasked into one buffer a read
/// (the *arena*), of which messages are slices: one allocation a read, none a message, and what a message keeps alive is
/// about as large as what the client really sent. A length in a header is never believed: memory grows with the bytes that
/// have come.
struct FrameParser: Sendable {
    struct Limits: Sendable, Equatable {
        /// Largest message, in bytes, all fragments together.
        var messageBytes: Int
        /// Most fragments of a message; empty ones count.
        var fragments: Int
    }

    enum Event: Sendable, Equatable {
        case message(WebSocketMessage)
        case ping(ByteBuffer)
        case pong(ByteBuffer)
        /// The last event: what follows a close frame is ignored.
        case close(CloseFrame)
        /// The last event.
        case failure(ProtocolFailure)
    }

    private enum State {
        case header
        case payload
        /// After a close frame or a failure.
        case ended
    }

    private let limits: Limits
    private var state = State.header

    /// Beginning of a header that has not come in full.
    private var carry = InlineArray<16, UInt8>(repeating: 0)
    private var carryCount = 0

    private var header = FrameHeader(isFinal: true, opcode: .text, length: 0, mask: 0)
    /// Payload bytes of the current frame that have been taken.
    private var taken = 0

    /// Kind of the message in progress, nil between messages.
    private var messageKind: WebSocketMessage.Kind?
    private var fragments = 0
    private var utf8 = UTF8Validator()
    /// What came of the message in progress, in earlier reads or fragments.
    private var assembly: ByteBuffer?
    /// What came of the control frame in progress.
    private var control = ByteBuffer()
    /// Where whole messages of this read go.
    private var arena = ByteBuffer()
    /// Events of this read; the array is kept for the next one.
    private var pending: [Pending] = []
    private var nextPending = 0

    private enum Pending {
        case slice(WebSocketMessage.Kind, start: Int, length: Int)
        case event(Event)
    }

    init(limits: Limits) { self.limits = limits }

    /// Memory that the parser holds for what has come, in bytes.
    var bufferedCapacity: Int { (assembly?.capacity ?? 0) + control.capacity + arena.capacity }

    /// The next event that `input` holds. Nil: all of `input` is consumed, and more is needed.
    ///
    /// Takes all of `input` at the first call: slices are cut out of the arena only when nothing more is written to it,
    /// since a write to a shared buffer would copy it.
    mutating func next(_ input: inout ByteBuffer) -> Event? {
        if nextPending == pending.count {
            pending.removeAll(keepingCapacity: true)
            nextPending = 0
            guard input.readableBytes > 0 else { return nil }
            arena = ByteBuffer()
            take(&input)
            if pending.isEmpty { return nil }
        }
        defer { nextPending += 1 }
        switch pending[nextPending] {
        case .event(let event): return event
        case .slice(let kind, let start, let length):
            let payload = length == 0 ? nil : arena.getSlice(at: start, length: length)
            return .message(WebSocketMessage(kind: kind, payload: payload ?? ByteBuffer()))
        }
    }

    /// Calls `body` with all events that `input` holds, in order; a close or a failure is the last one.
    mutating func consume(_ input: inout ByteBuffer, _ body: (Event) -> Void) {
        while let event = next(&input) { body(event) }
    }

    private mutating func take(_ input: inout ByteBuffer) {
        while true {
            switch state {
            case .ended:
                input.moveReaderIndex(to: input.writerIndex)
                return
            case .header:
                switch readHeader(&input) {
                case .incomplete: return
                case .failure(let failure): fail(failure)
                case .header(let header, _):
                    state = .payload
                    if let failure = begin(header) { fail(failure) }
                }
            case .payload:
                if header.opcode.isControl { takeControl(&input) } else { takeData(&input) }
                if state == .payload { return }
            }
        }
    }

    private mutating func fail(_ failure: ProtocolFailure) {
        state = .ended
        assembly = nil
        pending.append(.event(.failure(failure)))
    }

    // MARK: header

    private mutating func readHeader(_ input: inout ByteBuffer) -> FrameHeader.Parsed {
        if carryCount == 0 {
            // SAFETY: the pointer is used inside the closure only.
            let parsed = input.withUnsafeReadableBytes { FrameHeader.parse($0) }
            switch parsed {
            case .header(_, let size): input.moveReaderIndex(forwardBy: size)
            case .failure: break
            case .incomplete: keepRest(of: &input)
            }
            return parsed
        }
        // Rare: a header that two reads share. Byte by byte, as each may be the one that breaks a rule.
        while carryCount < FrameHeader.maximumLength, let byte = input.readInteger(as: UInt8.self) {
            carry[carryCount] = byte
            carryCount += 1
            let bytes = carry
            let count = carryCount
            // SAFETY: the pointer is used inside the closure only; `count` is at most the 16 bytes of `carry`.
            let parsed = withUnsafeBytes(of: bytes) {
                FrameHeader.parse(UnsafeRawBufferPointer(rebasing: $0[..<count]))
            }
            if case .incomplete = parsed { continue }
            carryCount = 0
            return parsed
        }
        return .incomplete
    }

    private mutating func keepRest(of input: inout ByteBuffer) {
        while carryCount < FrameHeader.maximumLength, let byte = input.readInteger(as: UInt8.self) {
            carry[carryCount] = byte
            carryCount += 1
        }
    }

    private mutating func begin(_ header: FrameHeader) -> ProtocolFailure? {
        self.header = header
        taken = 0
        if header.opcode.isControl { return nil }
        if header.opcode == .continuation {
            guard messageKind != nil else { return .orphanContinuation }
        } else {
            guard messageKind == nil else { return .interleavedMessage }
            messageKind = header.opcode == .text ? .text : .binary
            fragments = 0
            utf8 = UTF8Validator()
        }
        fragments += 1
        // The last fragment counts as well, so a message of exactly `limit` frames passes.
        guard fragments <= limits.fragments else { return .fragments(limit: limits.fragments) }
        // Before anything of it is buffered. No overflow: the header's top bit is 0 and the assembly within the limit.
        let before = assembly?.readableBytes ?? 0
        guard header.length <= limits.messageBytes - before else { return .size(limit: limits.messageBytes) }
        return nil
    }

    // MARK: payload

    private mutating func takeControl(_ input: inout ByteBuffer) {
        let count = min(header.length - taken, input.readableBytes)
        Self.append(&input, count: count, to: &control, mask: header.mask, offset: taken)
        taken += count
        guard taken == header.length else { return }
        state = .header
        let payload = control
        control = ByteBuffer()
        switch header.opcode {
        case .ping: pending.append(.event(.ping(payload)))
        case .pong: pending.append(.event(.pong(payload)))
        default:
            switch CloseFrame.parse(payload) {
            case .success(let frame):
                state = .ended
                assembly = nil
                pending.append(.event(.close(frame)))
            case .failure(let failure): fail(failure)
            }
        }
    }

    private mutating func takeData(_ input: inout ByteBuffer) {
        let count = min(header.length - taken, input.readableBytes)
        if taken == 0, count == header.length, header.isFinal, assembly == nil { return takeWhole(&input) }
        if count > 0 {
            var buffer = assembly ?? ByteBuffer()
            assembly = nil
            let start = buffer.writerIndex
            Self.append(&input, count: count, to: &buffer, mask: header.mask, offset: taken)
            let isValid = messageKind != .text || validate(buffer, from: start)
            assembly = buffer
            taken += count
            guard isValid else { return fail(.text) }
        }
        guard taken == header.length else { return }
        state = .header
        guard header.isFinal else { return }
        let payload = assembly ?? ByteBuffer()
        assembly = nil
        if let kind = endMessage() {
            pending.append(.event(.message(WebSocketMessage(kind: kind, payload: payload))))
        }
    }

    /// The common case: a message in one frame that lies in the input in full.
    private mutating func takeWhole(_ input: inout ByteBuffer) {
        state = .header
        let length = header.length
        if arena.capacity == 0, length > 0 {
            // What is left of this read bounds all payloads that it can still bring.
            arena = ByteBufferAllocator().buffer(capacity: input.readableBytes)
        }
        let start = arena.writerIndex
        Self.append(&input, count: length, to: &arena, mask: header.mask, offset: 0)
        guard messageKind != .text || validate(arena, from: start) else { return fail(.text) }
        if let kind = endMessage() { pending.append(.slice(kind, start: start, length: length)) }
    }

    private mutating func endMessage() -> WebSocketMessage.Kind? {
        let kind = messageKind ?? .binary
        messageKind = nil
        guard kind == .binary || utf8.isComplete else {
            fail(.text)
            return nil
        }
        return kind
    }

    private mutating func validate(_ buffer: ByteBuffer, from start: Int) -> Bool {
        // SAFETY: the pointer is used inside the closure only; `start` is an index that the buffer gave out before.
        buffer.withUnsafeReadableBytes { bytes in
            utf8.consume(UnsafeRawBufferPointer(rebasing: bytes[(start - buffer.readerIndex)...]))
        }
    }

    private static func append(
        _ input: inout ByteBuffer, count: Int, to target: inout ByteBuffer, mask: UInt32, offset: Int
    ) {
        guard count > 0 else { return }
        // SAFETY: the pointers are used inside the closures only; `count` is at most what `input` holds, and the target
        // gives at least `minimumWritableBytes`.
        input.readWithUnsafeReadableBytes { source in
            target.writeWithUnsafeMutableBytes(minimumWritableBytes: count) { space in
                Masking.unmask(
                    UnsafeRawBufferPointer(rebasing: source[..<count]),
                    into: UnsafeMutableRawBufferPointer(rebasing: space[..<count]), mask: mask, offset: offset)
                return count
            }
        }
    }
}

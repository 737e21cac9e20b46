import DequeModule
import NIOCore

/// What waits to be sent to one client, as a value.
///
/// Three lanes: control frames (only the latest pong, one ping) go ahead of data, so a slow client is not also a dead one;
/// then data in order; then the close frame. Handlers' own messages are encoded straight into the last chunk, broadcasts
/// stay shared buffers. Only broadcasts are ever dropped: a handler that sends too fast is made to wait instead.
struct OutboundQueue: Sendable {
    enum DropReason: String, Sendable, CaseIterable {
        /// Gave way to newer ones (`dropOldest`).
        case oldest
        /// Found no room (`dropNewest`).
        case newest
        /// Replaced by a newer one of its topic (`latestOnly`).
        case superseded
        /// Waited too long.
        case aged
        /// Waited when the connection was closed or lost.
        case disconnected
    }

    enum Offer: Sendable, Equatable {
        case queued(dropped: Int)
        case dropped
        /// The policy is to close the connection.
        case overLimit
        case closed
    }

    struct Batch {
        var buffer: ByteBuffer
        var messages = 0
        /// Ends with the close frame.
        var hasClose = false
    }

    private enum Content: Sendable {
        /// Frames of the handler's own messages, open at the end.
        case chunk(frames: Int)
        case broadcast(topic: String)
    }

    private struct Entry: Sendable {
        var buffer: ByteBuffer
        var content: Content
        var since: NIODeadline
    }

    /// Larger entries are written as they are; smaller ones are copied together, which is cheaper than a vector of them.
    private static let copyLimit = 16 << 10

    private let limit: Int
    private let maximumAge: TimeAmount
    private let policy: SlowConsumerPolicy
    private var entries = Deque<Entry>()
    private var pong: ByteBuffer?
    private var ping: ByteBuffer?
    private var close: ByteBuffer?
    private var chunkCapacity = 256
    /// Nothing may be queued any more.
    private(set) var isClosing = false
    /// Data that waits, in bytes, headers included.
    private(set) var bytes = 0
    /// The last write found the socket full: the client is behind.
    var isBlocked = false

    init(limit: Int, maximumAge: TimeAmount, policy: SlowConsumerPolicy) {
        self.limit = limit
        self.maximumAge = maximumAge
        self.policy = policy
    }

    var isEmpty: Bool { entries.isEmpty && pong == nil && ping == nil && close == nil }
    var count: Int { entries.count }

    // MARK: in

    /// Queues a message of the handler. False when the connection is closing.
    mutating func append(_ message: WebSocketMessage, now: @autoclosure () -> NIODeadline) -> Bool {
        guard !isClosing else { return false }
        let opcode: Opcode = message.kind == .text ? .text : .binary
        let size = FrameEncoder.headerSize(for: message.count) + message.count
        bytes += size
        if let last = entries.indices.last, case .chunk(let frames) = entries[last].content,
            entries[last].buffer.readableBytes + size <= 64 << 10
        {
            entries[last].content = .chunk(frames: frames + 1)
            FrameEncoder.write(opcode, message.payload, into: &entries[last].buffer)
            return true
        }
        var buffer = ByteBufferAllocator().buffer(capacity: max(chunkCapacity, size))
        FrameEncoder.write(opcode, message.payload, into: &buffer)
        entries.append(Entry(buffer: buffer, content: .chunk(frames: 1), since: now()))
        return true
    }

    /// Queues an encoded broadcast, or does what the policy says when the client is too slow.
    mutating func offer(_ frame: ByteBuffer, topic: String, now: NIODeadline) -> Offer {
        guard !isClosing else { return .closed }
        var dropped = 0
        // Two broadcasts in one tick both reach a client that keeps up: only a client that is behind gets the latest only.
        if policy == .latestOnly, isBlocked { dropped += drop { $0 == topic } }
        if bytes + frame.readableBytes > limit {
            switch policy {
            case .dropNewest: return .dropped
            case .dropOldest, .latestOnly:
                while bytes + frame.readableBytes > limit, dropFirstBroadcast() { dropped += 1 }
                // What is left are the handler's messages; a broadcast larger than the limit fits nowhere.
                guard bytes + frame.readableBytes <= limit else {
                    return dropped == 0 ? .dropped : .queued(dropped: dropped + 1)
                }
            default: return .overLimit
            }
        }
        bytes += frame.readableBytes
        entries.append(Entry(buffer: frame, content: .broadcast(topic: topic), since: now))
        return .queued(dropped: dropped)
    }

    /// Answers a ping; a pong that still waits is replaced (RFC 6455 §5.5.3 asks for the latest only).
    mutating func setPong(_ payload: ByteBuffer) {
        guard !isClosing else { return }
        var frame = ByteBuffer()
        FrameEncoder.write(.pong, payload, into: &frame)
        pong = frame
    }

    mutating func setPing() {
        guard !isClosing else { return }
        var frame = ByteBuffer()
        FrameEncoder.write(.ping, ByteBuffer(), into: &frame)
        ping = frame
    }

    /// The last frame. Returns the number of broadcasts that are dropped for it.
    mutating func setClose(_ frame: CloseFrame, discardingData: Bool) -> Int {
        guard !isClosing else { return 0 }
        isClosing = true
        close = FrameEncoder.encode(frame)
        return discardingData ? discard() : 0
    }

    /// The transport is gone. Returns the number of broadcasts that waited.
    mutating func end() -> Int {
        isClosing = true
        close = nil
        ping = nil
        pong = nil
        return discard()
    }

    private mutating func discard() -> Int {
        let broadcasts = entries.reduce(0) { if case .broadcast = $1.content { $0 + 1 } else { $0 } }
        entries.removeAll()
        bytes = 0
        return broadcasts
    }

    // MARK: age

    enum Aged: Sendable, Equatable {
        case none
        case dropped(Int)
        case overLimit
    }

    /// Looks for data that has waited too long.
    mutating func expire(now: NIODeadline) -> Aged {
        guard let first = entries.first, now >= first.since + maximumAge else { return .none }
        // The handler's messages cannot be dropped, or the client would miss answers without knowing.
        guard case .broadcast = first.content, policy != .disconnect else { return .overLimit }
        var dropped = 0
        while let first = entries.first, case .broadcast = first.content, now >= first.since + maximumAge {
            bytes -= first.buffer.readableBytes
            entries.removeFirst()
            dropped += 1
        }
        return .dropped(dropped)
    }

    private mutating func drop(where matches: (String) -> Bool) -> Int {
        var dropped = 0
        entries.removeAll { entry in
            guard case .broadcast(let topic) = entry.content, matches(topic) else { return false }
            bytes -= entry.buffer.readableBytes
            dropped += 1
            return true
        }
        return dropped
    }

    private mutating func dropFirstBroadcast() -> Bool {
        guard let index = entries.firstIndex(where: { if case .broadcast = $0.content { true } else { false } }) else {
            return false
        }
        bytes -= entries[index].buffer.readableBytes
        entries.remove(at: index)
        return true
    }

    // MARK: out

    /// Control frames that wait; they may be written even when data must wait.
    mutating func takeControl() -> ByteBuffer? {
        guard pong != nil || ping != nil else { return nil }
        var buffer = pong ?? ByteBuffer()
        if let ping { buffer.writeImmutableBuffer(ping) }
        pong = nil
        ping = nil
        return buffer
    }

    /// The next piece to write: as many entries as fit into about `target` bytes. Nil when nothing waits.
    mutating func take(target: Int = 64 << 10) -> Batch? {
        guard !isEmpty else { return nil }
        var batch = Batch(buffer: takeControl() ?? ByteBuffer())
        while let entry = entries.first {
            let size = entry.buffer.readableBytes
            if batch.buffer.readableBytes > 0 {
                guard size <= Self.copyLimit, batch.buffer.readableBytes + size <= target else { return batch }
            }
            entries.removeFirst()
            bytes -= size
            if batch.buffer.readableBytes == 0 {
                batch.buffer = entry.buffer
            } else {
                batch.buffer.writeImmutableBuffer(entry.buffer)
            }
            switch entry.content {
            case .chunk(let frames):
                batch.messages += frames
                // The next chunk will probably be as long.
                chunkCapacity = min(max(256, size), 64 << 10)
            case .broadcast: batch.messages += 1
            }
        }
        if let close {
            if batch.buffer.readableBytes == 0 {
                batch.buffer = close
            } else {
                batch.buffer.writeImmutableBuffer(close)
            }
            batch.hasClose = true
            self.close = nil
        }
        return batch
    }
}

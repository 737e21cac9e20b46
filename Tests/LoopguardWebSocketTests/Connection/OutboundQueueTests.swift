import NIOCore
import Testing

@testable import LoopguardWebSocket

@Suite struct OutboundQueueTests {
    static func at(_ seconds: Int64) -> NIODeadline { .uptimeNanoseconds(1_000_000_000) + .seconds(seconds) }

    static func make(_ policy: SlowConsumerPolicy, limit: Int = 100) -> OutboundQueue {
        OutboundQueue(limit: limit, maximumAge: .seconds(30), policy: policy)
    }

    /// A frame of 20 bytes.
    static func broadcast(_ name: Character) -> ByteBuffer {
        FrameEncoder.encodeOnce(.text(String(repeating: name, count: 18)))
    }

    /// What the queue would write, as frames' first characters, pings and pongs as `?` and `!`, close as `#`.
    static func drain(_ queue: inout OutboundQueue) -> String {
        var bytes: [UInt8] = []
        while let batch = queue.take() { bytes += Array(batch.buffer.readableBytesView) }
        var result = ""
        var at = 0
        while at < bytes.count {
            let length = Int(bytes[at + 1])
            switch bytes[at] & 0x0F {
            case 8: result += "#"
            case 9: result += "?"
            case 10: result += "!"
            default: result += length == 0 ? "_" : String(UnicodeScalar(bytes[at + 2]))
            }
            at += 2 + length
        }
        return result
    }

    @Test func keepsOrderAndCountsBytes() {
        var queue = Self.make(.disconnect)
        #expect(queue.append(.text("a"), now: Self.at(0)) == true)
        #expect(queue.offer(Self.broadcast("B"), topic: "t", now: Self.at(0)) == .queued(dropped: 0))
        #expect(queue.append(.text("c"), now: Self.at(0)) == true)
        #expect(queue.append(.text("d"), now: Self.at(0)) == true)
        #expect(queue.bytes == 3 * 3 + 20)
        #expect(Self.drain(&queue) == "aBcd")
        #expect(queue.bytes == 0 && queue.isEmpty)
    }

    @Test func aLoneBroadcastIsWrittenWithoutACopy() throws {
        var queue = Self.make(.disconnect)
        let frame = Self.broadcast("B")
        _ = queue.offer(frame, topic: "t", now: Self.at(0))
        let taken = queue.take()
        let batch = try #require(taken)
        let isSame = frame.withUnsafeReadableBytes { a in
            batch.buffer.withUnsafeReadableBytes { $0.baseAddress == a.baseAddress }
        }
        #expect(isSame)
    }

    @Test func controlFramesGoFirstAndOnlyTheLatestPong() {
        var queue = Self.make(.disconnect)
        _ = queue.append(.text("a"), now: Self.at(0))
        queue.setPong(ByteBuffer(bytes: [1]))
        queue.setPong(ByteBuffer(bytes: [2]))
        queue.setPing()
        #expect(Self.drain(&queue) == "!?a")
        queue.setPong(ByteBuffer(bytes: [2]))
        let first = queue.takeControl()
        let second = queue.takeControl()
        #expect(first != nil && second == nil)
    }

    @Test func theCloseFrameIsLast() throws {
        var queue = Self.make(.disconnect)
        _ = queue.append(.text("a"), now: Self.at(0))
        #expect(queue.setClose(CloseFrame(code: .normal), discardingData: false) == 0)
        #expect(queue.append(.text("b"), now: Self.at(0)) == false)
        #expect(queue.offer(Self.broadcast("B"), topic: "t", now: Self.at(0)) == .closed)
        queue.setPong(ByteBuffer())
        queue.setPing()
        let taken = queue.take()
        let batch = try #require(taken)
        #expect(batch.hasClose && batch.messages == 1)
        let nothing = queue.take()
        #expect(queue.isEmpty && nothing == nil)
    }

    @Test func aCloseMayDiscardWhatWaits() {
        var queue = Self.make(.disconnect)
        for name in ["A", "B"] as [Character] { _ = queue.offer(Self.broadcast(name), topic: "t", now: Self.at(0)) }
        #expect(queue.setClose(CloseFrame(code: .tryAgainLater), discardingData: true) == 2)
        #expect(Self.drain(&queue) == "#")
    }

    static func fill(_ queue: inout OutboundQueue) {
        for name in ["A", "B", "C", "D", "E"] as [Character] {
            #expect(queue.offer(broadcast(name), topic: "t\(name)", now: at(0)) == .queued(dropped: 0))
        }
    }

    @Test func disconnect() {
        var queue = Self.make(.disconnect)
        Self.fill(&queue)
        #expect(queue.offer(Self.broadcast("F"), topic: "t", now: Self.at(0)) == .overLimit)
        #expect(queue.bytes == 100)
    }

    @Test func dropOldest() {
        var queue = Self.make(.dropOldest)
        Self.fill(&queue)
        #expect(queue.offer(Self.broadcast("F"), topic: "t", now: Self.at(0)) == .queued(dropped: 1))
        #expect(Self.drain(&queue) == "BCDEF")
    }

    @Test func dropNewest() {
        var queue = Self.make(.dropNewest)
        Self.fill(&queue)
        #expect(queue.offer(Self.broadcast("F"), topic: "t", now: Self.at(0)) == .dropped)
        #expect(Self.drain(&queue) == "ABCDE")
    }

    @Test func latestOnlyReplacesByTopicWhenTheClientIsBehind() {
        var queue = Self.make(.latestOnly)
        _ = queue.offer(Self.broadcast("A"), topic: "x", now: Self.at(0))
        _ = queue.offer(Self.broadcast("B"), topic: "x", now: Self.at(0))
        queue.isBlocked = true
        #expect(queue.offer(Self.broadcast("C"), topic: "y", now: Self.at(0)) == .queued(dropped: 0))
        #expect(queue.offer(Self.broadcast("D"), topic: "x", now: Self.at(0)) == .queued(dropped: 2))
        #expect(Self.drain(&queue) == "CD")
    }

    @Test func handlersMessagesAreNeverDropped() {
        var queue = Self.make(.dropOldest, limit: 60)
        _ = queue.append(.text("m"), now: Self.at(0))
        _ = queue.offer(Self.broadcast("A"), topic: "t", now: Self.at(0))
        _ = queue.append(.text("n"), now: Self.at(0))
        _ = queue.offer(Self.broadcast("B"), topic: "t", now: Self.at(0))
        #expect(queue.offer(Self.broadcast("C"), topic: "t", now: Self.at(0)) == .queued(dropped: 1))
        #expect(Self.drain(&queue) == "mnBC")
    }

    @Test func aBroadcastLargerThanTheLimitIsDroppedAlone() {
        var queue = Self.make(.dropOldest, limit: 10)
        #expect(queue.offer(Self.broadcast("A"), topic: "t", now: Self.at(0)) == .dropped)
        #expect(queue.isEmpty)
    }

    @Test func ageIsLimited() {
        var queue = Self.make(.dropOldest)
        _ = queue.offer(Self.broadcast("A"), topic: "t", now: Self.at(0))
        _ = queue.offer(Self.broadcast("B"), topic: "t", now: Self.at(10))
        #expect(queue.expire(now: Self.at(29)) == .none)
        #expect(queue.expire(now: Self.at(30)) == .dropped(1))
        #expect(queue.bytes == 20)

        var strict = Self.make(.disconnect)
        _ = strict.offer(Self.broadcast("A"), topic: "t", now: Self.at(0))
        #expect(strict.expire(now: Self.at(30)) == .overLimit)

        var reply = Self.make(.dropNewest)
        _ = reply.append(.text("a"), now: Self.at(0))
        #expect(reply.expire(now: Self.at(30)) == .overLimit)
    }

    @Test func theEndCountsWhatIsLost() {
        var queue = Self.make(.disconnect)
        Self.fill(&queue)
        _ = queue.append(.text("a"), now: Self.at(0))
        #expect(queue.end() == 5)
        #expect(queue.isEmpty && queue.isClosing)
    }
}

@Suite struct InboundQueueTests {
    @Test func pausesAndResumesInSteps() {
        var queue = InboundQueue(maximumMessages: 4, maximumBytes: 1_000)
        for _ in 0..<3 { queue.append(.text("x")) }
        #expect(!queue.isPaused)
        queue.append(.text("x"))
        #expect(queue.isPaused)
        var resumed: [Bool] = []
        while case .message(_, let resumes) = queue.take() { resumed.append(resumes) }
        #expect(resumed == [false, true, false, false])
        #expect(!queue.isPaused)
    }

    @Test func bytesCountAsWell() {
        var queue = InboundQueue(maximumMessages: 100, maximumBytes: 10)
        queue.append(.binary([UInt8](repeating: 0, count: 10)))
        #expect(queue.isPaused)
    }

    @Test func theEndStandsBehindTheMessages() {
        var queue = InboundQueue(maximumMessages: 4, maximumBytes: 1_000)
        #expect(queue.isIdle)
        queue.append(.text("a"))
        queue.finish(.closed)
        queue.append(.text("late"))
        #expect(!queue.isIdle)
        guard case .message(let message, _) = queue.take() else { return #expect(Bool(false)) }
        #expect(message == .text("a"))
        #expect(!queue.isIdle, "it is being handled")
        guard case .end(.closed) = queue.take() else { return #expect(Bool(false)) }
        #expect(queue.isIdle)
    }
}

import Logging
import NIOCore
import NIOEmbedded
import NIOHTTP1
import NIOPosix
import Synchronization
import Testing

@testable import Loopguard
@testable import LoopguardWebSocket

/// The channel handler on an embedded channel: what it reads, writes and when it flushes, step by step.
@Suite(.serialized) struct ConnectionIOTests {
    struct Parts {
        let channel: EmbeddedChannel
        let io: ConnectionIO
        let connection: WebSocketConnection
        let loop: LoopContext

        /// The frames of the next write.
        func written() throws -> [UInt8]? {
            channel.embeddedEventLoop.run()
            return try channel.readOutbound(as: ByteBuffer.self).map { Array($0.readableBytesView) }
        }
        func receive(_ bytes: [UInt8]) throws { try channel.writeInbound(ByteBuffer(bytes: bytes)) }
    }

    static func run(
        _ configure: (inout WebSocketServerConfiguration) -> Void = { _ in }, _ body: (Parts) throws -> Void
    ) async throws {
        var groupConfiguration = GuardedEventLoopGroup.Configuration.defaults
        groupConfiguration.loops = 1
        let group = try await GuardedEventLoopGroup(groupConfiguration)
        let pool = try OffloadPool(timers: group.nio.next())
        var configuration = WebSocketServerConfiguration.defaults
        configure(&configuration)
        let shared = ServerShared(
            configuration: configuration, group: group, pool: pool,
            logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
        let channel = EmbeddedChannel()
        let slot = group.loops[0].slot
        let loop = GuardedLoop(
            name: "embedded", index: 0, eventLoop: channel.eventLoop, slot: slot,
            executor: LoopExecutor(eventLoop: channel.eventLoop, slot: slot))
        let context = LoopContext(loop: loop, interval: .milliseconds(100), pingInterval: .seconds(25))
        let route = ServerShared.WebSocketRoute(pattern: "/", options: .defaults) { _, _ in }
        let (io, _) = shared.begin(
            route, request: HTTPRequestInfo(method: .GET, path: "/"), subprotocol: nil, id: "c", correlationID: .mint(),
            loop: context)
        let connection = try #require(io.attached)
        try channel.pipeline.syncOperations.addHandler(io)
        channel.connect(to: try SocketAddress(ipAddress: "127.0.0.1", port: 1), promise: nil)
        try body(Parts(channel: channel, io: io, connection: connection, loop: context))
        _ = try? channel.finish(acceptAlreadyClosed: true)
        #expect(context.all.isEmpty, "the loop still knows the connection")
        #expect(io.attached == nil, "the two still hold each other")
        await pool.shutdown()
        try await group.shutdown()
    }

    @Test func oneReadOneWrite() async throws {
        try await Self.run { parts in
            try parts.receive(
                RawClient.text("a") + RawClient.text("b") + RawClient.frame(9, [1]) + RawClient.frame(9, [2]))
            guard case .message(let first, _) = parts.connection.mailbox.take(),
                case .message(let second, _) = parts.connection.mailbox.take()
            else { return #expect(Bool(false), "no messages") }
            #expect([first, second] == [.text("a"), .text("b")])
            for message in [first, second] {
                guard case .queued = parts.connection.outbox.append(message) else { return #expect(Bool(false)) }
            }
            // The latest pong, then both answers, in one buffer.
            #expect(try parts.written() == [0x8A, 1, 2, 0x81, 1, 0x61, 0x81, 1, 0x62])
            #expect(try parts.written() == nil)
        }
    }

    @Test func theCloseHandshakeOnTheWire() async throws {
        try await Self.run { parts in
            try parts.receive(RawClient.close(1001, "left"))
            #expect(try parts.written() == [0x88, 2, 0x03, 0xE9])
            #expect(parts.connection.closeInfo == CloseInfo(code: .goingAway, reason: "left", initiator: .peer))
            guard case .closed = parts.connection.outbox.append(.text("late")) else { return #expect(Bool(false)) }
        }
    }

    @Test func aFullMailboxStopsReading() async throws {
        try await Self.run(
            { $0.inbound.maxQueueMessages = 2 },
            { parts in
                let reads = ReadCounter()
                try parts.channel.pipeline.syncOperations.addHandler(reads, position: .first)
                parts.channel.read()
                #expect(reads.count == 1)
                try parts.receive(RawClient.text("a") + RawClient.text("b"))
                parts.channel.read()
                let paused = reads.count
                parts.channel.read()
                #expect(reads.count == paused, "paused")
                guard case .message(_, true) = parts.connection.mailbox.take() else { return #expect(Bool(false)) }
                parts.io.resumeReading()
                #expect(reads.count == paused + 1, "the held read goes on, once")
            })
    }

    @Test func controlFramesPassAFullSocket() async throws {
        try await Self.run { parts in
            parts.channel.isWritable = false
            guard case .queued(needsFlush: true) = parts.connection.outbox.append(.text("data")) else {
                return #expect(Bool(false))
            }
            parts.io.scheduleFlush()
            try parts.receive(RawClient.frame(9, [7]))
            #expect(try parts.written() == [0x8A, 1, 7])
            #expect(try parts.written() == nil, "data waits")
            parts.channel.isWritable = true
            parts.channel.pipeline.fireChannelWritabilityChanged()
            #expect(try parts.written() == [0x81, 4] + Array("data".utf8))
        }
    }

    @Test func aResetIsReportedOnceWithItsCause() async throws {
        try await Self.run { parts in
            parts.channel.pipeline.fireErrorCaught(IOError(errnoCode: 104, reason: "read"))
            parts.channel.embeddedEventLoop.run()
            #expect(parts.connection.closeInfo?.initiator == .transport)
            #expect(parts.connection.closeInfo?.code == .abnormal)
            #expect(parts.connection.closeInfo?.reason.contains("104") == true)
            guard case .end(.broken(let error)) = parts.connection.mailbox.take() else { return #expect(Bool(false)) }
            #expect(error.code == .connectionLost && error.isAboutPeer)
        }
    }

    @Test func hooksRunOnceAtTheEnd() async throws {
        let count = Counter()
        try await Self.run { parts in
            #expect(parts.io.onClose { count.add() })
            _ = try? parts.channel.finish(acceptAlreadyClosed: true)
            #expect(!parts.io.onClose { count.add() }, "too late")
        }
        #expect(count.value == 1)
    }

    final class ReadCounter: ChannelOutboundHandler {
        typealias OutboundIn = ByteBuffer
        var count = 0
        func read(context: ChannelHandlerContext) {
            count += 1
            context.read()
        }
    }

    final class Counter: Sendable {
        private let count = Mutex(0)
        var value: Int { count.withLock { $0 } }
        func add() { count.withLock { $0 += 1 } }
    }
}

import NIOCore
import NIOHTTP1
import NIOPosix
import NIOWebSocket

/// The baseline: an echo and fan-out server as NIO's documentation teaches it, with NIO's own WebSocket codec.
enum NIOEchoServer {
    static func start(group: MultiThreadedEventLoopGroup) async throws -> any Channel {
        let room = Room()
        let upgrader = NIOWebSocketServerUpgrader(
            shouldUpgrade: { channel, _ in channel.eventLoop.makeSucceededFuture(HTTPHeaders()) },
            upgradePipelineHandler: { channel, head in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(
                        EchoHandler(room: head.uri.hasPrefix("/ws/rooms/") ? room : nil))
                }
            })
        return try await ServerBootstrap(group: group)
            .serverChannelOption(.backlog, value: 1024)
            .childChannelOption(.socketOption(.tcp_nodelay), value: 1)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.configureHTTPServerPipeline(
                        withServerUpgrade: (upgraders: [upgrader], completionHandler: { _ in }))
                }
            }
            .bind(host: "127.0.0.1", port: 0).get()
    }

    /// Members of the one room; a single loop, so no lock.
    final class Room: @unchecked Sendable {
        // SAFETY: the baseline runs on a group of one loop; only handlers on that loop touch it.
        var members: [ObjectIdentifier: any Channel] = [:]
    }

    final class EchoHandler: ChannelInboundHandler {
        typealias InboundIn = WebSocketFrame
        typealias OutboundOut = WebSocketFrame
        private let room: Room?

        init(room: Room?) { self.room = room }

        func handlerAdded(context: ChannelHandlerContext) {
            room?.members[ObjectIdentifier(context.channel)] = context.channel
        }

        func channelInactive(context: ChannelHandlerContext) {
            room?.members[ObjectIdentifier(context.channel)] = nil
        }

        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            let frame = unwrapInboundIn(data)
            guard frame.opcode == .binary || frame.opcode == .text else { return }
            let reply = WebSocketFrame(fin: true, opcode: frame.opcode, data: frame.unmaskedData)
            guard let room else {
                context.write(wrapOutboundOut(reply), promise: nil)
                return
            }
            for channel in room.members.values { channel.writeAndFlush(reply, promise: nil) }
        }

        func channelReadComplete(context: ChannelHandlerContext) { context.flush() }
    }
}

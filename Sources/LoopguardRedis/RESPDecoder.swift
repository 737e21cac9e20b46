import LoopguardBus
import NIOCore

/// Turns what a channel reads into ``RESPValue``s. Closes the channel when it is no RESP2.
final class RESPDecoder: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias InboundOut = RESPValue

    /// Fed at once: hiredis copies what it is fed, and parses between.
    private static let chunkBytes = 64 << 10

    private let reader: RESPReader
    private var isBroken = false

    init(limits: RESPReader.Limits = .init()) throws(BusError) {
        reader = try RESPReader(limits: limits)
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        var buffer = unwrapInboundIn(data)
        do {
            while !isBroken, let chunk = buffer.readSlice(length: min(Self.chunkBytes, buffer.readableBytes)),
                chunk.readableBytes > 0
            {
                try chunk.withUnsafeReadableBytes { bytes in try reader.feed(bytes) }
                while !isBroken, let value = try reader.next() {
                    context.fireChannelRead(wrapInboundOut(value))
                }
            }
        } catch {
            isBroken = true
            context.fireErrorCaught(error)
            context.close(promise: nil)
        }
    }

    func channelInactive(context: ChannelHandlerContext) {
        // What arrives after the end, from a handler before us, is of no interest.
        isBroken = true
        context.fireChannelInactive()
    }
}

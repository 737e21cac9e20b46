import LoopguardCore
import NIOCore
import NIOHTTP1

/// The readers of `/debug/stalls/events`. Confined to the admin loop.
///
/// One timer for all of them, none while there are none. A reader that does not take its messages is dropped: what it missed is
/// worth nothing, and its browser comes back.
final class AdminEventStreams {
    private let eventLoop: any EventLoop
    private let limit: Int
    private let cluster: @Sendable () -> ClusterStatus
    private var feed = LiveFeed()
    private var readers: [ObjectIdentifier: ChannelHandlerContext] = [:]
    private var timer: RepeatedTask?

    /// - Parameter limit: readers at a time.
    init(eventLoop: any EventLoop, limit: Int, cluster: @escaping @Sendable () -> ClusterStatus) {
        self.eventLoop = eventLoop
        self.limit = limit
        self.cluster = cluster
    }

    /// Whether one more may come.
    var hasRoom: Bool { readers.count < limit }

    /// Readers now.
    var count: Int { readers.count }

    /// - Parameter context: of a handler whose response head has been written; its `HTTPServerResponsePart`s go on from there.
    func add(_ context: ChannelHandlerContext) {
        readers[ObjectIdentifier(context.channel)] = context
        send(LiveFeed.preamble, to: context)
        guard timer == nil else { return }
        feed = LiveFeed()
        let streams = NIOLoopBound(self, eventLoop: eventLoop)
        timer = eventLoop.scheduleRepeatedTask(
            initialDelay: .zero, delay: .nanoseconds(LiveFeed.lookEveryNs)
        ) { _ in streams.value.look() }
    }

    /// Forgets a reader that has gone.
    func remove(_ channel: any Channel) {
        readers[ObjectIdentifier(channel)] = nil
        guard readers.isEmpty else { return }
        timer?.cancel()
        timer = nil
    }

    private func look() {
        let now = Int64(clamping: NIODeadline.now().uptimeNanoseconds)
        if let message = feed.next(cluster(), nowNs: now) { tell(message) }
    }

    /// Sends to all who took what they got before.
    func tell(_ message: String) {
        for context in readers.values {
            if context.channel.isWritable {
                send(message, to: context)
            } else {
                context.close(promise: nil)
            }
        }
    }

    private func send(_ message: String, to context: ChannelHandlerContext) {
        let buffer = context.channel.allocator.buffer(string: message)
        context.writeAndFlush(NIOAny(HTTPServerResponsePart.body(.byteBuffer(buffer))), promise: nil)
    }
}

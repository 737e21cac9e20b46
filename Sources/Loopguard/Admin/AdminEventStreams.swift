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
    private let renderer: AdminRenderer?
    /// The number of the look under way; a look that is not known any more changes nothing.
    private var look: UInt64?
    private var lastLook: UInt64 = 0

    /// - Parameters:
    ///   - limit: readers at a time.
    ///   - renderer: where to look at the cluster; nil: on the loop.
    init(
        eventLoop: any EventLoop, limit: Int, renderer: AdminRenderer? = nil,
        cluster: @escaping @Sendable () -> ClusterStatus
    ) {
        self.renderer = renderer
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
        look = nil
        let streams = NIOLoopBound(self, eventLoop: eventLoop)
        timer = eventLoop.scheduleRepeatedTask(
            initialDelay: .zero, delay: .nanoseconds(LiveFeed.lookEveryNs)
        ) { _ in streams.value.lookAround() }
    }

    /// Forgets a reader that has gone.
    func remove(_ channel: any Channel) {
        readers[ObjectIdentifier(channel)] = nil
        guard readers.isEmpty else { return }
        timer?.cancel()
        timer = nil
    }

    private func lookAround() {
        let now = Int64(clamping: NIODeadline.now().uptimeNanoseconds)
        guard let renderer else {
            if let message = feed.next(cluster(), nowNs: now) { tell(message) }
            return
        }
        guard look == nil else { return }
        lastLook &+= 1
        let (number, before, cluster, eventLoop) = (lastLook, feed, cluster, eventLoop)
        let streams = NIOLoopBound(self, eventLoop: eventLoop)
        let isTaken = renderer.submit {
            var feed = before
            let message = feed.next(cluster(), nowNs: now)
            eventLoop.execute { [feed] in streams.value.looked(number, feed, message) }
        }
        if isTaken { look = number }
    }

    private func looked(_ number: UInt64, _ feed: LiveFeed, _ message: String?) {
        guard look == number else { return }
        look = nil
        self.feed = feed
        if let message { tell(message) }
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

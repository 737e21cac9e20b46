import Logging
import Loopguard
import NIOCore

/// The connection's side of the channel: frames in, frames out, close handshake, keep-alive.
///
/// One parse of all that a read brought, one flush a tick.
final class ConnectionIO: ChannelDuplexHandler, RemovableChannelHandler, LoopMember, @unchecked Sendable {
    // SAFETY: used on the channel's event loop only; other threads pass the reference on to it (WebSocketConnection.onLoop)
    // and touch nothing.
    typealias InboundIn = ByteBuffer
    typealias OutboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    let shared: ServerShared
    let loop: LoopContext
    private let executor: ConnectionExecutor
    let logger: Logger
    let opened = NIODeadline.now()

    var context: ChannelHandlerContext?
    /// Set until the transport has ended: the two hold each other.
    var connection: WebSocketConnection?
    private var parser: FrameParser
    var handshake: CloseHandshake
    private var keepAlive: KeepAlive
    private var received: [WebSocketMessage] = []
    var isReadingPaused = false
    var hasPendingRead = false
    var handler: Task<Void, Never>?
    var closeHooks: [@Sendable () -> Void] = []

    var messagesIn = 0
    var messagesOut = 0
    var bytesIn = 0
    var bytesOut = 0
    private var transportError: String?

    init(
        shared: ServerShared, loop: LoopContext, executor: ConnectionExecutor, logger: Logger, maxMessageBytes: Int
    ) {
        self.shared = shared
        self.loop = loop
        self.executor = executor
        self.logger = logger
        let configuration = shared.configuration
        parser = FrameParser(
            limits: .init(messageBytes: maxMessageBytes, fragments: configuration.limits.maxFragments))
        handshake = CloseHandshake(timeout: .init(configuration.limits.closeTimeout))
        keepAlive = KeepAlive(
            interval: .init(configuration.keepAlive.pingInterval), timeout: .init(configuration.keepAlive.pongTimeout),
            now: opened)
    }

    func attach(_ connection: WebSocketConnection) { self.connection = connection }

    /// The connection, until its transport has ended.
    var attached: WebSocketConnection? { connection }

    /// Takes the handler's task, to cancel it some time after the connection has ended.
    func attach(_ task: Task<Void, Never>) {
        if connection == nil {
            loop.cancel(task, at: .now() + .init(shared.configuration.limits.closeTimeout))
        } else {
            handler = task
        }
    }

    /// Nobody need be cancelled when the connection ends.
    func handlerEnded() { handler = nil }

    /// The pipeline did not take it: lets go of the connection, whose handler was never started.
    func abandon() { end(reason: "the handshake could not be completed") }

    func beginDrain() {}

    /// Runs `hook` on the loop when the transport has ended; false when it has already.
    func onClose(_ hook: @escaping @Sendable () -> Void) -> Bool {
        guard connection != nil else { return false }
        closeHooks.append(hook)
        return true
    }

    // MARK: channel

    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
        loop.add(self)
        loop.counters.webSocketOpened()
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        end(reason: "the channel was closed")
        self.context = nil
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        var input = unwrapInboundIn(data)
        let bytes = input.readableBytes
        bytesIn += bytes
        keepAlive.sawInput = true
        // After the peer's close frame, or its violation, bytes are read only so that the kernel does not reset.
        guard handshake.acceptsFrames else {
            loop.counters.received(messages: 0, bytes: bytes)
            return
        }
        executor.attributed { receive(&input, bytes) }
    }

    private func receive(_ input: inout ByteBuffer, _ bytes: Int) {
        guard let connection else { return }
        // Locals and one call for all of them: each access to a variable of a class is checked for exclusivity, and this is
        // the path of every message.
        var messages: [WebSocketMessage] = []
        swap(&messages, &received)
        var count = 0
        var last: FrameParser.Event?
        let isAccepting = handshake.acceptsMessages
        parser.consume(&input) { event in
            switch event {
            case .message(let message):
                count += 1
                if isAccepting { messages.append(message) }
            case .ping(let payload): update { $0.setPong(payload) }
            case .pong: break
            case .close, .failure: last = event
            }
        }
        if !messages.isEmpty, connection.mailbox.append(&messages) { isReadingPaused = true }
        swap(&messages, &received)
        messagesIn += count
        loop.counters.received(messages: count, bytes: bytes)
        switch last {
        case .close(let frame):
            let isIdle = connection.mailbox.finish(.closed)
            apply(handshake.received(frame, isHandlerIdle: isIdle, now: .now()))
        case .failure(let failure):
            let error = WebSocketError(.protocolViolation, "The peer broke the protocol: \(failure.reason).")
            let isIdle = connection.mailbox.finish(.broken(error))
            apply(handshake.failed(failure, isHandlerIdle: isIdle, now: .now()))
        default: break
        }
    }

    func read(context: ChannelHandlerContext) {
        if isReadingPaused {
            hasPendingRead = true
        } else {
            context.read()
        }
    }

    func channelWritabilityChanged(context: ChannelHandlerContext) {
        if context.channel.isWritable { flush() }
        context.fireChannelWritabilityChanged()
    }

    func channelInactive(context: ChannelHandlerContext) {
        end(reason: transportError ?? "the peer ended the connection without a close frame")
        context.fireChannelInactive()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        transportError = "\(error)"
        context.close(promise: nil)
    }

    var queuedBytes: Int { connection?.outbox.bytes ?? 0 }
    var outbox: Outbox? { connection?.outbox }
    var pingDue: NIODeadline? { handshake.isOpen ? keepAlive.pingDue : nil }

    // MARK: called by the connection

    func resumeReading() {
        guard isReadingPaused, connection?.mailbox.isPaused == false else { return }
        isReadingPaused = false
        guard hasPendingRead else { return }
        hasPendingRead = false
        context?.read()
    }

    func scheduleFlush() { loop.flushSoon(self) }

    func handlerIsIdle() { apply(handshake.handlerIsIdle(now: .now())) }

    func close(_ code: WebSocketCloseCode, _ reason: String, discardingQueue: Bool = false) {
        apply(handshake.close(code, reason, discardingQueue: discardingQueue, now: .now()))
    }

    func cut(_ reason: String) {
        apply(handshake.cut(reason))
    }

    /// Queues an encoded broadcast.
    func offer(_ frame: ByteBuffer, topic: String, now: NIODeadline) {
        guard let connection else { return }
        let (offer, needsFlush) = connection.outbox.update { $0.offer(frame, topic: topic, now: now) }
        if needsFlush { loop.flushSoon(self) }
        switch offer {
        case .queued(let dropped):
            loop.counters.dropped(
                dropped, shared.configuration.outbound.slowConsumer == .latestOnly ? .superseded : .oldest)
        case .dropped: loop.counters.dropped(1, .newest)
        case .closed: loop.counters.dropped(1, .disconnected)
        case .overLimit:
            loop.counters.dropped(1, .disconnected)
            closeSlowConsumer()
        }
    }

    private func closeSlowConsumer() {
        close(.tryAgainLater, "slow consumer", discardingQueue: true)
    }

    // MARK: time

    func tick(now: NIODeadline, lateness: TimeAmount) {
        apply(handshake.tick(now: now))
        guard handshake.isOpen, let connection else { return }
        switch connection.outbox.update({ $0.expire(now: now) }).0 {
        case .none: break
        case .dropped(let count): loop.counters.dropped(count, .aged)
        case .overLimit: return closeSlowConsumer()
        }
        switch keepAlive.tick(now: now, lateness: lateness, isReadingPaused: isReadingPaused) {
        case .none: break
        case .ping: update { $0.setPing() }
        case .timedOut: apply(handshake.cut("no pong: the peer is gone"))
        }
    }

    // MARK: out

    private func update(_ body: (inout OutboundQueue) -> Void) {
        guard let connection else { return }
        if connection.outbox.update(body).needsFlush { loop.flushSoon(self) }
    }

    /// Writes what waits, as far as the socket takes it; control frames in any case.
    func flush() {
        guard let context, let outbox = connection?.outbox else { return }
        outbox.beginFlush()
        var hasWritten = false
        var messages = 0
        var bytes = 0
        let channel = context.channel
        while channel.isWritable, let batch = outbox.take() {
            messages += batch.messages
            bytes += batch.buffer.readableBytes
            hasWritten = true
            if batch.hasClose {
                let promise = context.eventLoop.makePromise(of: Void.self)
                promise.futureResult.assumeIsolated().whenComplete { [weak self] _ in self?.closeFrameWritten() }
                context.write(wrapOutboundOut(batch.buffer), promise: promise)
            } else {
                context.write(wrapOutboundOut(batch.buffer), promise: nil)
            }
        }
        let isBlocked = !channel.isWritable
        if isBlocked, let control = outbox.update({ $0.takeControl() }).0 {
            bytes += control.readableBytes
            hasWritten = true
            context.write(wrapOutboundOut(control), promise: nil)
        }
        if hasWritten { context.flush() }
        messagesOut += messages
        bytesOut += bytes
        loop.counters.sent(messages: messages, bytes: bytes)
        outbox.endFlush(isBlocked: isBlocked)
    }

    private func closeFrameWritten() { apply(handshake.closeFrameWritten(now: .now())) }
}

import DequeModule
import LoopguardBus
import NIOCore

/// One connection to Redis: pipelined commands, each with a deadline; or, once ``becomeSubscriber(_:)`` was called, pushed
/// messages.
///
/// RESP2 answers in order, so nothing behind a late answer can come earlier: a command over its deadline closes the
/// connection. Event loop of the channel only.
// SAFETY: all stored properties are read and written on the channel's event loop only: NIO calls the handler there, and
// the other methods assert it.
final class RedisConnection: ChannelInboundHandler, @unchecked Sendable {
    typealias InboundIn = RESPValue
    typealias OutboundOut = ByteBuffer
    typealias Completion = (Result<RESPValue, BusError>) -> Void

    private struct Pending {
        var name: String
        var deadline: NIODeadline
        var patience: TimeAmount
        var completion: Completion
    }

    let eventLoop: any EventLoop
    /// `host:port`, for messages.
    private let address: String
    private var channel: (any Channel)?
    private var pending: Deque<Pending> = []
    private var deadlineTimer: Scheduled<Void>?
    private var isFlushScheduled = false
    private var onPush: ((RESPValue) -> Void)?
    private var onClose: ((BusError) -> Void)?
    /// Why the connection ended or is about to end; the first reason counts.
    private(set) var closeReason: BusError?
    private var hasClosed = false

    init(eventLoop: any EventLoop, address: String) {
        self.eventLoop = eventLoop
        self.address = address
    }

    /// Called once, with the reason, when the connection ends.
    func whenClosed(_ body: @escaping (BusError) -> Void) {
        eventLoop.assertInEventLoop()
        if hasClosed { body(closeReason ?? lostReason) } else { onClose = body }
    }

    /// From now on everything that arrives (beyond the answers to commands already sent) goes to `onPush`.
    func becomeSubscriber(_ onPush: @escaping (RESPValue) -> Void) {
        eventLoop.assertInEventLoop()
        self.onPush = onPush
    }

    /// Sends a command. `completion` is called once: with the reply (an error reply is a success here), or with
    /// `.unavailable` when the connection ends before, or the deadline passes.
    func send(_ command: RedisCommand, patience: TimeAmount, completion: @escaping Completion) {
        guard let channel = writable(completion) else { return }
        do {
            var buffer = channel.allocator.buffer(capacity: command.byteCount + 256)
            try command.write(to: &buffer)
            pending.append(
                Pending(
                    name: command.name, deadline: eventLoop.now + patience, patience: patience, completion: completion))
            write(buffer, to: channel)
            armDeadline()
        } catch {
            completion(.failure(error))
        }
    }

    /// Sends a command whose answer arrives through `onPush`, if at all.
    func push(_ command: RedisCommand) {
        guard let channel = writable({ _ in }) else { return }
        var buffer = channel.allocator.buffer(capacity: command.byteCount + 256)
        do { try command.write(to: &buffer) } catch { return close(reason: error) }
        write(buffer, to: channel)
    }

    /// Closes; everything pending fails with `reason`. For the caller the connection has ended when this returns: a TLS
    /// channel may take seconds to say goodbye to a peer that does not answer.
    func close(reason: BusError) {
        eventLoop.assertInEventLoop()
        if closeReason == nil { closeReason = reason }
        let channel = channel
        ended()
        channel?.close(promise: nil)
    }

    private func writable(_ completion: Completion) -> (any Channel)? {
        eventLoop.assertInEventLoop()
        guard let channel, closeReason == nil, !hasClosed else {
            completion(.failure(closeReason ?? lostReason))
            return nil
        }
        return channel
    }

    /// One flush for all that is written in one turn of the loop.
    private func write(_ buffer: ByteBuffer, to channel: any Channel) {
        channel.write(buffer, promise: nil)
        guard !isFlushScheduled else { return }
        isFlushScheduled = true
        eventLoop.execute {
            self.isFlushScheduled = false
            channel.flush()
        }
    }

    // MARK: - Deadlines

    /// One timer, for the oldest command. It is not moved with every answer: it looks when it fires.
    private func armDeadline() {
        guard deadlineTimer == nil, let first = pending.first else { return }
        deadlineTimer = eventLoop.scheduleTask(deadline: first.deadline) {
            self.deadlineTimer = nil
            guard let first = self.pending.first else { return }
            if first.deadline > self.eventLoop.now { return self.armDeadline() }
            self.close(
                reason: BusError(
                    .unavailable,
                    "Redis at \(self.address) did not answer \(first.name) within \(first.patience.milliseconds) ms."))
        }
    }

    // MARK: - ChannelInboundHandler

    func handlerAdded(context: ChannelHandlerContext) { channel = context.channel }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard !hasClosed else { return }
        let value = unwrapInboundIn(data)
        if let first = pending.popFirst() { return first.completion(.success(value)) }
        if let onPush { return onPush(value) }
        close(
            reason: BusError(
                .protocolViolation, "Redis at \(address) sent \(value.kind) that nobody asked for."))
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        let reason =
            error as? BusError
            ?? BusError(.unavailable, "The connection to Redis at \(address) broke.", cause: error)
        close(reason: reason)
    }

    func channelInactive(context: ChannelHandlerContext) {
        context.fireChannelInactive()
        ended()
    }

    func handlerRemoved(context: ChannelHandlerContext) { ended() }

    private var lostReason: BusError {
        BusError(.unavailable, "Redis at \(address) closed the connection.")
    }

    private func ended() {
        guard !hasClosed else { return }
        hasClosed = true
        deadlineTimer?.cancel()
        channel = nil
        let reason = closeReason ?? lostReason
        closeReason = reason
        let failed = pending
        pending = []
        for command in failed { command.completion(.failure(reason.forCommandInFlight(command.name))) }
        let onClose = onClose
        self.onClose = nil
        onPush = nil
        onClose?(reason)
    }
}

extension TimeAmount {
    /// For messages.
    var milliseconds: Int64 { nanoseconds / 1_000_000 }
}

extension BusError {
    /// A command was sent and its answer will not come: whatever ended the connection, this is what its caller must know.
    fileprivate func forCommandInFlight(_ name: String) -> BusError {
        if code == .closed { return self }
        return BusError(
            .unavailable, "\(message) Whether \(name) was carried out is not known.", cause: cause)
    }
}

import Synchronization

/// The handler's side of ``InboundQueue``: one consumer that may wait. Any thread.
final class Mailbox: Sendable {
    typealias Waiter = UnsafeContinuation<Wake, Never>

    enum Wake: Sendable {
        /// Something may be there: look again.
        case look
        case cancelled
        /// Somebody else waits already.
        case busy
    }

    private struct State {
        var queue: InboundQueue
        var waiter: Waiter?
    }
    private let state: Mutex<State>

    init(_ queue: InboundQueue) { state = Mutex(State(queue: queue)) }

    /// Puts messages in and wakes the consumer, once for all of them. Returns true when reading must pause.
    func append(_ messages: inout [WebSocketMessage]) -> Bool {
        let (waiter, isPaused) = state.withLock { state in
            for message in messages { state.queue.append(message) }
            return (state.waiter.take(), state.queue.isPaused)
        }
        messages.removeAll(keepingCapacity: true)
        waiter?.resume(returning: .look)
        return isPaused
    }

    /// No more messages come. Returns true when nothing that came before can still be answered.
    func finish(_ end: InboundQueue.End, discarding: Bool = false) -> Bool {
        let (waiter, isIdle) = state.withLock { state in
            state.queue.finish(end)
            if discarding { state.queue.discard() }
            return (state.waiter.take(), state.queue.isIdle)
        }
        waiter?.resume(returning: .look)
        return isIdle
    }

    func take() -> InboundQueue.Taken { state.withLock { $0.queue.take() } }

    /// Suspends until there is something to take.
    nonisolated(nonsending) func wait() async throws {
        // SAFETY: the continuation is resumed exactly once: by whoever takes it out of the state (append, finish, cancel),
        // or at once below. Unsafe and not checked because this runs for every message of a ping-pong.
        let wake = await withTaskCancellationHandler {
            await withUnsafeContinuation { (waiter: Waiter) in
                let immediate: Wake? = state.withLock { state in
                    if Task.isCancelled { return .cancelled }
                    guard state.queue.count == 0, state.queue.end == nil else { return .look }
                    guard state.waiter == nil else { return .busy }
                    state.waiter = waiter
                    return nil
                }
                if let immediate { waiter.resume(returning: immediate) }
            }
        } onCancel: {
            state.withLock { $0.waiter.take() }?.resume(returning: .cancelled)
        }
        switch wake {
        case .look: return
        case .cancelled: throw CancellationError()
        case .busy:
            throw WebSocketError(.concurrentRead, "Only one task at a time may read the messages of a connection.")
        }
    }

    var isPaused: Bool { state.withLock { $0.queue.isPaused } }
    var count: Int { state.withLock { $0.queue.count } }
}

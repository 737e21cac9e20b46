import NIOCore
import Synchronization

/// The handler's side of ``OutboundQueue``: senders that wait for room. Any thread.
final class Outbox: Sendable {
    enum Appended {
        /// `needsFlush`: the caller must see to it that the loop flushes.
        case queued(needsFlush: Bool)
        case full
        case closed
    }

    private struct State {
        var queue: OutboundQueue
        var waiters: [UInt64: CheckedContinuation<Void, any Error>] = [:]
        var lastWaiter: UInt64 = 0
        /// A flush is on its way.
        var isScheduled = false
    }
    private let state: Mutex<State>
    /// The queue's bytes, stored with every change, read without the lock: a loop that is stuck may hold it.
    private let mirroredBytes = Atomic<Int>(0)
    /// Senders wait while more bytes than this are queued.
    private let mark: Int

    init(_ queue: OutboundQueue, mark: Int) {
        state = Mutex(State(queue: queue))
        self.mark = mark
    }

    func append(_ message: WebSocketMessage) -> Appended {
        state.withLock { state in
            guard !state.queue.isClosing else { return .closed }
            guard state.queue.bytes <= mark else { return .full }
            _ = state.queue.append(message, now: .now())
            mirroredBytes.store(state.queue.bytes, ordering: .relaxed)
            defer { state.isScheduled = true }
            return .queued(needsFlush: !state.isScheduled)
        }
    }

    /// Changes the queue on behalf of the loop; tells whether a flush must be scheduled.
    func update<T>(_ body: (inout OutboundQueue) -> T) -> (T, needsFlush: Bool) {
        state.withLock { state in
            let result = body(&state.queue)
            mirroredBytes.store(state.queue.bytes, ordering: .relaxed)
            guard !state.queue.isEmpty, !state.isScheduled else { return (result, false) }
            state.isScheduled = true
            return (result, true)
        }
    }

    /// The flush has begun: what is queued from now on needs a new one.
    func beginFlush() { state.withLock { $0.isScheduled = false } }

    func take() -> OutboundQueue.Batch? {
        state.withLock { state in
            let batch = state.queue.take()
            mirroredBytes.store(state.queue.bytes, ordering: .relaxed)
            return batch
        }
    }

    /// After a flush: remembers whether the socket was full, and wakes senders when there is room.
    func endFlush(isBlocked: Bool) {
        let waiters = state.withLock { state -> [CheckedContinuation<Void, any Error>] in
            state.queue.isBlocked = isBlocked
            guard !state.waiters.isEmpty, state.queue.bytes <= mark / 2 || state.queue.isClosing else { return [] }
            defer { state.waiters = [:] }
            return Array(state.waiters.values)
        }
        for waiter in waiters { waiter.resume() }
    }

    /// Suspends until there may be room. Throws when the task is cancelled.
    nonisolated(nonsending) func waitForRoom() async throws {
        let id = state.withLock { state in
            state.lastWaiter += 1
            return state.lastWaiter
        }
        try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { (waiter: CheckedContinuation<Void, any Error>) in
                let immediate: Result<Void, any Error>? = state.withLock { state in
                    if Task.isCancelled { return .failure(CancellationError()) }
                    if state.queue.bytes <= mark || state.queue.isClosing { return .success(()) }
                    state.waiters[id] = waiter
                    return nil
                }
                if let immediate { waiter.resume(with: immediate) }
            }
        } onCancel: {
            state.withLock { $0.waiters.removeValue(forKey: id) }?.resume(throwing: CancellationError())
        }
    }

    /// ``bytes`` without waiting for anybody.
    var bytesForReport: Int { mirroredBytes.load(ordering: .relaxed) }

    var bytes: Int { state.withLock { $0.queue.bytes } }
    var isEmpty: Bool { state.withLock { $0.queue.isEmpty } }
}

import Synchronization

/// A clock that stands still until a test moves it: what waits on it is tested without waiting.
///
/// ```swift
/// let clock = VirtualClock()
/// let task = Task { try await clock.sleep(for: .seconds(30)); return "woken" }
/// await clock.waitForSleepers(1)
/// clock.advance(by: .seconds(30))
/// #expect(try await task.value == "woken")
/// ```
///
/// Sleepers wake in the order of their deadlines, of equal ones in the order in which they went to sleep. Any thread.
public final class VirtualClock: Clock, Sendable {
    /// A time on this clock.
    public struct Instant: InstantProtocol {
        /// Since the clock was made.
        public var offset: Duration

        /// A time so long after the clock's beginning.
        public init(offset: Duration = .zero) { self.offset = offset }

        /// So much later.
        public func advanced(by duration: Duration) -> Instant { Instant(offset: offset + duration) }
        /// How much later the other one is.
        public func duration(to other: Instant) -> Duration { other.offset - offset }
        /// Earlier.
        public static func < (a: Instant, b: Instant) -> Bool { a.offset < b.offset }
    }

    private struct Sleeper {
        var id: UInt64
        var deadline: Instant
        var continuation: CheckedContinuation<Void, any Error>
    }

    private struct State {
        var now = Instant()
        var lastID: UInt64 = 0
        var sleepers: [Sleeper] = []
        /// Cancelled before they were asleep.
        var cancelled: Set<UInt64> = []
        var watchers: [(count: Int, continuation: CheckedContinuation<Void, Never>)] = []
    }
    private let state = Mutex(State())

    /// A clock that shows zero.
    public init() {}

    /// The time up to which the clock has been moved.
    public var now: Instant { state.withLock { $0.now } }
    /// A nanosecond.
    public var minimumResolution: Duration { .nanoseconds(1) }

    /// Tasks that sleep on this clock.
    public var sleepers: Int { state.withLock { $0.sleepers.count } }

    /// The next time at which one of them wakes; nil when none sleeps.
    public var nextDeadline: Instant? { state.withLock { $0.sleepers.map(\.deadline).min() } }

    /// Returns when the clock has been moved to the deadline.
    ///
    /// - Parameter tolerance: ignored.
    /// - Throws: `CancellationError` when the task is cancelled.
    public func sleep(until deadline: Instant, tolerance: Duration? = nil) async throws {
        try Task.checkCancellation()
        let id = state.withLock { state in
            state.lastID += 1
            return state.lastID
        }
        try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                fallAsleep(Sleeper(id: id, deadline: deadline, continuation: continuation))
            }
        } onCancel: {
            let continuation = state.withLock { state in
                guard let index = state.sleepers.firstIndex(where: { $0.id == id }) else {
                    state.cancelled.insert(id)
                    return nil as CheckedContinuation<Void, any Error>?
                }
                return state.sleepers.remove(at: index).continuation
            }
            continuation?.resume(throwing: CancellationError())
        }
        state.withLock { _ = $0.cancelled.remove(id) }
    }

    private func fallAsleep(_ sleeper: Sleeper) {
        let (result, awake) = state.withLock {
            state -> (Result<Void, any Error>?, [CheckedContinuation<Void, Never>]) in
            if state.cancelled.remove(sleeper.id) != nil { return (.failure(CancellationError()), []) }
            if sleeper.deadline <= state.now { return (.success(()), []) }
            // Kept in order: after all with the same or an earlier deadline.
            let index = state.sleepers.firstIndex { $0.deadline > sleeper.deadline } ?? state.sleepers.count
            state.sleepers.insert(sleeper, at: index)
            let awake = state.watchers.filter { $0.count <= state.sleepers.count }.map(\.continuation)
            state.watchers.removeAll { $0.count <= state.sleepers.count }
            return (nil, awake)
        }
        if let result { sleeper.continuation.resume(with: result) }
        for watcher in awake { watcher.resume() }
    }

    /// Waits until so many tasks sleep on this clock: only then does it make sense to move it.
    ///
    /// - Parameter count: at least so many.
    public func waitForSleepers(_ count: Int) async {
        await withCheckedContinuation { continuation in
            let isThere = state.withLock { state in
                guard state.sleepers.count < count else { return true }
                state.watchers.append((count, continuation))
                return false
            }
            if isThere { continuation.resume() }
        }
    }

    /// Moves the clock forward and wakes those whose time has come. They run when their executors get to it: await what they do.
    ///
    /// - Parameter duration: at least zero.
    public func advance(by duration: Duration) {
        advance(to: now.advanced(by: duration))
    }

    /// Moves the clock forward; to an earlier time it is not moved.
    public func advance(to instant: Instant) {
        let due = state.withLock { state in
            state.now = max(state.now, instant)
            let count = state.sleepers.firstIndex { $0.deadline > state.now } ?? state.sleepers.count
            defer { state.sleepers.removeFirst(count) }
            return state.sleepers.prefix(count).map(\.continuation)
        }
        for continuation in due { continuation.resume() }
    }
}

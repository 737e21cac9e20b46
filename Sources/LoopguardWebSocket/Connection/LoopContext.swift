import Loopguard
import NIOCore

/// What all connections of one loop share: the flush at the end of a tick, and the one timer.
///
/// The timer looks at every connection of the loop a few times in the smallest of the configured timeouts, at most once a
/// second by default; a look is some comparisons, so 10,000 connections cost well under a millisecond a second. It runs only
/// while there are connections.
final class LoopContext: @unchecked Sendable {
    // SAFETY: all variables are used on the event loop only (each entry point is called there, which a debug build checks).
    let loop: GuardedLoop
    let counters = LoopCounters()
    private let interval: TimeAmount

    private var dirty: [ConnectionIO] = []
    private var isFlushScheduled = false
    private var members: [ObjectIdentifier: any LoopMember] = [:]
    private var orphans: [Orphan] = []
    private var timer: RepeatedTask?
    private var lastLook = NIODeadline.now()

    /// A handler whose connection has gone.
    private struct Orphan {
        var task: Task<Void, Never>
        var cancelAt: NIODeadline
    }

    init(loop: GuardedLoop, interval: TimeAmount) {
        self.loop = loop
        self.interval = interval
    }

    // MARK: flush

    /// Has `io` flushed at the end of this tick, together with all others.
    func flushSoon(_ io: ConnectionIO) {
        loop.eventLoop.assertInEventLoop()
        dirty.append(io)
        guard !isFlushScheduled else { return }
        isFlushScheduled = true
        loop.eventLoop.execute { self.flushAll() }
    }

    private func flushAll() {
        isFlushScheduled = false
        var batch: [ConnectionIO] = []
        swap(&batch, &dirty)
        for io in batch { io.flush() }
        if dirty.isEmpty {
            batch.removeAll(keepingCapacity: true)
            swap(&batch, &dirty)
        }
    }

    // MARK: members and time

    func add(_ member: any LoopMember) {
        loop.eventLoop.assertInEventLoop()
        members[ObjectIdentifier(member)] = member
        startTimer()
    }

    func remove(_ member: any LoopMember) {
        loop.eventLoop.assertInEventLoop()
        members[ObjectIdentifier(member)] = nil
    }

    /// Cancels the handler's task when it has not ended by then.
    func cancel(_ task: Task<Void, Never>, at deadline: NIODeadline) {
        loop.eventLoop.assertInEventLoop()
        orphans.append(Orphan(task: task, cancelAt: deadline))
        startTimer()
    }

    var connections: [ConnectionIO] { members.values.compactMap { $0 as? ConnectionIO } }
    var all: [any LoopMember] { Array(members.values) }

    private func startTimer() {
        guard timer == nil else { return }
        lastLook = .now()
        timer = loop.eventLoop.scheduleRepeatedTask(initialDelay: interval, delay: interval) { _ in self.look() }
    }

    private func look() {
        let now = NIODeadline.now()
        // What this loop was late is time in which it could not read either: not held against the peers.
        let lateness = max(.zero, now - lastLook - interval)
        lastLook = now
        for member in members.values { member.tick(now: now, lateness: lateness) }
        for orphan in orphans where now >= orphan.cancelAt { orphan.task.cancel() }
        orphans.removeAll { now >= $0.cancelAt }
        if members.isEmpty, orphans.isEmpty {
            timer?.cancel()
            timer = nil
        }
    }
}

/// A channel in the hands of a ``LoopContext``. On its loop only.
protocol LoopMember: AnyObject {
    func tick(now: NIODeadline, lateness: TimeAmount)
    /// The server stops: what has not begun need not begin.
    func beginDrain()
    /// Closes the transport at once.
    func cut(_ reason: String)
}

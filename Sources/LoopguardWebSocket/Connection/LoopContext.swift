import Loopguard
import LoopguardCore
import NIOCore
import Synchronization

/// What all connections of one loop share: the flush at the end of a tick, and the one timer.
///
/// The timer looks at every connection of the loop a few times in the smallest of the configured timeouts, at most once a
/// second by default; a look is some comparisons, so 10,000 connections cost well under a millisecond a second. It runs only
/// while there are connections.
final class LoopContext: @unchecked Sendable {
    // SAFETY: all variables are used on the event loop only (each entry point is called there, which a debug build checks); what
    // the watchdog asks for stands in the two locks.
    let loop: GuardedLoop
    let counters = LoopCounters()
    private let interval: TimeAmount

    private var dirty: [ConnectionIO] = []
    private var isFlushScheduled = false
    private var members: [ObjectIdentifier: any LoopMember] = [:]
    private var orphans: [Orphan] = []
    private var timer: RepeatedTask?
    private var lastLook = NIODeadline.now()
    private let pingInterval: TimeAmount
    /// The watchdog reads it, and does without when the loop is writing it.
    private let forecast = Mutex<PingForecast?>(nil)
    private let outboxes = Mutex<[ObjectIdentifier: Outbox]>([:])

    /// A handler whose connection has gone.
    private struct Orphan {
        var task: Task<Void, Never>
        var cancelAt: NIODeadline
    }

    /// - Parameters:
    ///   - interval: between two looks at the connections.
    ///   - pingInterval: after which a quiet connection is pinged.
    init(loop: GuardedLoop, interval: TimeAmount, pingInterval: TimeAmount) {
        self.loop = loop
        self.interval = interval
        self.pingInterval = pingInterval
        loop.addBurdenSource(self)
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
        if let outbox = member.outbox { outboxes.withLock { $0[ObjectIdentifier(member)] = outbox } }
        startTimer()
    }

    func remove(_ member: any LoopMember) {
        loop.eventLoop.assertInEventLoop()
        members[ObjectIdentifier(member)] = nil
        outboxes.withLock { _ = $0.removeValue(forKey: ObjectIdentifier(member)) }
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
        var pings = PingForecast(
            lookedAtNs: now.uptimeNanoseconds, horizonNs: UInt64(clamping: pingInterval.nanoseconds))
        for member in members.values {
            member.tick(now: now, lateness: lateness)
            if let due = member.pingDue { pings.add(inNs: UInt64(clamping: (due - now).nanoseconds)) }
        }
        forecast.withLock { [pings] in $0 = pings }
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
    /// What waits to be sent; nil when the member is no WebSocket.
    var outbox: Outbox? { get }
    /// When its next keep-alive ping is due.
    var pingDue: NIODeadline? { get }
}

extension LoopMember {
    var outbox: Outbox? { nil }
    var pingDue: NIODeadline? { nil }
}

extension LoopContext: LoopBurdenSource {
    func restartBurden() {}

    var burden: LoopBurden { LoopBurden(pings: forecast.withLockIfAvailable { $0 } ?? nil) }

    var queuedBytes: Int {
        // Only the reference is copied under the lock.
        outboxes.withLock { $0 }.values.reduce(0) { $0 + $1.bytesForReport }
    }
}

import CLoopguard
public import LoopguardCore
public import NIOCore
import Synchronization

/// One event loop that the watchdog looks after.
///
/// Any thread.
public final class GuardedLoop: Sendable {
    /// Such as `loop-0`.
    public let name: String
    public let index: Int
    public let eventLoop: any EventLoop
    public let executor: LoopExecutor
    let slot: SlotPointer
    let burdens = LoopBurdens()
    let lateTicksSeen = LateTicksSeen()
    private let connectionCount = Atomic<Int>(0)

    init(name: String, index: Int, eventLoop: any EventLoop, slot: SlotPointer, executor: LoopExecutor) {
        self.name = name
        self.index = index
        self.eventLoop = eventLoop
        self.slot = slot
        self.executor = executor
    }

    /// Connections that live on this loop.
    public var connections: Int { connectionCount.load(ordering: .relaxed) }

    /// Counts a connection in, as early as it has been placed: the next placement must already see it.
    public func connectionOpened() { connectionCount.add(1, ordering: .relaxed) }
    /// Counts it out; once for each ``connectionOpened()``.
    public func connectionClosed() { connectionCount.subtract(1, ordering: .relaxed) }

    /// Has stall reports tell what waits on this loop, besides its connections. Held weakly.
    public func addBurdenSource(_ source: any LoopBurdenSource) { burdens.add(source) }

    /// How long the running tick has lasted; zero while the loop waits for events.
    public var busyFor: Duration { .nanoseconds(Int64(clamping: busyForNs(now: lg_now_ns()))) }

    /// True while the running tick is over the threshold.
    public var isStalled: Bool { busyForNs(now: lg_now_ns()) >= lg_threshold_ns(slot.pointer) }

    func busyForNs(now: UInt64) -> UInt64 {
        let since = lg_busy_since(slot.pointer)
        return since == 0 || since > now ? 0 : now - since
    }

    /// Figures for `/debug/loops` and `/metrics`.
    public var status: LoopStatus {
        let slot = slot.pointer
        let busy = busyForNs(now: lg_now_ns())
        return LoopStatus(
            name: name, tid: slot.pointee.tid, connections: connections, ticks: lg_ticks(slot), jobs: lg_jobs(slot),
            lateTicks: lg_late(slot), lateTotalNs: lg_late_total_ns(slot), lateMaxNs: lg_late_max_ns(slot),
            lateBuckets: (0..<LG_LATE_BUCKETS).map { lg_late_bucket(slot, $0) }, busyForNs: busy,
            stalled: busy >= lg_threshold_ns(slot))
    }
}

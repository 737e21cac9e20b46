import NIOCore
import Synchronization

/// How many late ticks of a thread have been handed to a watchdog. The loop counts from its beginning on, maybe long before one
/// starts, and may outlive it: each tick is reported once, by whichever comes first.
final class LateTicksSeen: Sendable {
    let count = Atomic<UInt64>(0)
}

/// A thread that the watchdog looks after: a guarded loop, or the control loop.
struct WatchTarget: Sendable {
    var name: String
    var slot: SlotPointer
    /// Connections that suffer when it stalls.
    var connections: @Sendable () -> Int
    /// What else waits on it; nil for a thread that serves no connections.
    var burdens: LoopBurdens?
    let lateTicksSeen: LateTicksSeen

    init(_ loop: GuardedLoop) {
        name = loop.name
        slot = loop.slot
        connections = { loop.connections }
        burdens = loop.burdens
        lateTicksSeen = loop.lateTicksSeen
    }

    /// Ends the marks of the control loop, before its thread ends.
    func release(from eventLoop: any EventLoop) async { await slot.unbind(from: eventLoop) }

    private init(name: String, slot: SlotPointer, connections: @escaping @Sendable () -> Int) {
        self.name = name
        self.slot = slot
        self.connections = connections
        lateTicksSeen = LateTicksSeen()
    }

    /// The control loop is watched as well: whatever stalls it takes the admin address and the bus along, so all connections of
    /// `group` suffer.
    static func control(_ eventLoop: any EventLoop, of group: GuardedEventLoopGroup) async throws -> WatchTarget {
        let slot = try await SlotPointer.bind(
            "control", to: eventLoop, threshold: group.threshold, threadName: "lg-control")
        return WatchTarget(name: "control", slot: slot) { group.connections }
    }
}

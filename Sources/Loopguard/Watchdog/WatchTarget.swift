import CLoopguard
import NIOCore

/// A thread that the watchdog looks after: a guarded loop, or the control loop.
struct WatchTarget: Sendable {
    var name: String
    var slot: SlotPointer
    /// Connections that suffer when it stalls.
    var connections: @Sendable () -> Int
    /// What else waits on it; nil for a thread that serves no connections.
    var burdens: LoopBurdens?

    init(_ loop: GuardedLoop) {
        name = loop.name
        slot = loop.slot
        connections = { loop.connections }
        burdens = loop.burdens
    }

    /// Ends the marks of the control loop, before its thread ends.
    func release(from eventLoop: any EventLoop) async {
        let slot = slot
        try? await eventLoop.submit { lg_slot_unbind(slot.pointer) }.get()
    }

    private init(name: String, slot: SlotPointer) {
        self.name = name
        self.slot = slot
        connections = { 0 }
    }

    /// The control loop is watched as well: whatever stalls it takes the admin address and the bus along.
    static func control(_ eventLoop: any EventLoop, threshold: Duration) async throws -> WatchTarget {
        guard let raw = lg_slot_create("control", UInt64(clamping: threshold.nanoseconds)) else {
            throw LoopguardError(.resources, "out of memory for the thread slot of the control loop.")
        }
        let slot = SlotPointer(pointer: raw)
        let status = try await eventLoop.submit {
            lg_thread_set_name("lg-control")
            return lg_slot_bind(slot.pointer)
        }.get()
        guard status == 0 else {
            throw LoopguardError(.resources, "cannot prepare the thread of the control loop: errno \(status).")
        }
        return WatchTarget(name: "control", slot: slot)
    }
}

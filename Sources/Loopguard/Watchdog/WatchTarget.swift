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
    func release(from eventLoop: any EventLoop) async { await slot.unbind(from: eventLoop) }

    private init(name: String, slot: SlotPointer) {
        self.name = name
        self.slot = slot
        connections = { 0 }
    }

    /// The control loop is watched as well: whatever stalls it takes the admin address and the bus along.
    static func control(_ eventLoop: any EventLoop, threshold: Duration) async throws -> WatchTarget {
        let slot = try await SlotPointer.bind("control", to: eventLoop, threshold: threshold, threadName: "lg-control")
        return WatchTarget(name: "control", slot: slot)
    }
}

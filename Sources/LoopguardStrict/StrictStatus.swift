/// What strict mode has counted. Exact, whatever was reported in full.
public struct StrictStatus: Sendable, Equatable {
    /// Calls that block, or may block, made on watched loops.
    public var calls: UInt64
    /// Time in them, nanoseconds; of those that have returned.
    public var blockedNs: UInt64
    /// By name of the C function, such as `usleep`; only those that were called.
    public var byName: [String: UInt64]
    /// Calls that an allowance covered. Not in `calls`.
    public var allowedCalls: UInt64
    /// Time in those, nanoseconds.
    public var allowedNs: UInt64
    /// Call sites seen.
    public var sites: UInt64
    /// Calls without a report because their site had had many.
    public var suppressed: UInt64
    /// Calls without a report because too many came at once.
    public var dropped: UInt64
    /// Waits for a lock within ``StrictOptions/lockGrace``. No offences.
    public var shortWaits: UInt64

    /// Calls that a report was made of.
    public var reported: UInt64 { calls - min(calls, suppressed + dropped) }
}

import LoopguardCore

/// The pools that one watchdog looks after. Watchdog thread only.
struct WatchedPools {
    var cooperative: WatchedCooperativePool?
    var blocking: WatchedBlockingPool?

    /// When one of them needs the next look.
    var nextDeadline: UInt64? { [cooperative?.nextDeadline, blocking?.nextDeadline].compactMap { $0 }.min() }

    mutating func look(now: UInt64, isActive: Bool, latenessNs: UInt64) -> [PoolObservation] {
        var seen = cooperative?.look(now: now, isActive: isActive, latenessNs: latenessNs) ?? []
        seen += blocking?.look(now: now, latenessNs: latenessNs) ?? []
        return seen
    }

    /// Ends the watching.
    mutating func finish(now: UInt64) -> [PoolObservation] {
        var seen = cooperative?.finish(now: now) ?? []
        seen += blocking?.finish(now: now) ?? []
        return seen
    }
}

/// What one process, or all workers together, did in a run: the loops' own exact counts, and the stalls by place.
public struct RunFigures: Sendable, Equatable {
    /// Ticks of all guarded loops.
    public var ticks: UInt64 = 0
    /// Those over the threshold, exact; a tick that goes on and is over it already is among them.
    public var lateTicks: UInt64 = 0
    /// The longest of them, nanoseconds.
    public var maxNs: UInt64 = 0
    /// The stalls with their details.
    public var tally: StallTally
    /// Processes that ended without telling their last figures, and were believed up to the last time that they were heard.
    public var cutShort: Int = 0

    /// A run in which nothing has happened.
    public init(tally: StallTally = StallTally()) { self.tally = tally }

    /// The figures of one process.
    public init(loops: [LoopStatus], tally: StallTally) {
        self.tally = tally
        for loop in loops {
            ticks = ticks.saturatingAdd(loop.ticks)
            lateTicks = lateTicks.saturatingAdd(loop.lateTicks).saturatingAdd(loop.stalled ? 1 : 0)
            maxNs = max(maxNs, loop.lateMaxNs, loop.stalled ? loop.busyForNs : 0)
        }
    }

    /// Adds another process.
    public mutating func merge(_ other: RunFigures) {
        ticks = ticks.saturatingAdd(other.ticks)
        lateTicks = lateTicks.saturatingAdd(other.lateTicks)
        maxNs = max(maxNs, other.maxNs)
        tally.merge(other.tally)
        cutShort += other.cutShort
    }

    /// Late ticks of which nothing but their number is known: their details were lost, or have not come yet.
    public var lateWithoutDetails: UInt64 {
        lateTicks > tally.ticks ? lateTicks - tally.ticks : 0
    }
}

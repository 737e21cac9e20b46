/// How a drain went.
public struct DrainReport: Sendable, Equatable {
    /// Connections that ended within the deadline.
    public var closedCleanly: Int
    /// Connections that had to be cut.
    public var timedOut: Int
    /// What the cut ones had still to get, in bytes.
    public var unsentBytes: Int

    public init(closedCleanly: Int, timedOut: Int, unsentBytes: Int) {
        self.closedCleanly = closedCleanly
        self.timedOut = timedOut
        self.unsentBytes = unsentBytes
    }
}

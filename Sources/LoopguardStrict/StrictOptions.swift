/// What strict mode looks for.
public struct StrictOptions: Sendable, Equatable {
    /// `open` and the `stat` family are offences as well: they wait for the disk when the path is not cached. Default false.
    public var includesFiles = false
    /// A lock that another thread holds may be waited for this long: NIO, libdispatch and the Swift runtime share short
    /// critical sections between threads, and two that meet there are no mistake of the handler. Zero = the first
    /// contention is an offence. Default 1 ms.
    public var lockGrace: Duration = .milliseconds(1)
    /// So many calls of one call site are reported in full; after that only those whose number is a power of two. All are
    /// counted. Default 8.
    public var reportsPerSite = 8
    /// Reports kept for ``Strict/reports``, the latest ones. Default 64.
    public var keptReports = 64

    /// The values above.
    public static let defaults = StrictOptions()
    /// The defaults.
    public init() {}
}

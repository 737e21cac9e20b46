/// One stall, or several close together at the same place, in a few words: what a timeline is drawn from.
public struct StallMark: Codable, Sendable, Hashable {
    /// Start of the first, nanoseconds since 1970.
    public var startedAtUnixNs: Int64
    /// From the start of the first to the end of the last, nanoseconds.
    public var durationNs: UInt64
    /// How many; 1 unless they came too fast to be told apart on a timeline.
    public var count: UInt64
    /// Sum of their lengths, nanoseconds; at most `durationNs` as long as the clock was not set.
    public var stalledNs: UInt64
    /// The longest, nanoseconds.
    public var maxNs: UInt64
    /// Name of the loop, such as `loop-0`.
    public var loop: String
    /// Class of the cause.
    public var category: CauseCategory
    /// What kept the loop from turning.
    public var kind: StallKind
    /// Names the site.
    public var fingerprint: String
    /// True when it goes on.
    public var ongoing: Bool

    /// All its parts.
    public init(
        startedAtUnixNs: Int64, durationNs: UInt64, count: UInt64 = 1, stalledNs: UInt64, maxNs: UInt64, loop: String,
        category: CauseCategory, kind: StallKind, fingerprint: String, ongoing: Bool = false
    ) {
        self.startedAtUnixNs = startedAtUnixNs
        self.durationNs = durationNs
        self.count = count
        self.stalledNs = stalledNs
        self.maxNs = maxNs
        self.loop = loop
        self.category = category
        self.kind = kind
        self.fingerprint = fingerprint
        self.ongoing = ongoing
    }

    /// The mark of one stall.
    public init(_ report: StallReport) {
        self.init(
            startedAtUnixNs: report.startedAtUnixNs, durationNs: report.durationNs, stalledNs: report.durationNs,
            maxNs: report.durationNs, loop: report.loop, category: report.cause.category, kind: report.kind,
            fingerprint: report.fingerprint, ongoing: report.ongoing)
    }

    /// Nanoseconds since 1970.
    public var endedAtUnixNs: Int64 { startedAtUnixNs.saturatingAdd(Int64(clamping: durationNs)) }

    /// Takes in a later stall of the same place if it began at most `gapNs` after the end. Returns whether it did.
    mutating func absorb(_ later: StallMark, gapNs: Int64) -> Bool {
        guard later.loop == loop, later.fingerprint == fingerprint, later.kind == kind, later.category == category,
            later.startedAtUnixNs >= startedAtUnixNs,
            later.startedAtUnixNs.saturatingSubtract(endedAtUnixNs) <= gapNs
        else { return false }
        let end = max(endedAtUnixNs, later.endedAtUnixNs)
        durationNs = UInt64(clamping: end.saturatingSubtract(startedAtUnixNs))
        count = count.saturatingAdd(later.count)
        stalledNs = stalledNs.saturatingAdd(later.stalledNs)
        maxNs = max(maxNs, later.maxNs)
        return true
    }
}

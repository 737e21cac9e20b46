/// How much a site stalled in each of the last minutes. Sixty minutes are kept; whole minutes of the wall clock, so that the
/// histories of several workers add up.
public struct SiteHistory: Codable, Sendable, Hashable {
    /// Minutes kept.
    public static let minutes = 60
    /// Length of a minute in nanoseconds.
    public static let minuteNs: Int64 = 60_000_000_000

    /// Start of the last minute, nanoseconds since 1970, a whole minute.
    public private(set) var lastMinuteUnixNs: Int64 = 0
    /// Stalls that ended in each minute, oldest first, the last one last; at most 60.
    public private(set) var counts: [UInt32] = []
    /// Milliseconds of these stalls, rounded up, as `counts`.
    public private(set) var stalledMs: [UInt32] = []

    /// Nothing yet.
    public init() {}

    /// Counts a stall. One that ended more than an hour before the last one is left out.
    public mutating func add(endedAtUnixNs: Int64, durationNs: UInt64) {
        let minute = Self.minute(of: endedAtUnixNs)
        let ms = UInt32(clamping: durationNs / 1_000_000 + (durationNs % 1_000_000 == 0 ? 0 : 1))
        add(minute: minute, count: 1, ms: ms)
    }

    /// Adds the history of the same site on another worker.
    public mutating func merge(_ other: SiteHistory) {
        // What comes from outside may have columns of any length.
        let length = min(other.counts.count, other.stalledMs.count, Self.minutes)
        for back in (0..<length).reversed() {
            let count = other.counts[other.counts.count - 1 - back]
            let ms = other.stalledMs[other.stalledMs.count - 1 - back]
            guard count > 0 || ms > 0 else { continue }
            add(minute: Self.minute(of: other.lastMinuteUnixNs).saturatingSubtract(Int64(back)), count: count, ms: ms)
        }
    }

    /// The last 60 minutes up to the one of `now`, oldest first, with the start of each.
    public func columns(until now: Int64) -> [(startUnixNs: Int64, count: UInt32, stalledMs: UInt32)] {
        let newest = Self.minute(of: now)
        let last = Self.minute(of: lastMinuteUnixNs)
        return (0..<Self.minutes).map { column in
            let minute = newest.saturatingSubtract(Int64(Self.minutes - 1 - column))
            let index = Int64(min(counts.count, stalledMs.count) - 1).saturatingSubtract(
                last.saturatingSubtract(minute))
            let start = minute.saturatingMultiplySigned(Self.minuteNs)
            guard index >= 0, index < min(counts.count, stalledMs.count) else { return (start, 0, 0) }
            return (start, counts[Int(index)], stalledMs[Int(index)])
        }
    }

    private mutating func add(minute: Int64, count: UInt32, ms: UInt32) {
        if counts.isEmpty || stalledMs.count != counts.count {
            (counts, stalledMs) = ([0], [0])
            lastMinuteUnixNs = minute.saturatingMultiplySigned(Self.minuteNs)
        }
        var last = Self.minute(of: lastMinuteUnixNs)
        if minute > last {
            let steps = Int(min(minute.saturatingSubtract(last), Int64(Self.minutes)))
            counts += Array(repeating: 0, count: steps)
            stalledMs += Array(repeating: 0, count: steps)
            if counts.count > Self.minutes {
                counts.removeFirst(counts.count - Self.minutes)
                stalledMs.removeFirst(stalledMs.count - Self.minutes)
            }
            last = minute
            lastMinuteUnixNs = minute.saturatingMultiplySigned(Self.minuteNs)
        }
        let back = last.saturatingSubtract(minute)
        guard back < Int64(Self.minutes) else { return }
        if back >= Int64(counts.count) {
            let missing = Int(back) + 1 - counts.count
            counts.insert(contentsOf: Array(repeating: 0, count: missing), at: 0)
            stalledMs.insert(contentsOf: Array(repeating: 0, count: missing), at: 0)
        }
        let index = counts.count - 1 - Int(back)
        counts[index] = counts[index].saturatingAdd(count)
        stalledMs[index] = stalledMs[index].saturatingAdd(ms)
    }

    /// Number of the minute since 1970, rounded down.
    private static func minute(of unixNs: Int64) -> Int64 {
        let (quotient, remainder) = unixNs.quotientAndRemainder(dividingBy: minuteNs)
        return remainder < 0 ? quotient - 1 : quotient
    }
}

extension Int64 {
    /// `self × other`, at the nearest end of the range when it overflows.
    fileprivate func saturatingMultiplySigned(_ other: Int64) -> Int64 {
        let (value, overflow) = multipliedReportingOverflow(by: other)
        guard overflow else { return value }
        return (self < 0) == (other < 0) ? .max : .min
    }
}

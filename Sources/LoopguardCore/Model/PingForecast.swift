/// When a loop's keep-alive pings are due, as far as the loop knew when it last looked. Pure.
///
/// A stuck loop cannot say which pings it is missing; so each time it looks at its connections it notes how many pings will come
/// due in which of the following spans of time, if nothing arrives until then.
public struct PingForecast: Sendable, Equatable {
    /// Spans that are told apart.
    public static let spans = 64

    /// When the loop looked: monotonic clock, nanoseconds.
    public let lookedAtNs: UInt64
    /// Length of one span, nanoseconds.
    public let spanNs: UInt64
    private var due: [Int]

    /// A forecast without pings.
    ///
    /// - Parameters:
    ///   - lookedAtNs: monotonic clock, nanoseconds.
    ///   - horizonNs: the furthest that a ping may lie ahead; nanoseconds.
    public init(lookedAtNs: UInt64, horizonNs: UInt64) {
        self.lookedAtNs = lookedAtNs
        spanNs = max(1, horizonNs / UInt64(Self.spans))
        due = Array(repeating: 0, count: Self.spans + 1)
    }

    /// Counts a ping in that is due `inNs` nanoseconds after the look. What lies beyond the horizon is left out.
    public mutating func add(inNs: UInt64) {
        let span = inNs / spanNs
        if span < UInt64(due.count) { due[Int(span)] += 1 }
    }

    /// Pings that were due before `nowNs` (monotonic clock). A span counts once it is over.
    public func missed(until nowNs: UInt64) -> Int {
        guard nowNs > lookedAtNs else { return 0 }
        let whole = min(UInt64(due.count), (nowNs - lookedAtNs) / spanNs)
        return due.prefix(Int(whole)).reduce(0, +)
    }
}

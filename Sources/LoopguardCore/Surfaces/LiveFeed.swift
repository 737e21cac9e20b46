/// Decides when a page that is being watched should look again: what `/debug/stalls/events` sends. A value type with no clock.
///
/// A message says only that something changed; the page then fetches itself. So it is small, the same for all readers, and one that
/// is lost does no harm.
public struct LiveFeed: Sendable {
    /// Between two looks at the cluster, nanoseconds: 0.5 s. No page is renewed more often.
    public static let lookEveryNs: Int64 = 500_000_000
    /// After so long without a message there is one all the same, nanoseconds: 5 s. It keeps figures such as connections fresh, and
    /// finds out readers that have gone.
    public static let heartbeatNs: Int64 = 5_000_000_000
    /// What a stream begins with: the page's browser comes back after 2 s when the stream breaks.
    public static let preamble = "retry: 2000\n\n"
    /// Path of the stream.
    public static let path = "/debug/stalls/events"

    private var mark: [String] = []
    private var lastNs: Int64?
    private var number: UInt64 = 0

    /// A feed that has sent nothing.
    public init() {}

    /// A look at the cluster.
    ///
    /// - Parameter nowNs: any monotonic clock, nanoseconds.
    /// - Returns: a message in the format of server-sent events (WHATWG HTML §9.2); nil when there is nothing to tell.
    public mutating func next(_ cluster: ClusterStatus, nowNs: Int64) -> String? {
        let current = Self.mark(cluster)
        let isNews = lastNs == nil || current != mark
        guard isNews || lastNs.map({ nowNs.saturatingSubtract($0) >= Self.heartbeatNs }) ?? true else { return nil }
        mark = current
        lastNs = nowNs
        number = number.saturatingAdd(1)
        let ongoing = cluster.everybody.reduce(0) { $0 + ($1.status?.stalls.ongoing.count ?? 0) }
        let total = cluster.everybody.reduce(UInt64(0)) { $0.saturatingAdd($1.status?.stalls.total ?? 0) }
        // Numbers only: nothing from outside can break the framing.
        return "id: \(number)\nevent: \(isNews ? "change" : "heartbeat")\n"
            + "data: {\"ongoing\":\(ongoing),\"total\":\(total)}\n\n"
    }

    /// What makes a difference to somebody who watches, without figures that change all the time.
    private static func mark(_ cluster: ClusterStatus) -> [String] {
        cluster.everybody.flatMap { view -> [String] in
            let stalls = view.status?.stalls
            let head =
                "\(view.worker) \(view.pid) \(view.state) \(stalls?.total ?? 0) \(stalls?.recent.first?.id ?? "")"
            return [head] + (view.status?.notReady ?? [])
                + (stalls?.ongoing ?? []).map { "\($0.id) \($0.samples.count) \($0.related.count)" }
        }
    }
}

/// The document at `/debug/stalls.json`: the stalls of all workers, merged. Schema:
/// `Documentation/stall-report.schema.json`.
public struct StallsDocument: Codable, Sendable, Equatable {
    /// One worker, without its stalls.
    public struct Worker: Codable, Sendable, Equatable {
        /// Worker number, 0 when the server runs without a supervisor.
        public var worker: Int
        /// Process identifier.
        public var pid: Int32
        /// `running`, `starting`, `restarting`, `draining`, `silent`.
        public var state: String
        /// Time since its last message; 0 for the process that answers.
        public var silentForNs: UInt64
        /// How often it has been restarted.
        public var restarts: Int
        /// Name of its host; nil when nothing has been heard of it yet.
        public var host: String?
        /// Wall-clock start, nanoseconds since 1970; nil when nothing has been heard yet.
        public var startedAtUnixNs: Int64?
        /// A longer tick is a stall. Nanoseconds; nil when nothing has been heard yet.
        public var thresholdNs: UInt64?
        /// Loops that are stalled now.
        public var stalledLoops: Int
        /// Connections on all its loops.
        public var connections: Int
        /// All its stalls since the start.
        public var total: UInt64
        /// Reasons why it is not ready.
        public var notReady: [String]
        /// Facilities that are missing on its machine, each with what that costs.
        public var degradations: [String]
    }

    /// The stalls of one loop along the time.
    public struct Lane: Codable, Sendable, Equatable {
        /// Name of the host; nil when not known.
        public var host: String?
        /// Worker number, 0 when the server runs without a supervisor.
        public var worker: Int
        /// Name of the loop, such as `loop-0`.
        public var loop: String
        /// All stalls remembered, those that go on included; oldest first.
        public var stalls: [StallMark]
    }

    /// Wall clock, nanoseconds since 1970.
    public var generatedAtUnixNs: Int64
    /// One entry for each worker, those of other hosts last.
    public var workers: [Worker]
    /// What is not known of other hosts and why, a line each.
    public var notes: [String]
    /// One entry for each loop, by host, worker and name, loops without a stall included.
    public var timeline: [Lane]
    /// Longest first.
    public var ongoing: [StallReport]
    /// Newest first.
    public var recent: [StallReport]
    /// Merged by fingerprint, most harmful first.
    public var sites: [StallSite]
    /// All stalls of all workers since their start, exact.
    public var total: UInt64
    /// Reports not kept in full because their site had had many.
    public var suppressed: UInt64
    /// Sites forgotten to make room for others.
    public var evictedSites: UInt64

    /// Merges what all workers tell.
    ///
    /// - Parameters:
    ///   - recentLimit: finished stalls kept, default 200.
    ///   - siteLimit: sites kept, default 200.
    public init(_ cluster: ClusterStatus, recentLimit: Int = 200, siteLimit: Int = 200) {
        let stalls = cluster.everybody.compactMap { $0.status?.stalls }
        generatedAtUnixNs = cluster.nowUnixNs
        workers = cluster.everybody.map(Worker.init)
        timeline = Lane.all(cluster)
        ongoing = cluster.everybody.flatMap(\.ongoingNow).sorted { ($1.durationNs, $0.id) < ($0.durationNs, $1.id) }
        let newest = stalls.flatMap(\.recent).sorted { ($1.endedAtUnixNs, $0.id) < ($0.endedAtUnixNs, $1.id) }
        recent = Array(newest.prefix(max(0, recentLimit)))
        var merged: [String: StallSite] = [:]
        for site in stalls.flatMap(\.sites) {
            if var known = merged[site.fingerprint] {
                known.merge(site)
                merged[site.fingerprint] = known
            } else {
                merged[site.fingerprint] = site
            }
        }
        sites = Array(merged.values.sorted(by: StallSite.rank).prefix(max(0, siteLimit)))
        total = stalls.reduce(0) { $0.saturatingAdd($1.total) }
        suppressed = stalls.reduce(0) { $0.saturatingAdd($1.suppressed) }
        notes = cluster.notes
        evictedSites = stalls.reduce(0) { $0.saturatingAdd($1.evictedSites) }
    }
}

extension StallsDocument.Worker {
    init(_ view: ClusterStatus.WorkerView) {
        worker = view.worker
        pid = view.pid
        state = view.state
        silentForNs = view.silentForNs
        restarts = view.restarts
        host = view.hostName
        startedAtUnixNs = view.status?.startedAtUnixNs
        thresholdNs = view.status?.thresholdNs
        stalledLoops = view.status?.loops.count { $0.stalled } ?? 0
        connections = view.status?.loops.reduce(0) { $0.saturatingAdd($1.connections) } ?? 0
        total = view.status?.stalls.total ?? 0
        notReady = view.status?.notReady ?? []
        degradations = view.status?.degradations ?? []
    }

    var isSilent: Bool { state == "silent" }
}

extension StallsDocument.Lane {
    /// A worker that is being replaced has two processes for a while: their loops share their lanes.
    static func all(_ cluster: ClusterStatus) -> [Self] {
        var lanes: [Self] = []
        var places: [[String]: Int] = [:]
        func lane(_ view: ClusterStatus.WorkerView, _ loop: String) -> Int {
            let key = [view.hostName ?? "", "\(view.worker)", loop]
            if let known = places[key] { return known }
            lanes.append(Self(host: view.hostName, worker: view.worker, loop: loop, stalls: []))
            places[key] = lanes.count - 1
            return lanes.count - 1
        }
        for view in cluster.everybody {
            for loop in view.status?.loops ?? [] { _ = lane(view, loop.name) }
            for mark in view.status?.stalls.timeline ?? [] { lanes[lane(view, mark.loop)].stalls.append(mark) }
            for report in view.ongoingNow { lanes[lane(view, report.loop)].stalls.append(StallMark(report)) }
        }
        for index in lanes.indices {
            lanes[index].stalls.sort { ($0.startedAtUnixNs, $0.fingerprint) < ($1.startedAtUnixNs, $1.fingerprint) }
        }
        return lanes.sorted { ($0.host ?? "", $0.worker, $0.loop) < ($1.host ?? "", $1.worker, $1.loop) }
    }
}

extension StallReport {
    var endedAtUnixNs: Int64 { startedAtUnixNs.saturatingAdd(Int64(clamping: durationNs)) }
}

extension StallSite {
    /// Adds the same site of another worker.
    mutating func merge(_ other: StallSite) {
        count = count.saturatingAdd(other.count)
        suppressed = suppressed.saturatingAdd(other.suppressed)
        totalNs = totalNs.saturatingAdd(other.totalNs)
        maxNs = max(maxNs, other.maxNs)
        connectionSeconds += other.connectionSeconds
        firstSeenUnixNs = min(firstSeenUnixNs, other.firstSeenUnixNs)
        lastSeenUnixNs = max(lastSeenUnixNs, other.lastSeenUnixNs)
        if let theirs = other.history {
            var both = history ?? SiteHistory()
            both.merge(theirs)
            history = both
        }
        if other.worst.isMoreTelling(than: worst) { worst = other.worst }
    }
}

extension ClusterStatus.WorkerView {
    /// Name of its host, if known.
    var hostName: String? { host ?? status?.host }

    /// The stalls going on, with their length at the time of this view: a worker sends its figures now and then, and a
    /// stall does not stop growing in between. Those of a silent worker are left as last heard.
    var ongoingNow: [StallReport] {
        guard let status else { return [] }
        guard state != "silent" else { return status.stalls.ongoing }
        let now = status.generatedAtUnixNs.saturatingAdd(Int64(clamping: silentForNs))
        return status.stalls.ongoing.map { report in
            var report = report
            report.extend(to: now)
            return report
        }
    }
}

extension ClusterStatus {
    /// The wall clock when this view was made, as far as the workers' messages tell: nanoseconds since 1970.
    var nowUnixNs: Int64 {
        workers.compactMap { view in
            view.status.map { $0.generatedAtUnixNs.saturatingAdd(Int64(clamping: view.silentForNs)) }
        }.max() ?? 0
    }
}

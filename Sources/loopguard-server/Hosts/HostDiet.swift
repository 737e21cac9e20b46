import LoopguardCore

/// Decides when a host tells the others, and how much. Pure.
struct HostDiet {
    /// Between two texts when nothing happens.
    static let interval = Duration.seconds(5)

    /// What the others should learn at once.
    private struct Mark: Equatable {
        var workers: [String]
        var stalls: UInt64
        var ongoing: [String]
    }
    private var told: (mark: Mark, at: Duration)?

    /// The status to tell now; nil when the others have what matters. While a stall goes on, each second.
    mutating func next(_ cluster: ClusterStatus, at now: Duration) -> ClusterStatus? {
        let mark = Mark(
            workers: cluster.workers.map { view in
                let stalled = view.status?.loops.filter(\.stalled).map(\.name) ?? []
                return "\(view.worker) \(view.pid) \(view.state) \(view.status?.notReady ?? []) \(stalled)"
            },
            stalls: cluster.workers.reduce(0) { $0 &+ ($1.status?.stalls.total ?? 0) },
            ongoing: cluster.workers.flatMap { $0.status?.stalls.ongoing.map(\.id) ?? [] })
        if let told, told.mark == mark, mark.ongoing.isEmpty, now - told.at < Self.interval { return nil }
        told = (mark, now)
        return cluster
    }

    /// To be told again: Redis has lost it.
    mutating func forget() { told = nil }

    /// The status as JSON of at most `maximumBytes`: figures of no use elsewhere are left out, then the least harmful places and
    /// the oldest stalls, then stacks. Nil when nothing helps.
    static func text(_ cluster: ClusterStatus, maximumBytes: Int) -> [UInt8]? {
        var most = 64
        while true {
            if let text = try? StallJSON.encode(thinned(cluster, most: most)), text.count <= maximumBytes {
                return text
            }
            guard most > 0 else { return nil }
            most /= 2
        }
    }

    /// - Parameter most: of everything that is a list of reports; with 0 reports have no stacks either.
    static func thinned(_ cluster: ClusterStatus, most: Int) -> ClusterStatus {
        func thin(_ report: StallReport, samples: Int) -> StallReport {
            var report = report
            report.samples = Array(report.samples.prefix(most == 0 ? 0 : samples))
            report.related = Array(report.related.prefix(most == 0 ? 0 : 1))
            return report
        }
        var views: [ClusterStatus.WorkerView] = []
        for var view in cluster.workers {
            if var status = view.status {
                status.metrics = []
                status.tally = nil
                status.offload.byName = Array(status.offload.byName.prefix(most))
                status.stalls.ongoing = status.stalls.ongoing.prefix(max(1, most)).map { thin($0, samples: 2) }
                status.stalls.recent = status.stalls.recent.prefix(most / 2).map { thin($0, samples: 1) }
                status.stalls.sites = status.stalls.sites.prefix(most).map { site in
                    var site = site
                    site.worst = thin(site.worst, samples: 1)
                    return site
                }
                status.stalls.timeline = Array(status.stalls.timeline.suffix(most * 4))
                view.status = status
            }
            views.append(view)
        }
        return ClusterStatus(workers: views)
    }
}

/// The stalls that a worker remembers: those going on, the latest, and all places by the harm they did.
///
/// A value type without a clock; whoever shares it between threads puts a lock around it. Memory is bounded by the options
/// whatever happens, and what is dropped is counted. Reports must carry their final fingerprint when they begin.
public struct StallStore: Sendable, Equatable {
    /// Limits.
    public struct Options: Sendable, Equatable {
        /// Finished stalls kept in full, newest first. Default 100.
        public var recent = 100
        /// Places kept; the least harmful one makes room for a new one. Default 200.
        public var sites = 200
        /// Stalls going on at the same time: one for each loop. Default 256.
        public var ongoing = 256
        /// Marks kept for the timeline, the oldest one makes room. Default 512.
        public var timeline = 512
        /// Stalls of one place on one loop that follow each other within this become one mark. Nanoseconds, default 1 s:
        /// less than a pixel of a timeline, and a second of it costs one mark however often a loop stalls.
        public var timelineGapNs: Int64 = 1_000_000_000
        /// Size of one report.
        public var report = ReportLimits.defaults
        /// Which reports are kept in full.
        public var policy = ReportPolicy.Options.defaults

        /// The values above.
        public static let defaults = Options()
        /// The defaults.
        public init() {}
    }

    private struct Open: Sendable, Equatable {
        var report: StallReport
        var decision: ReportPolicy.Decision
    }

    /// The limits in use.
    public let options: Options
    private var policy: ReportPolicy
    /// Oldest first.
    private var open: [Open] = []
    /// Oldest first.
    private var recent: [StallReport] = []
    private var sites: [String: StallSite] = [:]
    private var evictedSites: UInt64 = 0
    /// In the order in which they ended.
    private var timeline: [StallMark] = []

    /// An empty store.
    public init(options: Options = .defaults) {
        self.options = options
        policy = ReportPolicy(options: options.policy)
    }

    /// Reports suppressed so far.
    public var suppressed: UInt64 { policy.suppressed }

    /// A stall has been captured and goes on. Returns whether to log it in full.
    ///
    /// A loop has one stall at a time: an earlier one of the same loop that was never finished is finished as it stands.
    @discardableResult
    public mutating func begin(_ report: StallReport) -> ReportPolicy.Decision {
        if let index = open.firstIndex(where: { $0.report.id == report.id }) {
            open[index].report = report.bounded(by: options.report)
            return open[index].decision
        }
        // A blocking call goes on beside the stall that it causes.
        let isCall = report.kind == .blockingCall
        if let stale = open.firstIndex(where: {
            $0.report.loop == report.loop && $0.report.worker == report.worker
                && ($0.report.kind == .blockingCall) == isCall
        }) {
            close(open.remove(at: stale))
        }
        if open.count >= max(1, options.ongoing) { close(open.removeFirst()) }
        let decision = policy.decide(fingerprint: report.fingerprint, nowNs: report.startedAtUnixNs)
        open.append(Open(report: report.bounded(by: options.report), decision: decision))
        return decision
    }

    /// New samples, duration or cause of a stall that goes on. Ignored when it is not known (any more).
    public mutating func update(_ report: StallReport) {
        guard let index = open.firstIndex(where: { $0.report.id == report.id }) else { return }
        open[index].report = report.bounded(by: options.report)
    }

    /// A stall is over, whether or not it was begun here (a missed one was not). Returns whether to log it in full; for a
    /// stall that was begun, what `begin` returned.
    @discardableResult
    public mutating func finish(_ report: StallReport, at unixNs: Int64) -> ReportPolicy.Decision {
        var decision: ReportPolicy.Decision
        if let index = open.firstIndex(where: { $0.report.id == report.id }) {
            decision = open.remove(at: index).decision
        } else {
            decision = policy.decide(fingerprint: report.fingerprint, nowNs: unixNs)
        }
        close(Open(report: report.bounded(by: options.report), decision: decision), at: unixNs)
        return decision
    }

    private mutating func close(_ entry: Open, at unixNs: Int64? = nil) {
        var report = entry.report
        report.ongoing = false
        let duration = Int64(clamping: report.durationNs)
        let isSuppressed = entry.decision == .suppressed
        count(report, suppressed: isSuppressed, at: unixNs ?? report.startedAtUnixNs.saturatingAdd(duration))
        mark(StallMark(report))
        guard !isSuppressed else { return }
        recent.append(report)
        if recent.count > max(0, options.recent) { recent.removeFirst(recent.count - max(0, options.recent)) }
    }

    private mutating func mark(_ mark: StallMark) {
        // The last mark of this loop is among the last few: one for each loop that stalls.
        let recently = timeline.indices.suffix(max(1, min(options.ongoing, 32)))
        if let last = recently.last(where: { timeline[$0].loop == mark.loop }),
            timeline[last].absorb(mark, gapNs: options.timelineGapNs)
        {
            return
        }
        timeline.append(mark)
        let excess = timeline.count - max(0, options.timeline)
        if excess > 0 { timeline.removeFirst(excess) }
    }

    private mutating func count(_ report: StallReport, suppressed: Bool, at unixNs: Int64) {
        let harm = report.blast.connectionSeconds.isFinite ? max(0, report.blast.connectionSeconds) : 0
        guard var site = sites[report.fingerprint] else {
            makeRoomForSite()
            var history = SiteHistory()
            history.add(endedAtUnixNs: unixNs, durationNs: report.durationNs)
            sites[report.fingerprint] = StallSite(
                fingerprint: report.fingerprint, count: 1, suppressed: suppressed ? 1 : 0,
                totalNs: report.durationNs, maxNs: report.durationNs, connectionSeconds: harm,
                firstSeenUnixNs: report.startedAtUnixNs, lastSeenUnixNs: unixNs, history: history,
                worst: report
            )
            return
        }
        site.count = site.count.saturatingAdd(1)
        if suppressed { site.suppressed = site.suppressed.saturatingAdd(1) }
        site.totalNs = site.totalNs.saturatingAdd(report.durationNs)
        site.maxNs = max(site.maxNs, report.durationNs)
        site.connectionSeconds += harm
        site.firstSeenUnixNs = min(site.firstSeenUnixNs, report.startedAtUnixNs)
        site.lastSeenUnixNs = max(site.lastSeenUnixNs, unixNs)
        site.history?.add(endedAtUnixNs: unixNs, durationNs: report.durationNs)
        if report.isMoreTelling(than: site.worst) { site.worst = report }
        sites[report.fingerprint] = site
    }

    private mutating func makeRoomForSite() {
        while sites.count >= max(1, options.sites), let least = sites.values.max(by: { StallSite.rank($0, $1) }) {
            sites.removeValue(forKey: least.fingerprint)
            evictedSites = evictedSites.saturatingAdd(1)
        }
    }

    /// What the endpoints show.
    ///
    /// - Parameters:
    ///   - total: all stalls so far: the sum of the loops' own exact counts.
    ///   - nowUnixNs: wall clock, nanoseconds since 1970. When given, stalls that go on are shown with their length up to
    ///     now, and with the harm done up to now.
    public func status(total: UInt64, nowUnixNs: Int64? = nil) -> StallsStatus {
        let ongoing = open.map { entry -> StallReport in
            var report = entry.report
            report.ongoing = true
            if let nowUnixNs { report.extend(to: nowUnixNs) }
            return report
        }
        return StallsStatus(
            total: total, suppressed: suppressed,
            ongoing: ongoing.sorted { ($0.startedAtUnixNs, $0.id) < ($1.startedAtUnixNs, $1.id) },
            recent: recent.reversed(), sites: sites.values.sorted(by: StallSite.rank), evictedSites: evictedSites,
            timeline: timeline
        )
    }
}

extension StallSite {
    /// Worst first: by connection-seconds lost, then by time, then by name so that the order is stable.
    static func rank(_ a: StallSite, _ b: StallSite) -> Bool {
        if a.connectionSeconds != b.connectionSeconds { return a.connectionSeconds > b.connectionSeconds }
        if a.totalNs != b.totalNs { return a.totalNs > b.totalNs }
        return a.fingerprint < b.fingerprint
    }
}

extension StallReport {
    /// A report with a stack tells more than one without; one that blames the code more than one in which the machine was at
    /// fault, however long: a site is there to be repaired. Of two alike the longer one does.
    func isMoreTelling(than other: StallReport) -> Bool {
        let hasStack = samples.contains { !$0.frames.isEmpty }
        let otherHasStack = other.samples.contains { !$0.frames.isEmpty }
        if hasStack != otherHasStack { return hasStack }
        if cause.hostAtFault != other.cause.hostAtFault { return !cause.hostAtFault }
        return durationNs > other.durationNs
    }

    /// Grows a stall that goes on to its length at `unixNs`; never shrinks it, whatever the wall clock does.
    mutating func extend(to unixNs: Int64) {
        let elapsed = UInt64(clamping: unixNs.saturatingSubtract(startedAtUnixNs))
        guard elapsed > durationNs else { return }
        durationNs = elapsed
        // What else waits is only known to the worker itself.
        blast.connectionSeconds = BlastRadius.connectionSeconds(
            connections: blast.connections, durationNs: elapsed, thresholdNs: thresholdNs)
    }
}

extension BlastRadius {
    /// Connections times the time over the threshold, in seconds.
    public static func connectionSeconds(connections: Int, durationNs: UInt64, thresholdNs: UInt64) -> Double {
        Double(max(0, connections)) * Double(durationNs.saturatingSubtract(thresholdNs)) / 1e9
    }
}

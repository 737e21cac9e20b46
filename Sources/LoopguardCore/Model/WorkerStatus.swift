/// All that one worker tells about itself: what its admin endpoints show, and what it pushes to the supervisor.
public struct WorkerStatus: Codable, Sendable, Equatable {
    /// Name of the host.
    public var host: String
    /// Worker number, 0 when the server runs without a supervisor.
    public var worker: Int
    /// Process identifier.
    public var pid: Int32
    /// Wall clock, nanoseconds since 1970.
    public var generatedAtUnixNs: Int64
    /// Wall-clock start, nanoseconds since 1970.
    public var startedAtUnixNs: Int64
    /// A longer tick is a stall. Nanoseconds.
    public var thresholdNs: UInt64
    /// Reasons why `/readyz` is red; empty = ready.
    public var notReady: [String]
    /// Facilities that are missing on this machine, each with what that costs.
    public var degradations: [String]
    /// Its guarded loops.
    public var loops: [LoopStatus]
    /// The stalls it remembers.
    public var stalls: StallsStatus
    /// The blocking pool.
    public var offload: OffloadStatus
    /// Everything else worth a line at `/metrics`.
    public var metrics: [MetricSample]
    /// All stalls by place, when a gate asks for it; nil also when the reader has it already.
    public var tally: StallTally?

    /// All its parts.
    public init(
        host: String, worker: Int, pid: Int32, generatedAtUnixNs: Int64, startedAtUnixNs: Int64, thresholdNs: UInt64,
        notReady: [String], degradations: [String], loops: [LoopStatus], stalls: StallsStatus, offload: OffloadStatus,
        metrics: [MetricSample], tally: StallTally? = nil
    ) {
        self.host = host
        self.worker = worker
        self.pid = pid
        self.generatedAtUnixNs = generatedAtUnixNs
        self.startedAtUnixNs = startedAtUnixNs
        self.thresholdNs = thresholdNs
        self.notReady = notReady
        self.degradations = degradations
        self.loops = loops
        self.stalls = stalls
        self.offload = offload
        self.metrics = metrics
        self.tally = tally
    }
}

/// One guarded loop.
public struct LoopStatus: Codable, Sendable, Equatable {
    /// Name of the loop, such as `loop-0`.
    public var name: String
    /// Thread identifier of the loop's thread.
    public var tid: Int32
    /// Connections on the loop.
    public var connections: Int
    /// Ticks begun.
    public var ticks: UInt64
    /// Executor jobs begun.
    public var jobs: UInt64
    /// Ticks over the threshold, exact.
    public var lateTicks: UInt64
    /// Sum of the late ticks, nanoseconds.
    public var lateTotalNs: UInt64
    /// The longest late tick, nanoseconds.
    public var lateMaxNs: UInt64
    /// Late ticks of at least threshold × 2^i, below threshold × 2^(i+1).
    public var lateBuckets: [UInt64]
    /// How long the running tick has lasted; 0 = waiting for events.
    public var busyForNs: UInt64
    /// True while the running tick is over the threshold.
    public var stalled: Bool

    /// All its parts.
    public init(
        name: String, tid: Int32, connections: Int, ticks: UInt64, jobs: UInt64, lateTicks: UInt64,
        lateTotalNs: UInt64, lateMaxNs: UInt64, lateBuckets: [UInt64], busyForNs: UInt64, stalled: Bool
    ) {
        self.name = name
        self.tid = tid
        self.connections = connections
        self.ticks = ticks
        self.jobs = jobs
        self.lateTicks = lateTicks
        self.lateTotalNs = lateTotalNs
        self.lateMaxNs = lateMaxNs
        self.lateBuckets = lateBuckets
        self.busyForNs = busyForNs
        self.stalled = stalled
    }
}

/// The stalls a worker remembers.
public struct StallsStatus: Codable, Sendable, Equatable {
    /// All stalls since the start, exact (late ticks, whether or not a stack was caught).
    public var total: UInt64
    /// Reports not kept in full because their site had had many.
    public var suppressed: UInt64
    /// Stalls going on.
    public var ongoing: [StallReport]
    /// Newest first, bounded.
    public var recent: [StallReport]
    /// Ranked by connection-seconds lost, worst first, bounded.
    public var sites: [StallSite]
    /// Sites forgotten to make room for others.
    public var evictedSites: UInt64
    /// All finished stalls, suppressed ones included, in a few words; oldest first, bounded.
    public var timeline: [StallMark]
    /// True when `recent`, `sites` and `timeline` were left out because the reader has them, or gets them soon.
    public var isAbridged: Bool

    /// All its parts.
    public init(
        total: UInt64 = 0, suppressed: UInt64 = 0, ongoing: [StallReport] = [], recent: [StallReport] = [],
        sites: [StallSite] = [], evictedSites: UInt64 = 0, timeline: [StallMark] = [], isAbridged: Bool = false
    ) {
        self.total = total
        self.suppressed = suppressed
        self.ongoing = ongoing
        self.recent = recent
        self.sites = sites
        self.evictedSites = evictedSites
        self.timeline = timeline
        self.isAbridged = isAbridged
    }

    /// Reads what another version may have written: without a timeline it is empty.
    public init(from decoder: any Decoder) throws {
        let fields = try decoder.container(keyedBy: CodingKeys.self)
        total = try fields.decode(UInt64.self, forKey: .total)
        suppressed = try fields.decode(UInt64.self, forKey: .suppressed)
        ongoing = try fields.decode([StallReport].self, forKey: .ongoing)
        recent = try fields.decode([StallReport].self, forKey: .recent)
        sites = try fields.decode([StallSite].self, forKey: .sites)
        evictedSites = try fields.decode(UInt64.self, forKey: .evictedSites)
        timeline = try fields.decodeIfPresent([StallMark].self, forKey: .timeline) ?? []
        isAbridged = try fields.decode(Bool.self, forKey: .isAbridged)
    }
}

/// All stalls of one fingerprint.
public struct StallSite: Codable, Sendable, Equatable {
    /// Of all its reports.
    public var fingerprint: String
    /// Stalls, with and without a full report.
    public var count: UInt64
    /// Reports that were only counted.
    public var suppressed: UInt64
    /// Sum of the lengths, nanoseconds.
    public var totalNs: UInt64
    /// The longest, nanoseconds.
    public var maxNs: UInt64
    /// Sum over its stalls.
    public var connectionSeconds: Double
    /// Wall clock, nanoseconds since 1970.
    public var firstSeenUnixNs: Int64
    /// Wall clock, nanoseconds since 1970.
    public var lastSeenUnixNs: Int64
    /// The last hour, minute by minute; nil when the worker does not keep it.
    public var history: SiteHistory?
    /// The longest stall kept in full.
    public var worst: StallReport

    /// All its parts.
    public init(
        fingerprint: String, count: UInt64, suppressed: UInt64, totalNs: UInt64, maxNs: UInt64,
        connectionSeconds: Double, firstSeenUnixNs: Int64, lastSeenUnixNs: Int64, history: SiteHistory? = nil,
        worst: StallReport
    ) {
        self.fingerprint = fingerprint
        self.count = count
        self.suppressed = suppressed
        self.totalNs = totalNs
        self.maxNs = maxNs
        self.connectionSeconds = connectionSeconds
        self.firstSeenUnixNs = firstSeenUnixNs
        self.lastSeenUnixNs = lastSeenUnixNs
        self.history = history
        self.worst = worst
    }
}

/// The blocking pool.
public struct OffloadStatus: Codable, Sendable, Equatable {
    /// Threads of the pool.
    public var threads: Int
    /// Jobs running now.
    public var running: Int
    /// Jobs waiting for a thread.
    public var queued: Int
    /// Jobs that may wait.
    public var queueLimit: Int
    /// Age of the oldest queued job.
    public var oldestQueuedNs: UInt64
    /// Jobs that returned.
    public var completed: UInt64
    /// Jobs that threw.
    public var failed: UInt64
    /// Jobs refused since the queue was full.
    public var rejected: UInt64
    /// Jobs cancelled before they began.
    public var cancelled: UInt64
    /// Calls of `offload` from within offloaded work that runs: it holds a thread while it waits for another.
    public var nested: UInt64
    /// By the name given to `offload`.
    public var byName: [OffloadNameStatus]

    /// All its parts.
    public init(
        threads: Int = 0, running: Int = 0, queued: Int = 0, queueLimit: Int = 0, oldestQueuedNs: UInt64 = 0,
        completed: UInt64 = 0, failed: UInt64 = 0, rejected: UInt64 = 0, cancelled: UInt64 = 0, nested: UInt64 = 0,
        byName: [OffloadNameStatus] = []
    ) {
        self.threads = threads
        self.running = running
        self.queued = queued
        self.queueLimit = queueLimit
        self.oldestQueuedNs = oldestQueuedNs
        self.completed = completed
        self.failed = failed
        self.rejected = rejected
        self.cancelled = cancelled
        self.nested = nested
        self.byName = byName
    }
}

/// Offloaded work of one name.
public struct OffloadNameStatus: Codable, Sendable, Equatable {
    /// The name given to `offload`.
    public var name: String
    /// Jobs that returned.
    public var completed: UInt64
    /// Sum of the lengths, nanoseconds.
    public var totalNs: UInt64
    /// The longest, nanoseconds.
    public var maxNs: UInt64
    /// CPU time of its threads, nanoseconds: close to `totalNs` when the work computes and never blocks.
    public var cpuNs: UInt64

    /// All its parts.
    public init(name: String, completed: UInt64, totalNs: UInt64, maxNs: UInt64, cpuNs: UInt64 = 0) {
        self.name = name
        self.completed = completed
        self.totalNs = totalNs
        self.maxNs = maxNs
        self.cpuNs = cpuNs
    }
}

extension OffloadNameStatus {
    /// Jobs below which nothing is said of a name.
    static let enoughJobs: UInt64 = 10

    /// What its figures suggest; nil = nothing. Work that hardly ever waits gains nothing from a thread that may block.
    var hint: String? {
        guard completed >= Self.enoughJobs, totalNs > 0, Double(cpuNs) / Double(totalNs) >= 0.9 else { return nil }
        return "computes, and hardly ever blocks: threads beyond the number of cores do not help it"
    }
}

/// One time series value, in Prometheus' terms.
public struct MetricSample: Codable, Sendable, Equatable {
    /// Whether the value only ever grows.
    public enum Kind: String, Codable, Sendable {
        /// Only grows, except at a restart.
        case counter
        /// Goes up and down.
        case gauge
    }
    /// With unit last: `loopguard_websocket_sent_bytes`.
    public var name: String
    /// One sentence for people.
    public var help: String
    /// Counter or gauge.
    public var kind: Kind
    /// Names and values that tell series of one name apart.
    public var labels: [String: String]
    /// The value.
    public var value: Double

    /// All its parts.
    public init(name: String, help: String, kind: Kind, labels: [String: String] = [:], value: Double) {
        self.name = name
        self.help = help
        self.kind = kind
        self.labels = labels
        self.value = value
    }
}

/// All workers as the supervisor sees them; with one worker, that one.
public struct ClusterStatus: Codable, Sendable, Equatable {
    /// One entry for each worker.
    public var workers: [WorkerView]
    /// Workers of other hosts, as far as they are known: shown with ours on the pages, but not in our metrics and readiness.
    public var others: [WorkerView]
    /// What is not known of other hosts and why, a line each.
    public var notes: [String]

    /// All its parts.
    public init(workers: [WorkerView], others: [WorkerView] = [], notes: [String] = []) {
        self.workers = workers
        self.others = others
        self.notes = notes
    }

    /// Reads what another version may have written.
    public init(from decoder: any Decoder) throws {
        let fields = try decoder.container(keyedBy: CodingKeys.self)
        workers = try fields.decode([WorkerView].self, forKey: .workers)
        others = try fields.decodeIfPresent([WorkerView].self, forKey: .others) ?? []
        notes = try fields.decodeIfPresent([String].self, forKey: .notes) ?? []
    }

    /// Our workers, then those of other hosts.
    public var everybody: [WorkerView] { workers + others }

    /// A process without a supervisor, as it sees itself.
    public init(alone status: WorkerStatus) {
        self.init(workers: [
            WorkerView(
                worker: status.worker, pid: status.pid, state: "running", silentForNs: 0, restarts: 0, status: status)
        ])
    }

    /// A worker and how it is known.
    public struct WorkerView: Codable, Sendable, Equatable {
        /// Name of its host; nil: as in `status`, or the host that answers. Set it for a host that has said nothing yet.
        public var host: String?
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
        /// Nil when nothing has been heard yet.
        public var status: WorkerStatus?

        /// All its parts.
        public init(
            host: String? = nil, worker: Int, pid: Int32, state: String, silentForNs: UInt64, restarts: Int,
            status: WorkerStatus?
        ) {
            self.host = host
            self.worker = worker
            self.pid = pid
            self.state = state
            self.silentForNs = silentForNs
            self.restarts = restarts
            self.status = status
        }
    }
}

/// All that one worker tells about itself: what its admin endpoints show, and what it pushes to the supervisor.
public struct WorkerStatus: Codable, Sendable, Equatable {
    public var host: String
    public var worker: Int
    public var pid: Int32
    /// Wall clock, nanoseconds since 1970.
    public var generatedAtUnixNs: Int64
    public var startedAtUnixNs: Int64
    public var thresholdNs: UInt64
    /// Reasons why `/readyz` is red; empty = ready.
    public var notReady: [String]
    /// Facilities that are missing on this machine, each with what that costs.
    public var degradations: [String]
    public var loops: [LoopStatus]
    public var stalls: StallsStatus
    public var offload: OffloadStatus
    /// Everything else worth a line at `/metrics`.
    public var metrics: [MetricSample]

    public init(
        host: String, worker: Int, pid: Int32, generatedAtUnixNs: Int64, startedAtUnixNs: Int64, thresholdNs: UInt64,
        notReady: [String], degradations: [String], loops: [LoopStatus], stalls: StallsStatus, offload: OffloadStatus,
        metrics: [MetricSample]
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
    }
}

/// One guarded loop.
public struct LoopStatus: Codable, Sendable, Equatable {
    public var name: String
    public var tid: Int32
    public var connections: Int
    public var ticks: UInt64
    public var jobs: UInt64
    /// Ticks over the threshold, exact.
    public var lateTicks: UInt64
    public var lateTotalNs: UInt64
    public var lateMaxNs: UInt64
    /// Late ticks of at least threshold × 2^i, below threshold × 2^(i+1).
    public var lateBuckets: [UInt64]
    /// How long the running tick has lasted; 0 = waiting for events.
    public var busyForNs: UInt64
    public var stalled: Bool

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
    public var ongoing: [StallReport]
    /// Newest first, bounded.
    public var recent: [StallReport]
    /// Ranked by connection-seconds lost, worst first, bounded.
    public var sites: [StallSite]
    /// Sites forgotten to make room for others.
    public var evictedSites: UInt64

    public init(
        total: UInt64 = 0, suppressed: UInt64 = 0, ongoing: [StallReport] = [], recent: [StallReport] = [],
        sites: [StallSite] = [], evictedSites: UInt64 = 0
    ) {
        self.total = total
        self.suppressed = suppressed
        self.ongoing = ongoing
        self.recent = recent
        self.sites = sites
        self.evictedSites = evictedSites
    }
}

/// All stalls of one fingerprint.
public struct StallSite: Codable, Sendable, Equatable {
    public var fingerprint: String
    public var count: UInt64
    public var suppressed: UInt64
    public var totalNs: UInt64
    public var maxNs: UInt64
    public var connectionSeconds: Double
    public var firstSeenUnixNs: Int64
    public var lastSeenUnixNs: Int64
    /// The longest stall kept in full.
    public var worst: StallReport

    public init(
        fingerprint: String, count: UInt64, suppressed: UInt64, totalNs: UInt64, maxNs: UInt64,
        connectionSeconds: Double, firstSeenUnixNs: Int64, lastSeenUnixNs: Int64, worst: StallReport
    ) {
        self.fingerprint = fingerprint
        self.count = count
        self.suppressed = suppressed
        self.totalNs = totalNs
        self.maxNs = maxNs
        self.connectionSeconds = connectionSeconds
        self.firstSeenUnixNs = firstSeenUnixNs
        self.lastSeenUnixNs = lastSeenUnixNs
        self.worst = worst
    }
}

/// The blocking pool.
public struct OffloadStatus: Codable, Sendable, Equatable {
    public var threads: Int
    public var running: Int
    public var queued: Int
    public var queueLimit: Int
    /// Age of the oldest queued job.
    public var oldestQueuedNs: UInt64
    public var completed: UInt64
    public var failed: UInt64
    public var rejected: UInt64
    public var cancelled: UInt64
    /// By the name given to `offload`.
    public var byName: [OffloadNameStatus]

    public init(
        threads: Int = 0, running: Int = 0, queued: Int = 0, queueLimit: Int = 0, oldestQueuedNs: UInt64 = 0,
        completed: UInt64 = 0, failed: UInt64 = 0, rejected: UInt64 = 0, cancelled: UInt64 = 0,
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
        self.byName = byName
    }
}

/// Offloaded work of one name.
public struct OffloadNameStatus: Codable, Sendable, Equatable {
    public var name: String
    public var completed: UInt64
    public var totalNs: UInt64
    public var maxNs: UInt64

    public init(name: String, completed: UInt64, totalNs: UInt64, maxNs: UInt64) {
        self.name = name
        self.completed = completed
        self.totalNs = totalNs
        self.maxNs = maxNs
    }
}

/// One time series value, in Prometheus' terms.
public struct MetricSample: Codable, Sendable, Equatable {
    /// Whether the value only ever grows.
    public enum Kind: String, Codable, Sendable {
        case counter
        case gauge
    }
    /// With unit last: `loopguard_websocket_sent_bytes`.
    public var name: String
    public var help: String
    public var kind: Kind
    public var labels: [String: String]
    public var value: Double

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
    public var workers: [WorkerView]

    public init(workers: [WorkerView]) { self.workers = workers }

    /// A worker and how it is known.
    public struct WorkerView: Codable, Sendable, Equatable {
        public var worker: Int
        public var pid: Int32
        /// `running`, `starting`, `restarting`, `draining`, `silent`.
        public var state: String
        /// Time since its last message; 0 for the process that answers.
        public var silentForNs: UInt64
        public var restarts: Int
        /// Nil when nothing has been heard yet.
        public var status: WorkerStatus?

        public init(
            worker: Int, pid: Int32, state: String, silentForNs: UInt64, restarts: Int, status: WorkerStatus?
        ) {
            self.worker = worker
            self.pid = pid
            self.state = state
            self.silentForNs = silentForNs
            self.restarts = restarts
            self.status = status
        }
    }
}

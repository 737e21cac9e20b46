/// One stall: a tick of a guarded loop that took longer than the threshold.
///
/// The same value is kept in memory, shown at `/debug/stalls`, sent from workers to the supervisor and written as JSON
/// (keys in snake case, times in nanoseconds; schema in `Documentation/stall-report.schema.json`).
public struct StallReport: Codable, Sendable, Equatable {
    /// Unique within the cluster: host, process and running number.
    public var id: String
    /// Name of the host.
    public var host: String
    /// Worker number, 0 when the server runs without a supervisor.
    public var worker: Int
    /// Process identifier.
    public var pid: Int32
    /// Name of the loop, such as `loop-0`.
    public var loop: String
    /// Wall-clock start, nanoseconds since 1970.
    public var startedAtUnixNs: Int64
    /// Length so far; final once `ongoing` is false.
    public var durationNs: UInt64
    /// True until the tick ends.
    public var ongoing: Bool
    /// A longer tick is a stall. Nanoseconds.
    public var thresholdNs: UInt64
    /// From the moment the threshold was passed to the moment the stack had been taken: registers and stack copied. Unwinding the
    /// copy comes after that, see ``StackSample/costNs``. If the capture failed: to the end of the
    /// attempt. Nil when there was none.
    public var detectionLatencyNs: UInt64?
    /// How much later than asked for the watchdog itself was woken: large values accuse the host, not the handler.
    public var watchdogLatenessNs: UInt64
    /// What kept the loop from turning.
    public var kind: StallKind
    /// Why.
    public var cause: StallCause
    /// For whom the loop was working; nil when no handler had been marked.
    public var scope: StallScope?
    /// Whom it hurt.
    public var blast: BlastRadius
    /// Executor jobs that ran in the tick so far.
    public var jobsInTick: UInt64
    /// Stacks taken during the stall, oldest first.
    public var samples: [StackSample]
    /// Stacks of other threads that explain the stall: the owner of the lock, the threads of a pool.
    public var related: [RelatedStack]
    /// Groups reports of one place; independent of addresses and builds.
    public var fingerprint: String
    /// What to do about it, in words.
    public var remedy: String
    /// The lint rule that covers the blocking call, if any.
    public var rule: String?

    /// All its parts.
    public init(
        id: String, host: String, worker: Int, pid: Int32, loop: String, startedAtUnixNs: Int64, durationNs: UInt64,
        ongoing: Bool, thresholdNs: UInt64, detectionLatencyNs: UInt64?, watchdogLatenessNs: UInt64, kind: StallKind,
        cause: StallCause, scope: StallScope?, blast: BlastRadius, jobsInTick: UInt64, samples: [StackSample],
        related: [RelatedStack] = [], fingerprint: String, remedy: String, rule: String? = nil
    ) {
        self.id = id
        self.host = host
        self.worker = worker
        self.pid = pid
        self.loop = loop
        self.startedAtUnixNs = startedAtUnixNs
        self.durationNs = durationNs
        self.ongoing = ongoing
        self.thresholdNs = thresholdNs
        self.detectionLatencyNs = detectionLatencyNs
        self.watchdogLatenessNs = watchdogLatenessNs
        self.kind = kind
        self.cause = cause
        self.scope = scope
        self.blast = blast
        self.jobsInTick = jobsInTick
        self.samples = samples
        self.related = related
        self.fingerprint = fingerprint
        self.remedy = remedy
        self.rule = rule
    }
}

/// What kept the loop from turning. May grow: compare with the static members, expect unknown values.
public struct StallKind: RawRepresentable, Codable, Sendable, Hashable {
    /// The name, as in JSON.
    public var rawValue: String
    /// A value by its name; unknown ones are kept.
    public init(rawValue: String) { self.rawValue = rawValue }

    /// One executor job (a handler between two suspensions) took the time.
    public static let singleJob = StallKind(rawValue: "single-job")
    /// Work of the loop outside executor jobs: a `ChannelHandler`, a scheduled task, NIO itself.
    public static let loopWork = StallKind(rawValue: "loop-work")
    /// Many jobs, none of them long.
    public static let overloadedTick = StallKind(rawValue: "overloaded-tick")
    /// A handler that suspends and resumes for ever without letting the loop poll.
    public static let yieldStarvation = StallKind(rawValue: "yield-starvation")
    /// The Swift cooperative pool ran no task: as many tasks as it has threads block or compute.
    public static let cooperativePool = StallKind(rawValue: "cooperative-pool")
    /// All threads of the blocking pool are busy and work waits.
    public static let blockingPool = StallKind(rawValue: "blocking-pool")
    /// Offloaded work waits for offloaded work that has no thread left to run on.
    public static let offloadDeadlock = StallKind(rawValue: "offload-deadlock")
    /// A call that blocks, or may block, was made on a loop, however short it was (strict mode).
    public static let blockingCall = StallKind(rawValue: "blocking-call")
}

/// For whom a job ran.
public struct StallScope: Codable, Sendable, Hashable {
    /// The handler's name, usually its route, such as `/ws/rooms/{room}`.
    public var route: String
    /// Identifier of the connection.
    public var connection: String
    /// Correlation ID of the connection.
    public var correlation: String
    /// Running number of the message being handled, 0 before the first.
    public var message: UInt64
    /// Address of the client, such as `10.0.0.7:51234`.
    public var remote: String?

    /// All its parts.
    public init(route: String, connection: String, correlation: String, message: UInt64, remote: String?) {
        self.route = route
        self.connection = connection
        self.correlation = correlation
        self.message = message
        self.remote = remote
    }
}

/// Whom a stall hurt.
public struct BlastRadius: Codable, Sendable, Hashable {
    /// Connections on the stalled loop, the causing one included.
    public var connections: Int
    /// Connections times the time over the threshold: what sites are ranked by.
    public var connectionSeconds: Double
    /// Broadcasts that waited to be delivered by the stalled loop, counted once for each topic message.
    public var broadcastsWaiting: Int
    /// Bytes that waited on the stalled loop to be written to its connections.
    public var bytesWaiting: Int
    /// Keep-alive pings that were due during the stall and could not be sent.
    public var pingsMissed: Int

    /// All its parts.
    public init(
        connections: Int, connectionSeconds: Double, broadcastsWaiting: Int = 0, bytesWaiting: Int = 0,
        pingsMissed: Int = 0
    ) {
        self.connections = connections
        self.connectionSeconds = connectionSeconds
        self.broadcastsWaiting = broadcastsWaiting
        self.bytesWaiting = bytesWaiting
        self.pingsMissed = pingsMissed
    }
}

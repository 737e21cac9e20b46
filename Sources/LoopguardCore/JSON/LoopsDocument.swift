/// The document at `/debug/loops.json`.
public struct LoopsDocument: Codable, Sendable, Equatable {
    /// The loops of one worker.
    public struct Worker: Codable, Sendable, Equatable {
        /// Name of its host; nil when not known.
        public var host: String?
        /// Worker number, 0 when the server runs without a supervisor.
        public var worker: Int
        /// Process identifier.
        public var pid: Int32
        /// `running`, `starting`, `restarting`, `draining`, `silent`.
        public var state: String
        /// Time since its last message; 0 for the process that answers. Nanoseconds.
        public var silentForNs: UInt64
        /// A longer tick is a stall. Nanoseconds; nil when nothing has been heard yet.
        public var thresholdNs: UInt64?
        /// Its guarded loops.
        public var loops: [LoopStatus]
    }

    /// Wall clock, nanoseconds since 1970.
    public var generatedAtUnixNs: Int64
    /// One entry for each worker.
    public var workers: [Worker]
    /// What is not known of other hosts and why, a line each.
    public var notes: [String]

    /// The loops of all workers.
    public init(_ cluster: ClusterStatus) {
        generatedAtUnixNs = cluster.nowUnixNs
        notes = cluster.notes
        workers = cluster.everybody.map { view in
            Worker(
                host: view.hostName, worker: view.worker, pid: view.pid, state: view.state,
                silentForNs: view.silentForNs,
                thresholdNs: view.status?.thresholdNs, loops: view.status?.loops ?? []
            )
        }
    }
}

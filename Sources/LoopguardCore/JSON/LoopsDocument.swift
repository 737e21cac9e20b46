/// The document at `/debug/loops.json`.
public struct LoopsDocument: Codable, Sendable, Equatable {
    /// The loops of one worker.
    public struct Worker: Codable, Sendable, Equatable {
        public var worker: Int
        public var pid: Int32
        public var state: String
        public var silentForNs: UInt64
        public var thresholdNs: UInt64?
        public var loops: [LoopStatus]
    }

    /// Wall clock, nanoseconds since 1970.
    public var generatedAtUnixNs: Int64
    public var workers: [Worker]

    /// The loops of all workers.
    public init(_ cluster: ClusterStatus) {
        generatedAtUnixNs = cluster.nowUnixNs
        workers = cluster.workers.map { view in
            Worker(
                worker: view.worker, pid: view.pid, state: view.state, silentForNs: view.silentForNs,
                thresholdNs: view.status?.thresholdNs, loops: view.status?.loops ?? []
            )
        }
    }
}

/// The document at `/debug/offload.json`.
public struct OffloadDocument: Codable, Sendable, Equatable {
    /// The blocking pool of one worker; nil when nothing has been heard of it yet.
    public struct Worker: Codable, Sendable, Equatable {
        public var worker: Int
        public var pid: Int32
        public var state: String
        public var silentForNs: UInt64
        public var offload: OffloadStatus?
    }

    /// Wall clock, nanoseconds since 1970.
    public var generatedAtUnixNs: Int64
    public var workers: [Worker]

    /// The blocking pools of all workers.
    public init(_ cluster: ClusterStatus) {
        generatedAtUnixNs = cluster.nowUnixNs
        workers = cluster.workers.map { view in
            Worker(
                worker: view.worker, pid: view.pid, state: view.state, silentForNs: view.silentForNs,
                offload: view.status?.offload
            )
        }
    }
}

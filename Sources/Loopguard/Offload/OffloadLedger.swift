import LoopguardCore

/// Counts what goes through the pool and decides what is let in. Pure: times are passed in.
struct OffloadLedger {
    enum Admission: Equatable {
        case admitted(UInt64)
        case full
        case closed
    }

    private struct Waiting {
        var name: String
        var sinceNs: UInt64
        var isRunning = false
        /// Given up, but still in the threads' queue.
        var isCancelled = false
        /// Taken out of the threads' queue without being run.
        var isDropped = false
    }

    private let threads: Int
    private let queueLimit: Int
    private let maximumNames: Int
    private var isClosed = false
    private var lastID: UInt64 = 0
    /// Jobs let in and not ended, oldest first: identifiers grow.
    private var jobs: [UInt64: Waiting] = [:]
    private var running = 0
    private var completed: UInt64 = 0
    private var failed: UInt64 = 0
    private var rejected: UInt64 = 0
    private var cancelledCount: UInt64 = 0
    private var names: [String: OffloadNameStatus] = [:]

    init(threads: Int, queueLimit: Int, maximumNames: Int) {
        self.threads = threads
        self.queueLimit = queueLimit
        self.maximumNames = maximumNames
    }

    mutating func admit(name: String, now: UInt64) -> Admission {
        guard !isClosed else { return .closed }
        guard jobs.count < threads + queueLimit else {
            rejected += 1
            return .full
        }
        lastID += 1
        jobs[lastID] = Waiting(name: name, sinceNs: now)
        return .admitted(lastID)
    }

    mutating func began(_ id: UInt64) {
        guard jobs[id] != nil else { return }
        jobs[id]?.isRunning = true
        running += 1
    }

    mutating func finished(_ id: UInt64, tookNs: UInt64, failed didFail: Bool) {
        guard let job = jobs.removeValue(forKey: id) else { return }
        if job.isRunning { running -= 1 }
        completed += 1
        if didFail { failed += 1 }
        let key = names[job.name] != nil || names.count < maximumNames ? job.name : "(other)"
        var entry = names[key] ?? OffloadNameStatus(name: key, completed: 0, totalNs: 0, maxNs: 0)
        entry.completed += 1
        entry.totalNs &+= tookNs
        entry.maxNs = max(entry.maxNs, tookNs)
        names[key] = entry
    }

    /// A job was given up before it began. While it is in the threads' queue it keeps its place: when all threads are stuck,
    /// callers that give up must not make the queue grow beyond its limit.
    mutating func cancelled(_ id: UInt64, isQueued: Bool = false) {
        guard var job = jobs[id], !job.isCancelled else { return }
        cancelledCount += 1
        job.isCancelled = true
        jobs[id] = isQueued && !job.isDropped ? job : nil
    }

    /// A job that was, or is just being, given up has left the threads' queue.
    mutating func dropped(_ id: UInt64) {
        guard var job = jobs[id] else { return }
        job.isDropped = true
        jobs[id] = job.isCancelled ? nil : job
    }

    mutating func close() { isClosed = true }

    func status(now: UInt64) -> OffloadStatus {
        let queued = jobs.values.filter { !$0.isRunning && !$0.isCancelled }
        let oldest = queued.map(\.sinceNs).min().map { now > $0 ? now - $0 : 0 } ?? 0
        return OffloadStatus(
            threads: threads, running: running, queued: queued.count, queueLimit: queueLimit, oldestQueuedNs: oldest,
            completed: completed, failed: failed, rejected: rejected, cancelled: cancelledCount,
            byName: names.values.sorted { $0.name < $1.name })
    }
}

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
        var correlation: String?
        var origin: UInt64?
        /// Thread that runs it.
        var tid: Int32 = 0
        var isRunning = false
        /// Given up, but still in the threads' queue.
        var isCancelled = false
        /// Taken out of the threads' queue without being run.
        var isDropped = false
    }

    /// What the watchdog wants to be rung for.
    enum Ring {
        case never
        /// A job has to wait for a thread.
        case pressed
        /// None has to any more.
        case relieved
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
    private var nested: UInt64 = 0
    private var ring = Ring.never
    private var names: [String: OffloadNameStatus] = [:]

    init(threads: Int, queueLimit: Int, maximumNames: Int) {
        self.threads = threads
        self.queueLimit = queueLimit
        self.maximumNames = maximumNames
    }

    /// - Parameters:
    ///   - origin: the job of this pool from whose work the call comes.
    mutating func admit(
        name: String, now: UInt64, correlation: String? = nil, origin: UInt64? = nil
    ) -> Admission {
        guard !isClosed else { return .closed }
        guard jobs.count < threads + queueLimit else {
            rejected += 1
            return .full
        }
        if let origin, jobs[origin]?.isRunning == true { nested += 1 }
        lastID += 1
        jobs[lastID] = Waiting(name: name, sinceNs: now, correlation: correlation, origin: origin)
        return .admitted(lastID)
    }

    mutating func began(_ id: UInt64, now: UInt64 = 0, tid: Int32 = 0) {
        guard jobs[id] != nil else { return }
        jobs[id]?.isRunning = true
        jobs[id]?.sinceNs = now
        jobs[id]?.tid = tid
        running += 1
    }

    mutating func finished(_ id: UInt64, tookNs: UInt64, cpuNs: UInt64 = 0, failed didFail: Bool) {
        guard let job = jobs.removeValue(forKey: id) else { return }
        if job.isRunning { running -= 1 }
        completed += 1
        if didFail { failed += 1 }
        let key = names[job.name] != nil || names.count < maximumNames ? job.name : "(other)"
        var entry = names[key] ?? OffloadNameStatus(name: key, completed: 0, totalNs: 0, maxNs: 0)
        entry.completed += 1
        entry.totalNs &+= tookNs
        entry.maxNs = max(entry.maxNs, tookNs)
        entry.cpuNs &+= cpuNs
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

    private var isPressed: Bool { running >= threads && jobs.count > running }

    /// The pool as the watchdog sees it; without its jobs while none waits for a thread. Says what to ring for until the next look.
    mutating func look(isStalled: Bool) -> BlockingPoolDetector.Look {
        guard isPressed else {
            ring = .pressed
            return BlockingPoolDetector.Look(threads: threads)
        }
        // While it is pressed but not stalled, the watchdog comes back by itself: a queue that fills and empties all the time
        // must not ring all the time.
        ring = isStalled ? .relieved : .never
        var look = BlockingPoolDetector.Look(threads: threads)
        for (id, job) in jobs where job.isRunning || !job.isCancelled {
            let entry = BlockingPoolDetector.Job(
                id: id, name: job.name, sinceNs: job.sinceNs, correlation: job.correlation, origin: job.origin,
                tid: job.tid)
            if job.isRunning { look.running.append(entry) } else { look.queued.append(entry) }
        }
        look.running.sort { ($0.sinceNs, $0.id) < ($1.sinceNs, $1.id) }
        look.queued.sort { $0.id < $1.id }
        return look
    }

    /// True = ring the watchdog's bell now. Call after each change.
    mutating func takeRing() -> Bool {
        switch ring {
        case .pressed where isPressed, .relieved where !isPressed:
            ring = .never
            return true
        case .never, .pressed, .relieved: return false
        }
    }

    func status(now: UInt64) -> OffloadStatus {
        let queued = jobs.values.filter { !$0.isRunning && !$0.isCancelled }
        let oldest = queued.map(\.sinceNs).min().map { now > $0 ? now - $0 : 0 } ?? 0
        return OffloadStatus(
            threads: threads, running: running, queued: queued.count, queueLimit: queueLimit, oldestQueuedNs: oldest,
            completed: completed, failed: failed, rejected: rejected, cancelled: cancelledCount, nested: nested,
            byName: names.values.sorted { $0.name < $1.name })
    }
}

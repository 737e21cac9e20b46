import CLoopguard
public import NIOCore
import Synchronization

/// Runs the jobs of all connections of one guarded event loop, on that loop's thread.
///
/// NIO's own executor makes a loop task of every job; this one keeps its own queue and drains up to
/// ``Configuration/jobsPerTick`` jobs in one loop task, which costs half as much (research/spike-runtime.md, D2), and marks
/// each job for the watchdog with two plain stores.
///
/// Connections do not use it directly: each has a small ``ConnectionExecutor`` in front of it.
public final class LoopExecutor: Sendable {
    /// How much the executor does in one go.
    public struct Configuration: Sendable {
        /// Jobs run before the loop's other tasks and due timers get their turn. Default 256.
        public var jobsPerTick: Int = 256

        public static let defaults = Configuration()
        public init() {}
    }

    struct QueuedJob {
        let job: UnownedJob
        // Strong: the last job of a task may release the task, and with it the executor that is running it.
        let executor: ConnectionExecutor
    }

    private struct State {
        var queue: [QueuedJob] = []
        /// A drain has been handed to the loop and has not found the queue empty yet.
        var isScheduled = false
        /// Jobs taken out of `queue`, for which the next drain has been handed to the loop.
        var carried = 0
    }

    /// The loop whose thread runs the jobs.
    public let eventLoop: any EventLoop
    let slot: SlotPointer
    private let configuration: Configuration
    private let state = Mutex(State())

    init(eventLoop: any EventLoop, slot: SlotPointer, configuration: Configuration = .defaults) {
        self.eventLoop = eventLoop
        self.slot = slot
        self.configuration = configuration
    }

    /// Jobs that wait. Any thread.
    public var queuedJobs: Int { state.withLock { $0.queue.count + $0.carried } }

    func enqueue(_ job: UnownedJob, for executor: ConnectionExecutor) {
        let mustWake = state.withLock { state in
            state.queue.append(QueuedJob(job: job, executor: executor))
            defer { state.isScheduled = true }
            return !state.isScheduled
        }
        if mustWake { eventLoop.execute { self.drain() } }
    }

    /// `carried`: what the last drain took from the queue and had no budget for, from `first` on.
    private func drain(_ carried: [QueuedJob] = [], from first: Int = 0) {
        var budget = configuration.jobsPerTick
        var batch = carried
        var next = first
        let began = lg_jobs_began(slot.pointer)
        var soleScope: UInt64?
        if !batch.isEmpty { state.withLock { $0.carried = 0 } }
        while true {
            if batch.isEmpty { state.withLock { swap(&$0.queue, &batch) } }
            let end = min(batch.count, next + budget)
            budget -= end - next
            for index in next..<end {
                let queued = batch[index]
                let scope = queued.executor.scopeID
                if soleScope != scope { soleScope = soleScope == nil ? scope : 0 }
                lg_job_begin(slot.pointer, scope)
                queued.job.runSynchronously(on: queued.executor.asUnownedTaskExecutor())
            }
            next = end
            if next == batch.count {
                batch.removeAll(keepingCapacity: true)
                next = 0
            }
            let isDone = state.withLock { state in
                state.carried = batch.count - next
                guard batch.isEmpty, state.queue.isEmpty else { return false }
                state.isScheduled = false
                // Hand the larger buffer back, so that a steady load allocates nothing.
                if state.queue.capacity < batch.capacity { swap(&state.queue, &batch) }
                return true
            }
            if isDone {
                // What the loop does after the last job (channel I/O, timers) is nobody's handler. Between two batches the
                // mark stays: a handler that yields for ever must not look like nobody.
                lg_jobs_end(slot.pointer, began, soleScope ?? 0)
                return
            }
            if budget <= 0 {
                eventLoop.execute { [batch, next] in self.drain(batch, from: next) }
                return
            }
        }
    }
}

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
        /// Jobs run before the loop polls for events again. Default 256.
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
    public var queuedJobs: Int { state.withLock { $0.queue.count } }

    func enqueue(_ job: UnownedJob, for executor: ConnectionExecutor) {
        let mustWake = state.withLock { state in
            state.queue.append(QueuedJob(job: job, executor: executor))
            defer { state.isScheduled = true }
            return !state.isScheduled
        }
        if mustWake { eventLoop.execute { self.drain() } }
    }

    private func drain() {
        var budget = configuration.jobsPerTick
        var batch: [QueuedJob] = []
        while true {
            state.withLock { swap(&$0.queue, &batch) }
            for queued in batch {
                lg_job_begin(slot.pointer, queued.executor.scopeID)
                queued.job.runSynchronously(on: queued.executor.asUnownedTaskExecutor())
            }
            budget -= batch.count
            batch.removeAll(keepingCapacity: true)
            let isDone = state.withLock { state in
                guard state.queue.isEmpty else { return false }
                state.isScheduled = false
                // Hand the larger buffer back, so that a steady load allocates nothing.
                if state.queue.capacity < batch.capacity { swap(&state.queue, &batch) }
                return true
            }
            if isDone {
                // What the loop does after the last job (channel I/O, timers) is nobody's handler. Between two batches the
                // mark stays: a handler that yields for ever must not look like nobody.
                lg_scope_set(slot.pointer, 0)
                return
            }
            if budget <= 0 {
                eventLoop.execute { self.drain() }
                return
            }
        }
    }
}

/// A pointer to a thread slot.
struct SlotPointer: @unchecked Sendable {
    // SAFETY: slots are never freed, and all their fields are either atomics or written once before `bound` is set.
    let pointer: UnsafeMutablePointer<lg_slot>
}

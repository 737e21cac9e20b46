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

    struct QueuedJob: Sendable {
        let job: UnownedJob
        // SAFETY: retained once when it is queued and released once, when the job has run. Retained, since the last job of a
        // task may release the task, and with it the executor that is running it; by hand, since an array of strong
        // references costs another pair of atomic operations a job. Jobs that a loop's end leaves behind keep theirs, as
        // their tasks do: a queue that holds a job is held by that job's executor.
        let executor: Unmanaged<ConnectionExecutor>
    }

    private struct State {
        var queue: [QueuedJob] = []
        /// A drain has been handed to the loop and has not found the queue empty yet.
        var isScheduled = false
        /// What a drain took out of `queue` and had no budget for: waits for the next drain, from `firstLeft` on. When there
        /// is nothing, its buffer is used again, so that a steady load allocates nothing.
        var left: [QueuedJob] = []
        var firstLeft = 0
    }

    private enum Next {
        case batch, drain, nothing
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
    public var queuedJobs: Int { state.withLock { $0.queue.count + $0.left.count - $0.firstLeft } }

    func enqueue(_ job: UnownedJob, for executor: ConnectionExecutor) {
        let queued = QueuedJob(job: job, executor: .passRetained(executor))
        let mustWake = state.withLock { state in
            state.queue.append(queued)
            defer { state.isScheduled = true }
            return !state.isScheduled
        }
        if mustWake { eventLoop.execute { self.drain() } }
    }

    // Tools/Benchmarks has a copy of the two without the marks, PlainExecutor.swift: what is changed here, change there.
    private func drain() {
        var budget = configuration.jobsPerTick
        var batch: [QueuedJob] = []
        var next = 0
        let began = lg_jobs_began(slot.pointer)
        state.withLock { state in
            swap(&state.left, &batch)
            swap(&state.firstLeft, &next)
            if batch.isEmpty { swap(&state.queue, &batch) }
        }
        var firstScope: UInt64 = 0
        // No bit is set as long as all jobs were for the same connection.
        var otherScopes: UInt64 = 0
        while true {
            let end = min(batch.count, next + budget)
            budget -= end - next
            for index in next..<end {
                let queued = batch[index]
                let executor = queued.executor.takeRetainedValue()
                let scope = executor.scopeID
                if firstScope == 0 { firstScope = scope }
                otherScopes |= scope ^ firstScope
                lg_job_begin(slot.pointer, scope)
                withExtendedLifetime(executor) {
                    queued.job.runSynchronously(on: UnownedTaskExecutor(ordinary: executor))
                }
            }
            next = end
            if next == batch.count {
                batch.removeAll(keepingCapacity: true)
                next = 0
            }
            let then: Next = state.withLock { state in
                if batch.isEmpty, budget > 0, !state.queue.isEmpty {
                    swap(&state.queue, &batch)
                    return .batch
                }
                swap(&state.left, &batch)
                state.firstLeft = next
                guard state.left.isEmpty, state.queue.isEmpty else { return .drain }
                state.isScheduled = false
                return .nothing
            }
            switch then {
            case .batch: continue
            case .drain: return eventLoop.execute { self.drain() }
            case .nothing:
                // What the loop does after the last job (channel I/O, timers) is nobody's handler. Between two batches the
                // mark stays: a handler that yields for ever must not look like nobody.
                return lg_jobs_end(slot.pointer, began, otherScopes == 0 ? firstScope : 0)
            }
        }
    }
}

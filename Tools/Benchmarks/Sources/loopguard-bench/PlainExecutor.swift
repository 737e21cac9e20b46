import NIOCore
import Synchronization

/// What `LoopExecutor` does, without a mark: the same queue, the same batches, the same budget. The baseline for the cost of
/// the marks; line by line the same but for them.
final class PlainExecutor: Sendable {
    struct QueuedJob: Sendable {
        let job: UnownedJob
        // SAFETY: as in LoopExecutor.
        let executor: Unmanaged<PlainConnectionExecutor>
    }

    private struct State {
        var queue: [QueuedJob] = []
        var isScheduled = false
        var left: [QueuedJob] = []
        var firstLeft = 0
    }

    private enum Next {
        case batch, drain, nothing
    }

    let eventLoop: any EventLoop
    private let jobsPerTick: Int
    private let state = Mutex(State())

    init(eventLoop: any EventLoop, jobsPerTick: Int) {
        self.eventLoop = eventLoop
        self.jobsPerTick = jobsPerTick
    }

    func enqueue(_ job: UnownedJob, for executor: PlainConnectionExecutor) {
        let queued = QueuedJob(job: job, executor: .passRetained(executor))
        let mustWake = state.withLock { state in
            state.queue.append(queued)
            defer { state.isScheduled = true }
            return !state.isScheduled
        }
        if mustWake { eventLoop.execute { self.drain() } }
    }

    private func drain() {
        var budget = jobsPerTick
        var batch: [QueuedJob] = []
        var next = 0
        state.withLock { state in
            swap(&state.left, &batch)
            swap(&state.firstLeft, &next)
            if batch.isEmpty { swap(&state.queue, &batch) }
        }
        while true {
            let end = min(batch.count, next + budget)
            budget -= end - next
            for index in next..<end {
                let queued = batch[index]
                let executor = queued.executor.takeRetainedValue()
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
            case .nothing: return
            }
        }
    }
}

/// One connection's, as `ConnectionExecutor`.
final class PlainConnectionExecutor: TaskExecutor {
    private let executor: PlainExecutor
    init(executor: PlainExecutor) { self.executor = executor }

    func enqueue(_ job: consuming ExecutorJob) { executor.enqueue(UnownedJob(job), for: self) }
}

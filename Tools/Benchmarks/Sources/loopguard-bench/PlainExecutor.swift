import NIOCore
import Synchronization

/// What `LoopExecutor` does, without a mark: the same queue, the same batches, the same budget. The baseline for the cost of
/// the marks.
final class PlainExecutor: Sendable {
    struct QueuedJob {
        let job: UnownedJob
        let executor: PlainConnectionExecutor
    }

    private struct State {
        var queue: [QueuedJob] = []
        var isScheduled = false
        var carried = 0
    }

    let eventLoop: any EventLoop
    private let jobsPerTick = 256
    private let state = Mutex(State())

    init(eventLoop: any EventLoop) { self.eventLoop = eventLoop }

    func enqueue(_ job: UnownedJob, for executor: PlainConnectionExecutor) {
        let mustWake = state.withLock { state in
            state.queue.append(QueuedJob(job: job, executor: executor))
            defer { state.isScheduled = true }
            return !state.isScheduled
        }
        if mustWake { eventLoop.execute { self.drain() } }
    }

    private func drain(_ carried: [QueuedJob] = [], from first: Int = 0) {
        var budget = jobsPerTick
        var batch = carried
        var next = first
        if !batch.isEmpty { state.withLock { $0.carried = 0 } }
        while true {
            if batch.isEmpty { state.withLock { swap(&$0.queue, &batch) } }
            let end = min(batch.count, next + budget)
            budget -= end - next
            for index in next..<end {
                let queued = batch[index]
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
                if state.queue.capacity < batch.capacity { swap(&state.queue, &batch) }
                return true
            }
            if isDone { return }
            if budget <= 0 {
                eventLoop.execute { [batch, next] in self.drain(batch, from: next) }
                return
            }
        }
    }
}

/// One connection's, as `ConnectionExecutor`.
final class PlainConnectionExecutor: TaskExecutor {
    private let loop: PlainExecutor
    init(loop: PlainExecutor) { self.loop = loop }

    func enqueue(_ job: consuming ExecutorJob) { loop.enqueue(UnownedJob(job), for: self) }
}

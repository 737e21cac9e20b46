import Synchronization

/// Runs tasks on a thread of its own, which is there only while one of them has something to do.
///
/// For what must work while Swift's cooperative pool is stuck. A task that blocks holds up the others of the same executor, and
/// nothing else. Any thread.
package final class OwnThreadExecutor: TaskExecutor {
    private struct State {
        var queue: [UnownedJob] = []
        var isRunning = false
    }

    private let name: String
    private let state = Mutex(State())

    /// - Parameter name: of the thread, at most 15 bytes; see ``PlainThread``.
    package init(name: String) { self.name = name }

    /// Queues a job, and starts the thread when there is none.
    package func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        let mustStart = state.withLock { state in
            state.queue.append(job)
            defer { state.isRunning = true }
            return !state.isRunning
        }
        guard mustStart else { return }
        // A job must be run, whatever happens: without a thread of ours, by whoever brought it.
        do { try PlainThread(name: name) { self.drain() }.detach() } catch { drain() }
    }

    private func drain() {
        while true {
            let batch = state.withLock { state in
                defer { state.queue = [] }
                if state.queue.isEmpty { state.isRunning = false }
                return state.queue
            }
            if batch.isEmpty { return }
            for job in batch { job.runSynchronously(on: asUnownedTaskExecutor()) }
        }
    }
}

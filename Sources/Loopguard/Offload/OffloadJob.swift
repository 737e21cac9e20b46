import Synchronization

/// One piece of offloaded work and the one continuation that gets its result, whoever settles it first.
final class OffloadJob<T: Sendable>: Sendable {
    private enum Phase {
        /// Settled before the caller began to wait.
        case settledEarly(Result<T, any Error>)
        case created
        case waiting(CheckedContinuation<T, any Error>)
        case running(CheckedContinuation<T, any Error>)
        case settled
    }

    /// Where a job was when it was given up.
    enum Place: Sendable {
        /// Not handed to the threads, and never will be.
        case notQueued
        /// In the threads' queue, where it stays until a thread comes to it.
        case queued
    }

    let id: UInt64
    let name: String
    let work: @Sendable () throws -> T
    private let phase = Mutex(Phase.created)

    init(id: UInt64, name: String, work: @escaping @Sendable () throws -> T) {
        self.id = id
        self.name = name
        self.work = work
    }

    /// True = now submit it; false = it had been settled already, and the continuation has been resumed.
    func attach(_ continuation: CheckedContinuation<T, any Error>) -> Bool {
        let early: Result<T, any Error>? = phase.withLock { phase in
            if case .settledEarly(let result) = phase {
                phase = .settled
                return result
            }
            phase = .waiting(continuation)
            return nil
        }
        guard let early else { return true }
        continuation.resume(with: early)
        return false
    }

    /// True = run the work now; false = somebody settled it while it waited.
    func begin() -> Bool {
        phase.withLock { phase in
            guard case .waiting(let continuation) = phase else { return false }
            phase = .running(continuation)
            return true
        }
    }

    /// Settles work that has not begun; false when it has begun or is settled.
    ///
    /// - Parameter note: keeps the books, before the caller can know.
    func settleBeforeStart(_ result: Result<T, any Error>, note: (Place) -> Void) -> Bool {
        let (done, continuation): (Bool, CheckedContinuation<T, any Error>?) = phase.withLock { phase in
            switch phase {
            case .created:
                phase = .settledEarly(result)
                note(.notQueued)
                return (true, nil)
            case .waiting(let continuation):
                phase = .settled
                note(.queued)
                return (true, continuation)
            case .running, .settled, .settledEarly:
                return (false, nil)
            }
        }
        continuation?.resume(with: result)
        return done
    }

    /// Ends the waiting for work that runs; its result will be dropped.
    func abandon(_ error: any Error) { resumeRunning(with: .failure(error)) }

    func finish(_ result: Result<T, any Error>) { resumeRunning(with: result) }

    private func resumeRunning(with result: Result<T, any Error>) {
        let continuation: CheckedContinuation<T, any Error>? = phase.withLock { phase in
            guard case .running(let continuation) = phase else { return nil }
            phase = .settled
            return continuation
        }
        continuation?.resume(with: result)
    }
}

import CLoopguard
public import LoopguardCore
public import NIOCore
import NIOPosix
import Synchronization

/// A bounded number of threads with a bounded queue, for work that blocks.
///
/// Any thread. NIO's thread pool does the threads; the bounds, names, figures, deadlines and cancellation are ours.
public final class OffloadPool: Sendable {
    /// How much work the pool takes at once.
    public struct Configuration: Sendable {
        /// Threads. Default 16.
        public var threads: Int = 16
        /// Jobs that may wait for a thread, those included whose callers have given up since. Default 1,024.
        public var queueLimit: Int = 1024
        /// Names that get figures of their own; further ones are counted under `(other)`. Default 256.
        public var maximumNames: Int = 256
        /// Work that waits so long for a thread while all are busy is a stall of the pool. Default 1 s; 1 ms to 1 h.
        public var queueAgeThreshold: Duration = .seconds(1)

        public static let defaults = Configuration()
        public init() {}

        /// - Throws: ``LoopguardError`` with code `.invalidConfiguration`.
        public func validate() throws(LoopguardError) {
            guard (1...1024).contains(threads) else {
                throw LoopguardError(.invalidConfiguration, "blocking threads is \(threads): choose 1 to 1024.")
            }
            guard queueLimit >= 0 else {
                throw LoopguardError(.invalidConfiguration, "blocking queue is \(queueLimit): choose 0 or more.")
            }
            guard queueAgeThreshold >= .milliseconds(1), queueAgeThreshold <= .seconds(3600) else {
                throw LoopguardError(
                    .invalidConfiguration, "blocking queue age is \(queueAgeThreshold): choose 1 ms to 1 h.")
            }
        }
    }

    let configuration: Configuration
    private let bell = Mutex<(@Sendable () -> Void)?>(nil)
    private let threads: NIOThreadPool
    private let timers: any EventLoop
    private let ledger: LedgerLock

    /// Starts the threads.
    ///
    /// - Parameter timers: the loop that watches deadlines: one that never blocks, such as a server's control loop.
    /// - Throws: ``LoopguardError`` when the configuration is invalid.
    public init(_ configuration: Configuration = .defaults, timers: any EventLoop) throws(LoopguardError) {
        try configuration.validate()
        self.configuration = configuration
        self.timers = timers
        ledger = LedgerLock(
            OffloadLedger(
                threads: configuration.threads, queueLimit: configuration.queueLimit,
                maximumNames: configuration.maximumNames))
        threads = NIOThreadPool(numberOfThreads: configuration.threads)
        threads.start()
    }

    /// Runs `work` on a thread of the pool and awaits its result.
    ///
    /// - Parameters:
    ///   - name: tells kinds of work apart in figures and reports; a constant, not made of user input.
    ///   - deadline: counted from the call; nil = none. It ends the waiting, not work that has begun.
    ///   - work: may block. Sees the caller's ``CorrelationID/current`` and ``HandlerScope/current``.
    /// - Throws: ``OffloadError``; `CancellationError` when the task is cancelled before the work has begun (work that
    ///   has begun runs to its end, and its result is returned); otherwise what `work` throws.
    public func offload<T: Sendable>(
        _ name: String, deadline: Duration? = nil, _ work: @escaping @Sendable () throws -> T
    ) async throws -> T {
        try Task.checkCancellation()
        let job = try admit(name, work)
        let timer = deadline.map { deadline in
            timers.scheduleTask(in: .nanoseconds(max(0, deadline.nanoseconds))) { self.expire(job, deadline) }
        }
        defer { timer?.cancel() }
        return try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                // The deadline or a cancellation may have been faster than this line.
                if job.attach(continuation) { submit(job) }
            }
        } onCancel: {
            self.giveUp(job, CancellationError())
        }
    }

    private func admit<T: Sendable>(
        _ name: String, _ work: @escaping @Sendable () throws -> T
    ) throws -> OffloadJob<T> {
        let correlation = CorrelationID.current
        let origin = OffloadOrigin.current
        let admission = change {
            $0.admit(
                name: name, now: lg_now_ns(), correlation: correlation?.description,
                origin: origin?.pool == ObjectIdentifier(self) ? origin?.job : nil)
        }
        switch admission {
        case .admitted(let id):
            let scope = HandlerScope.current
            let here = OffloadOrigin(pool: ObjectIdentifier(self), job: id)
            return OffloadJob(id: id, name: name) {
                try CorrelationID.$current.withValue(correlation) {
                    try HandlerScope.$current.withValue(scope) {
                        try OffloadOrigin.$current.withValue(here) { try work() }
                    }
                }
            }
        case .full:
            throw OffloadError(
                .overloaded, name: name,
                message: "all \(configuration.threads) threads are busy and \(configuration.queueLimit) jobs wait; "
                    + "shed load, or raise the pool's threads or queue limit.")
        case .closed:
            throw OffloadError(.shutdown, name: name, message: "the pool has been shut down.")
        }
    }

    /// Changes the books, and wakes the watchdog if it wants to know.
    private func change<R>(_ body: (inout OffloadLedger) -> R) -> R {
        let (result, mustRing) = ledger.withLock { ledger in (body(&ledger), ledger.takeRing()) }
        if mustRing { bell.withLock { $0 }?() }
        return result
    }

    /// Who is to be woken when work begins to wait; nil = nobody.
    func watch(_ ring: (@Sendable () -> Void)?) { bell.withLock { $0 = ring } }

    /// For the watchdog.
    func look(isStalled: Bool) -> BlockingPoolDetector.Look { ledger.withLock { $0.look(isStalled: isStalled) } }

    private func submit<T: Sendable>(_ job: OffloadJob<T>) {
        threads.submit { state in
            guard state == .active else {
                self.giveUp(
                    job, OffloadError(.shutdown, name: job.name, message: "the pool was shut down before the start."))
                self.change { $0.dropped(job.id) }
                return
            }
            lg_thread_set_name_once("lg-pool")
            guard job.begin() else {
                self.change { $0.dropped(job.id) }
                return
            }
            let began = lg_now_ns()
            let cpuBegan = lg_thread_cpu_ns()
            self.change { $0.began(job.id, now: began, tid: lg_current_tid()) }
            let result = Result { try job.work() }
            let failed = if case .failure = result { true } else { false }
            let took = lg_now_ns() &- began
            let cpu = lg_thread_cpu_ns() &- cpuBegan
            self.change { $0.finished(job.id, tookNs: took, cpuNs: cpu, failed: failed) }
            job.finish(result)
        }
    }

    private func expire<T: Sendable>(_ job: OffloadJob<T>, _ deadline: Duration) {
        let error = OffloadError(
            .deadlineExceeded, name: job.name, message: "no result within \(deadline).")
        if !giveUp(job, error) { job.abandon(error) }
    }

    /// False = the work has begun, or is settled.
    @discardableResult
    private func giveUp<T: Sendable>(_ job: OffloadJob<T>, _ error: any Error) -> Bool {
        job.settleBeforeStart(.failure(error)) { place in
            change { $0.cancelled(job.id, isQueued: place == .queued) }
        }
    }

    /// Figures for `/debug/offload` and `/metrics`.
    public var status: OffloadStatus { ledger.withLock { $0.status(now: lg_now_ns()) } }

    /// Refuses new work; waiting work fails with `.shutdown`, running work is waited for.
    public func shutdown() async {
        ledger.withLock { $0.close() }
        try? await threads.shutdownGracefully()
    }
}

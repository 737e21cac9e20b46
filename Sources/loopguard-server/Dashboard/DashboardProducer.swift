import Foundation
import Logging
import Loopguard
import LoopguardBus
import LoopguardCore
import Synchronization

/// Every two seconds: tells the other workers about this one; and, on the one worker that holds the lease, measures the CPU
/// and publishes the series for all.
final class DashboardProducer: Sendable {
    /// Between two values.
    static let interval = Duration.seconds(2)
    /// The lease outlives one missed round, not two: then another worker takes over.
    static let leaseMilliseconds = 5_000
    private static let leaseName = "dashboard-producer"

    private let bus: any MessageBus
    private let pool: OffloadPool
    private let state: DashboardFeed
    private let workerName: String
    /// Of the lease: during a rolling restart two processes have the same name.
    private let owner: String
    private let logger: Logger
    private let status: @Sendable () -> WorkerStatus
    private let holdsLease = Atomic<Bool>(false)
    private let lastReading = Mutex<ProcStat?>(nil)

    init(
        bus: any MessageBus, pool: OffloadPool, feed: DashboardFeed, workerName: String, logger: Logger,
        status: @escaping @Sendable () -> WorkerStatus
    ) {
        self.bus = bus
        self.pool = pool
        self.state = feed
        self.workerName = workerName
        owner = "\(workerName)#\(getpid())"
        self.logger = logger
        self.status = status
    }

    /// Runs until it is cancelled.
    func run() async {
        await loadHistory()
        _ = await usage()
        var next = ContinuousClock.now + Self.interval
        while !Task.isCancelled {
            do {
                try await Task.sleep(until: next, clock: .continuous)
            } catch {
                return
            }
            // After a suspension of the machine there is one value, not a burst of them.
            next = max(next + Self.interval, ContinuousClock.now)
            do {
                try await round()
            } catch is CancellationError {
                return
            } catch let error as BusError {
                logger.debug("dashboard not published", metadata: ["error": "\(error)"])
            } catch {
                logger.warning("dashboard not published", metadata: ["error": "\(error)"])
            }
        }
    }

    /// Lets another worker take over at once, instead of when the lease has run out.
    func release() async {
        guard holdsLease.load(ordering: .acquiring) else { return }
        _ = try? await bus.lease(Self.leaseName, owner: owner, ttlMilliseconds: 1)
    }

    /// The series of the others, so that a new worker greets tabs with it, and continues its numbers.
    private func loadHistory() async {
        guard let history = try? await bus.history(topic: DashboardMessages.topic, after: nil, limit: 256) else {
            return
        }
        for message in history.messages { state.received(message) }
    }

    private func round() async throws {
        // Measured by all, so that whoever takes over has a reading to compare with.
        let value = await usage()
        try await publish(worker(), to: DashboardMessages.workersTopic)
        try Task.checkCancellation()
        let isProducer = try await bus.lease(
            Self.leaseName, owner: owner, ttlMilliseconds: Self.leaseMilliseconds)
        holdsLease.store(isProducer, ordering: .releasing)
        guard isProducer else { return }
        let now = Self.milliseconds()
        if let value {
            try await publish(
                state.withState { $0.nextCPU(value: value, producer: workerName, atMilliseconds: now) },
                to: DashboardMessages.topic)
        }
        try await publish(state.withState { $0.workersMessage(atMilliseconds: now) }, to: DashboardMessages.topic)
        try await publish(state.withState { $0.stallsMessage(atMilliseconds: now) }, to: DashboardMessages.topic)
    }

    private func publish(_ message: some Encodable & Sendable, to topic: String) async throws {
        try await bus.publish(
            topic: topic, payload: DashboardMessages.encode(message), headers: BusHeaders(origin: workerName))
    }

    private func worker() -> DashboardMessages.WorkerLine {
        let status = status()
        return DashboardMessages.WorkerLine(
            host: status.host, worker: status.worker, pid: status.pid,
            connections: status.loops.reduce(0) { $0 + $1.connections }, stalls: status.stalls.total,
            stalledLoops: status.loops.count { $0.stalled },
            newest: (status.stalls.ongoing + status.stalls.recent).prefix(DashboardState.stallLimit)
                .map(DashboardMessages.StallLine.init))
    }

    private func usage() async -> Double? {
        // Reading /proc blocks, if only for a moment: by our own rule it is offloaded.
        let text = try? await pool.offload("read-proc-stat") {
            try String(contentsOfFile: "/proc/stat", encoding: .utf8)
        }
        guard let reading = text.flatMap({ ProcStat(parsing: $0) }) else { return nil }
        return lastReading.withLock { last in
            defer { last = reading }
            return last.flatMap { reading.percent(since: $0) }
        }
    }

    static func milliseconds() -> Int64 { Int64(Date().timeIntervalSince1970 * 1000) }
}

/// The state of the dashboard in this worker. Any thread.
final class DashboardFeed: Sendable {
    private let state = Mutex(DashboardState())

    func received(_ message: BusMessage) {
        state.withLock { state in
            if message.topic == DashboardMessages.topic {
                state.received(message.payload)
            } else {
                state.receivedWorker(message.payload, atMilliseconds: DashboardProducer.milliseconds())
            }
        }
    }

    func withState<Result: Sendable>(_ body: (inout DashboardState) -> Result) -> Result {
        state.withLock { body(&$0) }
    }

    var catchUp: [[UInt8]] { state.withLock { $0.catchUp } }
}

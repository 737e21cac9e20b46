public import Logging
public import LoopguardCore
public import NIOCore
import NIOPosix
import Synchronization

/// Everything that guards a process: the control loop, the guarded loops, the watchdog, the report thread and the pool for
/// blocking work.
///
/// ```swift
/// let runtime = try await LoopguardRuntime.start()
/// let profile = try await runtime.pool.offload("load-profile") { try loadProfile() }
/// ```
///
/// Any thread.
public final class LoopguardRuntime: Sendable {
    /// The parts' options together.
    public struct Configuration: Sendable {
        /// Loops and threshold.
        public var group: GuardedEventLoopGroup.Configuration = .defaults
        /// The pool for blocking work.
        public var offload: OffloadPool.Configuration = .defaults
        /// Notices when Swift's cooperative pool runs no task any more. Default true.
        public var watchesCooperativePool: Bool = true
        /// False = the loops are marked but nobody watches them: for measuring what watching costs. Default true.
        public var isWatchdogEnabled: Bool = true
        /// Worker number in reports, 0 = the only one.
        public var worker: Int = 0
        /// Host name in reports. Default: the machine's.
        public var host: String = System.hostName
        public var logger = Logger(label: "loopguard")
        /// Who is told of stalls. Nil = one log line a stall (``LogStallReporter``).
        public var reporters: [any StallReporter]?

        /// Who is told when ``reporters`` is nil; to be told as well, append to these.
        public var defaultReporters: [any StallReporter] { [LogStallReporter(logger: logger)] }

        public static let defaults = Configuration()
        public init() {}

        /// - Throws: ``LoopguardError`` with code `.invalidConfiguration`.
        public func validate() throws(LoopguardError) {
            try group.validate()
            try offload.validate()
        }
    }

    /// The loop that never runs handlers: accept, bus, admin HTTP.
    public let control: any EventLoop
    public let group: GuardedEventLoopGroup
    public let pool: OffloadPool
    private let controlGroup: MultiThreadedEventLoopGroup
    private let controlTarget: WatchTarget
    let service: WatchService
    let selftestProbe: SelfTestProbe
    private let ending = Mutex<Task<Void, Never>?>(nil)

    private init(
        controlGroup: MultiThreadedEventLoopGroup, controlTarget: WatchTarget, pool: OffloadPool, service: WatchService,
        selftestProbe: SelfTestProbe
    ) {
        self.controlGroup = controlGroup
        self.controlTarget = controlTarget
        self.control = controlGroup.next()
        self.group = service.group
        self.pool = pool
        self.service = service
        self.selftestProbe = selftestProbe
    }

    /// Starts all threads and checks which facilities this machine has.
    ///
    /// - Throws: ``LoopguardError`` when the configuration is invalid or the system refuses threads or memory.
    public static func start(_ configuration: Configuration = .defaults) async throws -> LoopguardRuntime {
        try configuration.validate()
        let group = try await GuardedEventLoopGroup(configuration.group)
        let controlGroup = MultiThreadedEventLoopGroup(numberOfThreads: 1)
        do {
            let pool = try OffloadPool(configuration.offload, timers: controlGroup.next())
            do {
                return try await start(configuration, controlGroup: controlGroup, group: group, pool: pool)
            } catch {
                await pool.shutdown()
                throw error
            }
        } catch {
            // What has been started is ended: threads that nobody can reach would stay for the life of the process.
            try? await group.shutdown()
            try? await controlGroup.shutdownGracefully()
            throw error
        }
    }

    private static func start(
        _ configuration: Configuration, controlGroup: MultiThreadedEventLoopGroup, group: GuardedEventLoopGroup,
        pool: OffloadPool
    ) async throws -> LoopguardRuntime {
        let control = try await WatchTarget.control(controlGroup.next(), of: group)
        let selftestProbe = SelfTestProbe()
        let service = try await WatchService(
            WatchService.Configuration(
                group: group, others: [control], watchesCooperativePool: configuration.watchesCooperativePool,
                offload: pool, isWatchdogEnabled: configuration.isWatchdogEnabled,
                host: configuration.host, worker: configuration.worker, logger: configuration.logger,
                reporters: (configuration.reporters ?? configuration.defaultReporters)
                    + [selftestProbe]))
        return LoopguardRuntime(
            controlGroup: controlGroup, controlTarget: control, pool: pool, service: service,
            selftestProbe: selftestProbe)
    }

    /// All that this process knows about itself. Never waits for a loop.
    ///
    /// - Parameters:
    ///   - notReady: reasons why the process should get no traffic; empty = ready.
    ///   - metrics: further figures of the program.
    public func status(notReady: [String] = [], metrics: [MetricSample] = []) -> WorkerStatus {
        service.status(notReady: notReady, metrics: metrics)
    }

    /// Calls `body` on the report thread whenever a stall begins, goes on or ends.
    public func onStallChange(_ body: @escaping @Sendable () -> Void) { service.onStallChange(body) }

    /// Ends all threads. Close servers and connections first; offloaded work that runs, and a loop that is stalled, are
    /// waited for, and the stall is reported to its end. Idempotent.
    public func shutdown() async {
        let ending = ending.withLock { ending in
            let task = ending ?? Task { await self.end() }
            ending = task
            return task
        }
        await ending.value
    }

    private func end() async {
        await pool.shutdown()
        // The loops first: their last ticks end here, and the watchdog must see them end.
        await group.release()
        await controlTarget.release(from: control)
        service.stop()
        try? await group.shutdown()
        try? await controlGroup.shutdownGracefully()
    }
}

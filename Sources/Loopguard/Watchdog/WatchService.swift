import CLoopguard
import Logging
import LoopguardCore
import NIOCore
import Synchronization

/// The threads that watch and report, and what they know: what ``LoopguardRuntime`` and ``Watchdog`` have in common.
///
/// Any thread.
final class WatchService: Sendable {
    /// Whom to watch, and whom to tell.
    struct Configuration: Sendable {
        var group: GuardedEventLoopGroup
        /// Threads besides the group's loops.
        var others: [WatchTarget] = []
        var watchesCooperativePool: Bool
        /// The pool for blocking work, if there is one.
        var offload: OffloadPool?
        var isWatchdogEnabled = true
        var host: String
        var worker: Int
        var logger: Logger
        /// Nil = log lines.
        var reporters: [any StallReporter]?
    }

    /// What a module that the program may do without adds to the status, such as strict mode.
    struct Additions: Sendable {
        var degradations: [String] = []
        var metrics: [@Sendable () -> [MetricSample]] = []
    }

    let group: GuardedEventLoopGroup
    private let offload: OffloadPool?
    private let watchdog: WatchdogThread
    let reports: ReportThread
    /// What other modules add to the status.
    let additions = Mutex(Additions())
    private let identity: ReportThread.Identity
    /// Worker number in reports.
    var worker: Int { identity.worker }
    private let startedAtUnixNs = WallClock.unixNs()
    private let degradations: [String]

    /// Starts the threads, and checks which facilities this machine has.
    ///
    /// - Throws: ``LoopguardError`` with code `.resources`.
    init(_ configuration: Configuration) async throws {
        group = configuration.group
        offload = configuration.offload
        identity = ReportThread.Identity(
            host: configuration.host, worker: configuration.worker, pid: System.processID)
        reports = ReportThread(
            identity: identity, reporters: configuration.reporters ?? [LogStallReporter(logger: configuration.logger)])
        watchdog = try WatchdogThread(
            targets: configuration.group.loops.map(WatchTarget.init) + configuration.others,
            pools: WatchdogThread.Pools(
                cooperativeThreshold: configuration.watchesCooperativePool ? configuration.group.threshold : nil,
                blocking: configuration.offload,
                connections: { [group] in group.connections }), reports: reports)
        var degradations = watchdog.facilities()
        degradations += await Self.heartbeatDegradations(configuration.group)
        try reports.start()
        if configuration.isWatchdogEnabled {
            do { try watchdog.start() } catch {
                reports.stop()
                throw error
            }
        } else {
            degradations.append("the watchdog is switched off: stalls are counted, not reported")
        }
        for line in degradations { configuration.logger.notice("degraded: \(line)") }
        self.degradations = degradations
    }

    /// The linker must have bound NIO to our `epoll_wait`: each loop is made to turn once, and must have ticked.
    private static func heartbeatDegradations(_ group: GuardedEventLoopGroup) async -> [String] {
        for loop in group.loops {
            for _ in 0..<2 { try? await loop.eventLoop.scheduleTask(in: .milliseconds(1)) {}.futureResult.get() }
            if !lg_slot_heartbeat_seen(loop.slot.pointer) {
                return [
                    "NIO does not call our epoll_wait (is NIO in a shared library, or built for io_uring?): "
                        + "stalls of loops are not detected"
                ]
            }
        }
        return []
    }

    /// Never waits for a loop.
    func status(notReady: [String] = [], metrics: [MetricSample] = []) -> WorkerStatus {
        let loops = group.loops.map(\.status)
        let added = additions.withLock { $0 }
        return WorkerStatus(
            host: identity.host, worker: identity.worker, pid: identity.pid, generatedAtUnixNs: WallClock.unixNs(),
            startedAtUnixNs: startedAtUnixNs, thresholdNs: UInt64(clamping: group.threshold.nanoseconds),
            notReady: notReady, degradations: degradations + added.degradations, loops: loops,
            stalls: reports.status(total: watchdog.stalls), offload: offload?.status ?? OffloadStatus(),
            metrics: metrics + watchdog.metrics + added.metrics.flatMap { $0() })
    }

    /// Calls `body` on the report thread whenever a stall begins, goes on or ends.
    func onStallChange(_ body: @escaping @Sendable () -> Void) { reports.onChange(body) }

    /// Ends the threads. The marks of the loops must have ended: their last ticks are seen here. Idempotent.
    func stop() {
        watchdog.stop()
        reports.stop()
    }
}

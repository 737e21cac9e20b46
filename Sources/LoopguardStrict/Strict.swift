import CLoopguard
import CLoopguardStrict
public import Loopguard
public import LoopguardCore
import Synchronization

/// Strict mode: reports each call that blocks, or may block, an event loop, at once and however short it is.
///
/// ```swift
/// let runtime = try await LoopguardRuntime.start()
/// let strict = try Strict.start(runtime)
/// ```
///
/// Linking this module puts wrappers around the blocking calls of the C library (`Documentation/Strict.md` lists them). Until
/// `start` they cost less than a nanosecond each. Afterwards each call on a loop of `runtime`, in a tick, is judged: a
/// descriptor in blocking mode, a sleep, a lock that is held by somebody else, a name look-up are offences; non-blocking
/// descriptors, `MSG_DONTWAIT`, time limits of zero and free locks are not. Offences become ``StallReport``s of kind
/// ``StallKind/blockingCall`` beside the watchdog's. The control loop and the pool's threads may block.
///
/// For tests and staging: on a loop, each read and write costs a system call more. Any thread.
public final class Strict: Sendable {
    /// The settings in use.
    public let options: StrictOptions
    /// What does not work here, one sentence each; empty = all is seen.
    public let degradations: [String]
    private let runtime: LoopguardRuntime
    private let threads: [GuardedThread]
    // SAFETY: monitors are never freed, and the C functions on them may be called from any thread.
    nonisolated(unsafe) private let monitor: OpaquePointer
    private let kept = Mutex<[StallReport]>([])
    private let isStopped = Mutex(false)
    /// Of the end: the monitor then belongs to its next user.
    private let lastStatus = Mutex<StrictStatus?>(nil)

    private init(
        runtime: LoopguardRuntime, options: StrictOptions, monitor: OpaquePointer, degradations: [String]
    ) {
        self.runtime = runtime
        self.options = options
        self.monitor = monitor
        self.degradations = degradations
        threads = runtime.guardedThreads
    }

    /// Begins to watch the loops of `runtime`.
    ///
    /// - Throws: ``LoopguardError``: `.invalidConfiguration` when an option is out of range, when the loops are watched
    ///   already, or when the linker did not bind the program's calls to the wrappers; `.resources` without memory.
    public static func start(
        _ runtime: LoopguardRuntime, options: StrictOptions = .defaults
    ) throws(LoopguardError) -> Strict {
        guard options.lockGrace >= .zero, options.lockGrace <= .seconds(60) else {
            throw LoopguardError(.invalidConfiguration, "lockGrace is \(options.lockGrace): choose 0 to 60 s.")
        }
        guard (0...1_000_000).contains(options.reportsPerSite), (0...100_000).contains(options.keptReports) else {
            throw LoopguardError(
                .invalidConfiguration, "reportsPerSite must be 0 to 1000000, and keptReports 0 to 100000.")
        }
        let degradations = try StrictProbe.run()
        let (seconds, attoseconds) = options.lockGrace.components
        let grace = UInt64(seconds) * 1_000_000_000 + UInt64(attoseconds / 1_000_000_000)
        guard
            let monitor = lg_monitor_create(
                lg_monitor_options(
                    files: options.includesFiles, lock_grace_ns: grace, site_burst: UInt64(options.reportsPerSite)))
        else { throw LoopguardError(.resources, "no memory for the figures of strict mode.") }
        let strict = Strict(runtime: runtime, options: options, monitor: monitor, degradations: degradations)
        do throws(LoopguardError) {
            try StrictCollector.shared.add(strict, for: monitor)
            for thread in strict.threads where !lg_monitor_watch(monitor, thread.slot) {
                throw LoopguardError(.invalidConfiguration, "strict mode watches \(thread.name) already.")
            }
        } catch {
            strict.unwatch()
            throw error
        }
        runtime.addToStatus(degradations: degradations) { [weak strict] in strict?.metrics ?? [] }
        return strict
    }

    deinit { StrictCollector.shared.remove(monitor) }

    private func unwatch() {
        for thread in threads { lg_monitor_unwatch(monitor, thread.slot) }
    }

    /// Stops watching, and waits (for at most two seconds) until what was seen has been handed to the report thread; a call
    /// that still blocks is not waited for. Idempotent.
    public func stop() async {
        let isFirst = isStopped.withLock { isStopped in
            defer { isStopped = true }
            return !isStopped
        }
        guard isFirst else { return }
        unwatch()
        await settle()
        lastStatus.withLock { $0 = currentStatus }
        StrictCollector.shared.remove(monitor)
    }

    /// Waits until the calls that have returned so far are on their way to ``reports``; at most two seconds.
    public func settle() async {
        for _ in 0..<1000 where lg_monitor_inside(monitor) > 0 {
            try? await Task.sleep(for: .milliseconds(2))
        }
    }

    /// Exact figures so far; after ``stop()``, those of the end.
    public var status: StrictStatus { lastStatus.withLock { $0 } ?? currentStatus }

    private var currentStatus: StrictStatus {
        let all = lg_monitor_figures(monitor)
        var byName: [String: UInt64] = [:]
        for index in 0..<LG_CALL_COUNT.rawValue {
            let calls = lg_monitor_figures_of(monitor, lg_call(index)).calls
            if calls > 0 { byName[String(cString: lg_call_name(lg_call(index)))] = calls }
        }
        return StrictStatus(
            calls: all.calls, blockedNs: all.blocked_ns, byName: byName, allowedCalls: all.allowed_calls,
            allowedNs: all.allowed_ns, sites: lg_monitor_sites(monitor), suppressed: lg_monitor_suppressed(monitor),
            dropped: lg_monitor_dropped(monitor), shortWaits: lg_monitor_short_waits(monitor))
    }

    /// The latest finished reports, oldest first.
    public var reports: [StallReport] { kept.withLock { $0 } }

    /// Watched calls that have not returned, and records of calls that have not been read yet. For tests.
    var callsGoingOn: UInt64 { lg_monitor_inside(monitor) }

    func keep(_ report: StallReport) {
        kept.withLock { kept in
            kept.append(report)
            if kept.count > options.keptReports { kept.removeFirst() }
        }
    }

    func thread(of slot: UnsafeMutablePointer<lg_slot>) -> GuardedThread? { threads.first { $0.slot == slot } }

    func submit(_ call: BlockingCall) { _ = runtime.submit(call) }

    private var metrics: [MetricSample] {
        let status = status
        var samples = status.byName.sorted { $0.key < $1.key }.map { name, calls in
            MetricSample(
                name: "loopguard_strict_blocking_calls_total", help: "Blocking calls made on event loops.",
                kind: .counter, labels: ["call": name], value: Double(calls))
        }
        samples += [
            MetricSample(
                name: "loopguard_strict_blocked_seconds_total", help: "Time of event loops in blocking calls.",
                kind: .counter, value: Double(status.blockedNs) / 1e9),
            MetricSample(
                name: "loopguard_strict_allowed_calls_total", help: "Blocking calls that an allowance covered.",
                kind: .counter, value: Double(status.allowedCalls)),
            MetricSample(
                name: "loopguard_strict_allowed_seconds_total", help: "Time in blocking calls that were allowed.",
                kind: .counter, value: Double(status.allowedNs) / 1e9),
            MetricSample(
                name: "loopguard_strict_dropped_total", help: "Blocking calls without a report: too many at once.",
                kind: .counter, value: Double(status.dropped)),
        ]
        return samples
    }
}

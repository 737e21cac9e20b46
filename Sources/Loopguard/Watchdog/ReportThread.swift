import Dispatch
import LoopguardCapture
import LoopguardCore
import Synchronization

/// Turns observations into reports: names the frames, says why, groups, and tells the reporters.
///
/// A thread of its own: the first symbolication reads debug information for tens of milliseconds, and the watchdog must
/// not wait for it.
final class ReportThread: Sendable {
    /// Observations that may wait. A burst beyond it loses details, never counts: the loops count for themselves.
    static let queueLimit = 1024

    struct Identity: Sendable {
        var host: String
        var worker: Int
        var pid: Int32
    }

    /// What the watchdog saw.
    private enum Item: Sendable {
        case loop(StallObservation)
        case pool(PoolObservation)
    }

    private struct Inbox {
        var observations: [Item] = []
        var calls: [BlockingCall] = []
        var dropped: UInt64 = 0
        var isClosed = false
    }

    private let inbox = Mutex(Inbox())
    private let signal = DispatchSemaphore(value: 0)
    private let store: Mutex<StallStore>
    private let listeners = Mutex<[@Sendable () -> Void]>([])
    private let thread = Mutex<PlainThread?>(nil)
    private let reporters: [any StallReporter]
    private let identity: Identity

    init(identity: Identity, reporters: [any StallReporter]) {
        self.identity = identity
        self.reporters = reporters
        store = Mutex(StallStore())
    }

    func start() throws(LoopguardError) {
        let started = try PlainThread(name: "lg-report") { self.run() }
        thread.withLock { $0 = started }
    }

    /// Watchdog thread. Never blocks for long.
    func submit(_ observation: StallObservation) { submit(.loop(observation)) }
    /// Watchdog thread. Never blocks for long.
    func submit(_ observation: PoolObservation) { submit(.pool(observation)) }

    private func submit(_ observation: Item) {
        inbox.withLock { inbox in
            if inbox.observations.count < Self.queueLimit {
                inbox.observations.append(observation)
            } else {
                inbox.dropped += 1
            }
        }
        signal.signal()
    }

    /// The same for a blocking call; false when it was dropped.
    func submit(_ call: BlockingCall) -> Bool {
        let isAccepted = inbox.withLock { inbox in
            guard inbox.calls.count < Self.queueLimit, !inbox.isClosed else { return false }
            inbox.calls.append(call)
            return true
        }
        signal.signal()
        return isAccepted
    }

    /// Called on this thread after each change.
    func onChange(_ body: @escaping @Sendable () -> Void) { listeners.withLock { $0.append(body) } }

    /// Any thread. `total` is the loops' own exact count, stalls that go on included.
    func status(total: UInt64) -> StallsStatus {
        let now = WallClock.unixNs()
        return store.withLock { $0.status(total: total, nowUnixNs: now) }
    }

    /// Observations whose details were lost because the queue was full.
    var dropped: UInt64 { inbox.withLock { $0.dropped } }

    func stop() {
        inbox.withLock { $0.isClosed = true }
        signal.signal()
        thread.withLock { $0 }?.join()
    }

    private func run() {
        var builder = ReportBuilder(identity: identity)
        var pools = PoolReportBuilder(identity: identity, symbolizer: builder.symbolizer)
        while true {
            signal.wait()
            let (batch, calls, isClosed) = inbox.withLock { inbox in
                defer {
                    inbox.observations.removeAll(keepingCapacity: true)
                    inbox.calls.removeAll(keepingCapacity: true)
                }
                return (inbox.observations, inbox.calls, inbox.isClosed)
            }
            for item in batch {
                switch item {
                case .loop(let seen): publish(builder.update(with: seen), seen.phase)
                case .pool(let seen): publish(pools.update(with: seen), seen.phase)
                }
            }
            for call in calls { publish(call, &builder) }
            if !batch.isEmpty || !calls.isEmpty { for listener in listeners.withLock({ $0 }) { listener() } }
            if isClosed { return }
        }
    }

    private func publish(_ update: (report: StallReport, isFirst: Bool), _ phase: StallObservation.Phase) {
        let (report, isFirst) = update
        switch phase {
        case .ongoing:
            store.withLock { store in
                if isFirst { store.begin(report) } else { store.update(report) }
            }
            for reporter in reporters { reporter.stallSeen(report) }
        case .ended, .missed:
            let decision = store.withLock { $0.finish(report, at: WallClock.unixNs()) }
            for reporter in reporters { reporter.stallEnded(report, isSuppressed: decision == .suppressed) }
        }
    }

    private func publish(_ call: BlockingCall, _ builder: inout ReportBuilder) {
        let (report, isFirst) = builder.update(with: call)
        guard call.isOver else {
            store.withLock { store in
                if isFirst { store.begin(report) } else { store.update(report) }
            }
            return
        }
        let decision = store.withLock { $0.finish(report, at: WallClock.unixNs()) }
        for reporter in reporters { reporter.stallEnded(report, isSuppressed: decision == .suppressed) }
        call.onReport?(report)
    }
}

import LoopguardCore
import Synchronization

/// Waits for the report of a planted stall, whether or not it is suppressed: the fourth self-test must be seen like the first.
final class SelfTestProbe: StallReporter {
    private struct State {
        var correlation: String?
        var report: StallReport?
        var waiter: CheckedContinuation<StallReport?, Never>?
    }
    private let state = Mutex(State())

    /// One at a time: false when there is one already.
    func begin(correlation: String) -> Bool {
        state.withLock { state in
            guard state.correlation == nil else { return false }
            state = State(correlation: correlation)
            return true
        }
    }

    func end() {
        let waiter = state.withLock { state in
            let waiter = state.waiter
            state = State()
            return waiter
        }
        waiter?.resume(returning: nil)
    }

    /// The report, or nil when ``giveUp()`` comes first. One caller.
    func report() async -> StallReport? {
        await withCheckedContinuation { waiter in
            let known = state.withLock { state -> StallReport? in
                if state.report == nil { state.waiter = waiter }
                return state.report
            }
            if let known { waiter.resume(returning: known) }
        }
    }

    /// Whoever waits gets what there is.
    func giveUp() {
        let waiter = state.withLock { state in
            defer { state.waiter = nil }
            return state.waiter
        }
        waiter?.resume(returning: nil)
    }

    func stallSeen(_ report: StallReport) {}

    func stallEnded(_ report: StallReport, isSuppressed: Bool) {
        let waiter = state.withLock { state -> CheckedContinuation<StallReport?, Never>? in
            guard let wanted = state.correlation, report.scope?.correlation == wanted else { return nil }
            state.report = report
            defer { state.waiter = nil }
            return state.waiter
        }
        waiter?.resume(returning: report)
    }
}

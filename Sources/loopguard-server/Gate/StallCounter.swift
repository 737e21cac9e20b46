import Loopguard
import LoopguardCore
import Synchronization

/// Counts all stalls of this process by place, those that go on included.
final class StallCounter: StallReporter {
    private struct State {
        var tally: StallTally
        /// By identifier; at most one a watched thread.
        var ongoing: [String: StallReport] = [:]
    }
    private let state: Mutex<State>

    init(budget: StallBudget?) {
        state = Mutex(State(tally: StallTally(boundsNs: budget?.boundsNs ?? [])))
    }

    func stallSeen(_ report: StallReport) { state.withLock { $0.ongoing[report.id] = report } }

    func stallEnded(_ report: StallReport, isSuppressed: Bool) {
        state.withLock { state in
            state.ongoing[report.id] = nil
            state.tally.add(report)
        }
    }

    /// Waits until the stalls that the loops have counted have been reported as well: naming the frames of the last one takes
    /// a while. Two seconds at most.
    func settle(loops: @Sendable () -> [LoopStatus]) async {
        for _ in 0..<200 where RunFigures(loops: loops(), tally: tally).lateWithoutDetails > 0 {
            try? await Task.sleep(for: .milliseconds(10))
        }
    }

    /// What is over, and what goes on with the length that it had when last looked at.
    var tally: StallTally {
        state.withLock { state in
            var tally = state.tally
            for report in state.ongoing.values { tally.add(report) }
            return tally
        }
    }
}

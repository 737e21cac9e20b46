import CAccuracy
import Loopguard
import LoopguardCore
import Synchronization

/// Keeps every report, suppressed ones too, as a user's own sink would get it.
final class Recorder: StallReporter {
    private struct State {
        var told: [String: UInt64] = [:]
        var forgotten = 0
        var ended: [ReportRecord] = []
    }
    private let state = Mutex(State())

    func stallSeen(_ report: StallReport) {
        let now = acc_now_ns()
        state.withLock { state in
            if state.told[report.id] == nil { state.told[report.id] = now }
        }
    }

    func stallEnded(_ report: StallReport, isSuppressed: Bool) {
        state.withLock { state in
            let told = state.told.removeValue(forKey: report.id)
            state.ended.append(ReportRecord(report: report, toldNs: told, isSuppressed: isSuppressed))
        }
    }

    /// Stalls reported to their end.
    var count: Int { state.withLock { $0.ended.count + $0.forgotten } }

    /// Lets go of what has been recorded.
    func forget() {
        state.withLock { state in
            state.forgotten += state.ended.count
            state.ended = []
        }
    }

    var records: [ReportRecord] { state.withLock { $0.ended } }
}

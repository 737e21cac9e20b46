import LoopguardCore

/// Decides how much of a worker's status is worth telling the supervisor four times a second. Pure.
///
/// What is remembered of finished stalls may be megabytes, and seldom changes: it is sent when it has changed, and when it is
/// much, at most every two seconds. What goes on now is always sent.
struct StatusDiet {
    /// Between two messages that hold many finished stalls.
    static let interval = Duration.seconds(2)
    /// So many reports are not many.
    static let few = 40
    /// So many marks of the timeline weigh as much as one report.
    private static let marksPerReport = 16
    /// Bytes of a message, a quarter of what `StatusLineDecoder` takes.
    static let maximumBytes = 8 << 20

    /// What tells that a stall has finished since: every finished stall changes one of them.
    private struct Mark: Equatable {
        var stalls: UInt64
        var newest: String?
        var suppressed: UInt64
    }
    private var sent: (mark: Mark, at: Duration)?
    private var sentTally: StallTally?

    mutating func next(_ status: WorkerStatus, at now: Duration) -> WorkerStatus {
        let mark = Mark(
            stalls: status.stalls.sites.reduce(status.stalls.evictedSites) { $0 &+ $1.count },
            newest: status.stalls.recent.first?.id, suppressed: status.stalls.suppressed)
        let isMuch =
            status.stalls.recent.count + status.stalls.sites.count + status.stalls.timeline.count / Self.marksPerReport
            > Self.few
        var status = status
        if status.tally == sentTally { status.tally = nil } else { sentTally = status.tally }
        if let sent, sent.mark == mark || (isMuch && now - sent.at < Self.interval) {
            status.stalls.recent = []
            status.stalls.sites = []
            status.stalls.timeline = []
            status.stalls.isAbridged = true
            return status
        }
        sent = (mark, now)
        // A place keeps all samples of its worst stall; in the list of the newest one tells enough.
        for index in status.stalls.recent.indices {
            status.stalls.recent[index].samples = Array(status.stalls.recent[index].samples.prefix(1))
        }
        return status
    }

    /// The status as one line that is not too long: reports with huge stacks are cut, last those of stalls that go on.
    ///
    /// Returns nil when nothing helps, or it cannot be encoded.
    static func line(_ status: WorkerStatus, maximumBytes: Int = Self.maximumBytes) -> [UInt8]? {
        var status = status
        for step in 0...4 {
            switch step {
            case 0: break
            case 1:
                status.stalls.editReports {
                    $0.samples = Array($0.samples.prefix(1))
                    $0.related = []
                }
            case 2: status.stalls.recent = []
            case 3: status.stalls.editReports { $0.samples = [] }
            default:
                status.stalls.sites = []
                status.stalls.timeline = []
                status.stalls.ongoing = Array(status.stalls.ongoing.prefix(Self.few))
            }
            guard var line = try? StallJSON.encode(status) else { return nil }
            line.append(UInt8(ascii: "\n"))
            if line.count <= maximumBytes { return line }
        }
        return nil
    }
}

extension StallsStatus {
    fileprivate mutating func editReports(_ edit: (inout StallReport) -> Void) {
        for index in ongoing.indices { edit(&ongoing[index]) }
        for index in recent.indices { edit(&recent[index]) }
        for index in sites.indices { edit(&sites[index].worst) }
    }
}

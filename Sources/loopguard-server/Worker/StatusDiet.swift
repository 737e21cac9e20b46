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
        let isMuch = status.stalls.recent.count + status.stalls.sites.count > Self.few
        var status = status
        if status.tally == sentTally { status.tally = nil } else { sentTally = status.tally }
        if let sent, sent.mark == mark || (isMuch && now - sent.at < Self.interval) {
            status.stalls.recent = []
            status.stalls.sites = []
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
}

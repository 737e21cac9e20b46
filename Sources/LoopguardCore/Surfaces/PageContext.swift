/// What a page is made for, beside the cluster.
public struct PageOptions: Sendable, Equatable {
    /// True when `POST /debug/selftest` is answered: the page has buttons for it.
    public var offersSelfTest: Bool
    /// Without a script the page is loaded again after so many seconds; 0 = not. Default 10.
    public var refreshSeconds: Int
    /// Minutes of the timeline. Default 15.
    public var timelineMinutes: Int

    /// All its parts.
    public init(
        offersSelfTest: Bool = false, refreshSeconds: Int = 10,
        timelineMinutes: Int = TimelinePicture.defaultMinutes
    ) {
        self.offersSelfTest = offersSelfTest
        self.refreshSeconds = min(max(0, refreshSeconds), 3_600)
        self.timelineMinutes = timelineMinutes
    }
}

extension StallsDocument {
    /// Whether names of hosts tell anything.
    var hasSeveralHosts: Bool { Set(workers.compactMap(\.host)).count > 1 }

    /// `worker 1, loop-0`, with the host's name when there are several.
    func whereabouts(_ report: StallReport) -> String {
        (hasSeveralHosts ? report.host + ", " : "") + StallWords(report: report).whereabouts
    }

    /// Whether the worker of a stall has gone silent: what is known of the stall is old.
    func isSilent(_ report: StallReport) -> Bool {
        workers.contains {
            $0.isSilent && $0.worker == report.worker && $0.pid == report.pid && ($0.host ?? report.host) == report.host
        }
    }
}

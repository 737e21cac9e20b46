import LoopguardCore

/// Finds the report of each planted stall, by loop and by time. Pure.
enum Matcher {
    struct Result {
        /// By index of the run.
        var byRun: [Int: ReportRecord] = [:]
        /// Reports of no run.
        var rest: [ReportRecord] = []
    }

    /// A report belongs to the run of its loop that it shares the most time with. Of two reports of one run, the one that
    /// shares more is its own; the other belongs to nobody.
    static func match(_ runs: [PlantedRun], _ reports: [ReportRecord]) -> Result {
        var result = Result()
        var shared: [Int: UInt64] = [:]
        for record in reports {
            var best: (index: Int, overlap: UInt64)?
            for (index, run) in runs.enumerated() where run.loop == record.report.loop {
                let overlap = record.span(unixOffsetNs: run.unixOffsetNs).overlapNs(run.envelope)
                if overlap > (best?.overlap ?? 0) { best = (index, overlap) }
            }
            guard let best else {
                result.rest.append(record)
                continue
            }
            if let other = result.byRun[best.index], (shared[best.index] ?? 0) >= best.overlap {
                _ = other
                result.rest.append(record)
                continue
            }
            if let other = result.byRun[best.index] { result.rest.append(other) }
            result.byRun[best.index] = record
            shared[best.index] = best.overlap
        }
        return result
    }
}

extension ReportRecord {
    /// The stall's time on the planter's clock.
    func span(unixOffsetNs: UInt64) -> Span {
        let began = UInt64(max(0, report.startedAtUnixNs)) &- unixOffsetNs
        return Span(beganNs: began, endedNs: began &+ report.durationNs)
    }
}

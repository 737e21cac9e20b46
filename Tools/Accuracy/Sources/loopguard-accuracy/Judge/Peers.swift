import LoopguardCore

/// The same stalls as simpler detectors saw them.
enum Peers {
    struct Figures: Codable, Sendable {
        var detector: String
        var stalls: Int
        /// Noticed at all.
        var noticed: Share
        /// Noticed before the stall was over, from 1.2 thresholds on.
        var noticedWhileItLasted: Share
        var falseAlarms: Int
        /// From passing the threshold until it was noticed.
        var latency: Distribution
        var durationError: Distribution
        /// Noticed, by place.
        var byPlace: [String: Share]
    }

    static func figures(_ results: [ChildResult]) -> [Figures] {
        var all: [Figures] = []
        for result in results {
            let runs = result.runs.filter { $0.truth.error == 0 }
            guard !result.baselines.isEmpty else { continue }
            if result.scenario == Scenario.peers.rawValue {
                all.append(judge("Loopguard", runs, loopguard(runs, result.reports)))
            }
            for (name, detections) in result.baselines.sorted(by: { $0.key < $1.key }) {
                all.append(judge(name, runs, detections))
            }
        }
        return all
    }

    /// A detection belongs to the run whose envelope it lies in.
    static func judge(_ name: String, _ runs: [PlantedRun], _ detections: [Detection]) -> Figures {
        var figures = Figures(
            detector: name, stalls: 0, noticed: Share(), noticedWhileItLasted: Share(), falseAlarms: 0,
            latency: Distribution([]), durationError: Distribution([]), byPlace: [:])
        var latencies: [UInt64] = []
        var errors: [UInt64] = []
        for run in runs {
            let own = detections.filter { $0.span.overlapNs(run.envelope) > 0 }
            guard run.isStall else {
                if run.cannotStall { figures.falseAlarms += own.count }
                continue
            }
            figures.stalls += 1
            let first = own.min { $0.noticedNs < $1.noticedNs }
            figures.noticed.add(first != nil)
            figures.byPlace[run.place, default: Share()].add(first != nil)
            if run.ratio >= RunVerdict.Rules.caughtFrom {
                figures.noticedWhileItLasted.add(first.map { $0.noticedNs < run.truth.span.endedNs } ?? false)
            }
            guard let first else { continue }
            let due = run.truth.span.beganNs + run.thresholdNs
            latencies.append(first.noticedNs > due ? first.noticedNs - due : 0)
            let length = first.span.lengthNs
            errors.append(length > run.durationNs ? length - run.durationNs : run.durationNs - length)
        }
        figures.latency = Distribution(latencies)
        figures.durationError = Distribution(errors)
        return figures
    }

    private static func loopguard(_ runs: [PlantedRun], _ reports: [ReportRecord]) -> [Detection] {
        guard let offset = runs.first?.unixOffsetNs else { return [] }
        return reports.map { record in
            let span = record.span(unixOffsetNs: offset)
            let latency = record.report.detectionLatencyNs
            return Detection(
                span: span, noticedNs: latency.map { span.beganNs + record.report.thresholdNs + $0 } ?? span.endedNs)
        }
    }

    static func lines(_ o: Suite.Outcome) -> [String] {
        let all = figures(o.results)
        guard !all.isEmpty else { return [] }
        let head =
            Text.pad("the same stalls seen by", 28) + Text.pad("stalls", 8) + Text.pad("noticed", 10)
            + Text.pad("in time", 10) + Text.pad("false", 7) + Text.pad("latency p50", 13) + Text.pad("p99", 11)
            + Text.pad("duration error", 16) + "missed most of"

        return ["", head]
            + all.map { f in
                Text.pad(f.detector, 28) + Text.pad("\(f.stalls)", 8) + Text.pad(Text.percent(f.noticed.value), 10)
                    + Text.pad(Text.percent(f.noticedWhileItLasted.value), 10) + Text.pad("\(f.falseAlarms)", 7)
                    + Text.pad(Text.ms(f.latency.p50Ns), 13) + Text.pad(Text.ms(f.latency.p99Ns), 11)
                    + Text.pad(Text.ms(f.durationError.p50Ns), 16)
                    + f.byPlace.filter { !$0.value.reaches(0.5) }.keys.sorted().joined(separator: ", ")
            }
    }
}

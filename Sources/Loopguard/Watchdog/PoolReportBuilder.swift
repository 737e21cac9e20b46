import LoopguardCapture
import LoopguardCore

/// Assembles the reports of pools that are stuck. Report thread only.
struct PoolReportBuilder {
    private struct Open {
        var beganNs: UInt64
        var id: String
        var samples: [StackSample] = []
        var related: [RelatedStack] = []
        /// Of the first look: the rate limit and the site go by one name.
        var fingerprint: String?
        var detectionLatencyNs: UInt64?
    }

    private let identity: ReportThread.Identity
    private let symbolizer: Symbolizer
    /// By pool, which has one stall at a time.
    private var open: [String: Open] = [:]
    private var lastNumber: UInt64 = 0

    init(identity: ReportThread.Identity, symbolizer: Symbolizer) {
        self.identity = identity
        self.symbolizer = symbolizer
    }

    /// The report as it now stands, and whether it is the stall's first.
    mutating func update(with seen: PoolObservation) -> (StallReport, isFirst: Bool) {
        let known = open[seen.pool].flatMap { $0.beganNs == seen.beganNs ? $0 : nil }
        var stall = known ?? makeOpen(seen.beganNs)
        for thread in seen.threads {
            stall.related.append(
                RelatedStack(
                    role: .poolThread, tid: thread.tid, thread: thread.name, state: thread.state,
                    sample: sample(thread.stack, offsetNs: seen.durationNs)))
        }
        if let stack = seen.telling {
            if stall.samples.count == ReportBuilder.maximumSamples { stall.samples.remove(at: 1) }
            stall.samples.append(sample(stack.captured, offsetNs: stack.offsetNs))
        }
        stall.detectionLatencyNs = stall.detectionLatencyNs ?? seen.detectionLatencyNs
        let cause = cause(seen)
        let frames = stall.samples.first { !$0.frames.isEmpty }?.frames ?? []
        let fingerprint =
            stall.fingerprint
            ?? Fingerprint.make(frames: frames, kind: seen.kind, category: cause.category, route: nil)
        stall.fingerprint = fingerprint
        open[seen.pool] = seen.phase == .ongoing ? stall : nil
        let over = seen.durationNs > seen.thresholdNs ? seen.durationNs - seen.thresholdNs : 0
        let report = StallReport(
            id: stall.id, host: identity.host, worker: identity.worker, pid: identity.pid, loop: seen.pool,
            startedAtUnixNs: seen.startedAtUnixNs, durationNs: seen.durationNs, ongoing: seen.phase == .ongoing,
            thresholdNs: seen.thresholdNs, detectionLatencyNs: stall.detectionLatencyNs,
            watchdogLatenessNs: seen.latenessNs, kind: seen.kind, cause: cause, scope: nil,
            blast: BlastRadius(
                connections: seen.connections, connectionSeconds: Double(seen.connections) * Double(over) / 1e9),
            jobsInTick: 0, samples: stall.samples, related: stall.related, fingerprint: fingerprint,
            remedy: Remedy.text(for: cause, frames: frames, kind: seen.kind),
            rule: LintRules.rule(for: cause, frames: frames))
        return (report, known == nil)
    }

    private mutating func makeOpen(_ beganNs: UInt64) -> Open {
        lastNumber += 1
        return Open(beganNs: beganNs, id: "\(identity.host)-\(identity.pid)-pool-\(lastNumber)")
    }

    private func sample(_ stack: CapturedStack, offsetNs: UInt64) -> StackSample {
        StackSample(
            offsetNs: offsetNs, validity: stack.validity, note: stack.note, costNs: stack.costNs,
            frames: symbolizer.symbolicate(stack.addresses))
    }

    private func cause(_ seen: PoolObservation) -> StallCause {
        if seen.phase == .missed {
            return StallCause(
                category: .unknown, summary: "over before the watchdog got a CPU to look at it",
                evidence: ["watchdog late by \(seen.latenessNs / 1000) µs"])
        }
        var cause = CauseClassifier.classify(
            baseline: seen.baseline, samples: seen.samples, call: seen.call, host: seen.hostSamples,
            watchdogLatenessNs: seen.latenessNs, thresholdNs: seen.thresholdNs)
        if let summary = seen.summary { cause.summary = summary }
        cause.evidence = seen.evidence + cause.evidence
        return cause
    }
}

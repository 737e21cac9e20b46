import LoopguardCapture
import LoopguardCore

/// Assembles the reports of the stalls in progress from what the watchdog saw of them. Report thread only.
struct ReportBuilder {
    /// Stacks kept per stall.
    static let maximumSamples = 8

    struct Open {
        var id: String
        var samples: [StackSample] = []
        var related: [RelatedStack] = []
        /// Of the first look, and from then on of all: the rate limit and the site go by one name.
        var fingerprint: String?
        var detectionLatencyNs: UInt64?
        var queuedBytes = 0
    }

    let identity: ReportThread.Identity
    let symbolizer = Symbolizer()
    private var open: [StallObservation.Key: Open] = [:]
    /// Blocking calls that go on.
    var openCalls: [UInt64: Open] = [:]
    private var lastNumber: UInt64 = 0

    init(identity: ReportThread.Identity) { self.identity = identity }

    /// The report as it now stands, and whether it is the stall's first.
    mutating func update(with observation: StallObservation) -> (StallReport, isFirst: Bool) {
        let isFirst = open[observation.key] == nil
        var stall = open[observation.key] ?? makeOpen()
        // Before the stack is symbolicated, which takes its time.
        if let burdens = observation.burdens { stall.queuedBytes = max(stall.queuedBytes, burdens.queuedBytes) }
        if let stack = observation.stack {
            // The first one is closest to the cause, the latest ones say whether it is still there.
            if stall.samples.count == Self.maximumSamples { stall.samples.remove(at: 1) }
            stall.samples.append(sample(stack))
        }
        if let owner = observation.owner {
            stall.related.append(
                RelatedStack(
                    role: .lockOwner, tid: owner.tid, thread: owner.name, state: owner.state,
                    sample: sample(owner.stack)))
        }
        stall.detectionLatencyNs = stall.detectionLatencyNs ?? observation.detectionLatencyNs
        if isFirst {
            // A loop has one stall at a time: the end of an earlier one was lost if it is still here.
            for key in open.keys where key.loop == observation.key.loop { open[key] = nil }
        }
        let cause = cause(observation)
        // The first sample was taken closest to the cause; later ones show whether it is one place or many.
        let frames = stall.samples.first { !$0.frames.isEmpty }?.frames ?? []
        let fingerprint =
            stall.fingerprint
            ?? Fingerprint.make(
                frames: frames, kind: observation.kind, category: cause.category, route: observation.scope?.route)
        stall.fingerprint = fingerprint
        open[observation.key] = observation.phase == .ongoing ? stall : nil
        return (report(observation, stall, cause, frames: frames, fingerprint: fingerprint), isFirst)
    }

    private func sample(_ stack: StallObservation.Stack) -> StackSample {
        StackSample(
            offsetNs: stack.offsetNs, validity: stack.captured.validity, note: stack.captured.note,
            costNs: stack.captured.costNs, frames: symbolizer.symbolicate(stack.captured.addresses))
    }

    mutating func makeOpen() -> Open {
        lastNumber += 1
        return Open(id: "\(identity.host)-\(identity.pid)-\(lastNumber)")
    }

    private func cause(_ seen: StallObservation) -> StallCause {
        let number = CauseClassifier.dominantCall(
            baseline: seen.baseline, samples: seen.threadSamples, closing: seen.closing)
        var cause = CauseClassifier.classify(
            baseline: seen.baseline, samples: seen.threadSamples, closing: seen.closing,
            call: number.flatMap { seen.calls[$0] }, host: seen.hostSamples, interruptions: seen.interruptions,
            watchdogLatenessNs: seen.latenessNs, thresholdNs: seen.thresholdNs)
        if seen.phase == .missed {
            if [.unknown, .mixed].contains(cause.category) {
                cause.category = .unknown
                cause.summary = "over before the watchdog got a CPU to look at it"
            }
            cause.evidence.append("over before the watchdog could look, woken \(seen.latenessNs / 1000) µs late")
        }
        if !seen.isExact {
            cause.evidence.append("the loop's own record of its end was overwritten: it lasted at least so long")
        }
        return cause
    }

    private func report(
        _ seen: StallObservation, _ stall: Open, _ cause: StallCause, frames: [StackFrame], fingerprint: String
    ) -> StallReport {
        let over = seen.durationNs > seen.thresholdNs ? seen.durationNs - seen.thresholdNs : 0
        return StallReport(
            id: stall.id, host: identity.host, worker: identity.worker, pid: identity.pid, loop: seen.key.loop,
            startedAtUnixNs: seen.startedAtUnixNs, durationNs: seen.durationNs, ongoing: seen.phase == .ongoing,
            thresholdNs: seen.thresholdNs, detectionLatencyNs: stall.detectionLatencyNs,
            watchdogLatenessNs: seen.latenessNs, kind: seen.kind, cause: cause, scope: seen.scope,
            blast: BlastRadius(
                connections: seen.connections, connectionSeconds: Double(seen.connections) * Double(over) / 1e9,
                broadcastsWaiting: seen.burden.broadcasts,
                bytesWaiting: seen.burden.bytes + stall.queuedBytes, pingsMissed: seen.pingsMissed),
            jobsInTick: seen.jobsInTick, samples: stall.samples,
            related: stall.related, fingerprint: fingerprint,
            remedy: Remedy.text(for: cause, frames: frames, kind: seen.kind),
            rule: LintRules.rule(for: cause, frames: frames))
    }
}

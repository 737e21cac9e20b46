import LoopguardCapture
import LoopguardCore

/// Assembles the reports of the stalls in progress from what the watchdog saw of them. Report thread only.
struct ReportBuilder {
    /// Stacks kept per stall.
    static let maximumSamples = 8

    private struct Open {
        var id: String
        var samples: [StackSample] = []
        var detectionLatencyNs: UInt64?
        var queuedBytes = 0
    }

    private let identity: ReportThread.Identity
    private let symbolizer = Symbolizer()
    private var open: [StallObservation.Key: Open] = [:]
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
            stall.samples.append(
                StackSample(
                    offsetNs: stack.offsetNs, validity: stack.captured.validity, note: stack.captured.note,
                    costNs: stack.captured.costNs, frames: symbolizer.symbolicate(stack.captured.addresses)))
        }
        stall.detectionLatencyNs = stall.detectionLatencyNs ?? observation.detectionLatencyNs
        if isFirst {
            // A loop has one stall at a time: the end of an earlier one was lost if it is still here.
            for key in open.keys where key.loop == observation.key.loop { open[key] = nil }
        }
        open[observation.key] = observation.phase == .ongoing ? stall : nil
        return (report(observation, stall), isFirst)
    }

    private mutating func makeOpen() -> Open {
        lastNumber += 1
        return Open(id: "\(identity.host)-\(identity.pid)-\(lastNumber)")
    }

    private func report(_ seen: StallObservation, _ stall: Open) -> StallReport {
        let isOpen = seen.phase == .ongoing
        var cause =
            seen.phase == .missed
            ? StallCause(
                category: .unknown, summary: "over before the watchdog got a CPU to look at it",
                evidence: ["watchdog late by \(seen.latenessNs / 1000) µs"])
            : CauseClassifier.classify(
                baseline: seen.baseline, samples: seen.threadSamples, call: seen.call,
                watchdogLatenessNs: seen.latenessNs, thresholdNs: seen.thresholdNs)
        if !seen.isExact {
            cause.evidence.append("the loop's own record of its end was overwritten: it lasted at least so long")
        }
        // The first sample was taken closest to the cause; later ones show whether it is one place or many.
        let frames = stall.samples.first { !$0.frames.isEmpty }?.frames ?? []
        let over = seen.durationNs > seen.thresholdNs ? seen.durationNs - seen.thresholdNs : 0
        return StallReport(
            id: stall.id, host: identity.host, worker: identity.worker, pid: identity.pid, loop: seen.key.loop,
            startedAtUnixNs: seen.startedAtUnixNs, durationNs: seen.durationNs, ongoing: isOpen,
            thresholdNs: seen.thresholdNs, detectionLatencyNs: stall.detectionLatencyNs,
            watchdogLatenessNs: seen.latenessNs, kind: seen.kind, cause: cause, scope: seen.scope,
            blast: BlastRadius(
                connections: seen.connections, connectionSeconds: Double(seen.connections) * Double(over) / 1e9,
                broadcastsWaiting: seen.burden.broadcasts,
                bytesWaiting: seen.burden.bytes + stall.queuedBytes, pingsMissed: seen.pingsMissed),
            jobsInTick: seen.jobsInTick, samples: stall.samples,
            fingerprint: Fingerprint.make(
                frames: frames, kind: seen.kind, category: cause.category, route: seen.scope?.route),
            remedy: Remedy.text(for: cause, frames: frames, kind: seen.kind))
    }
}

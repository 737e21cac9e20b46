package import CLoopguard
package import LoopguardCapture
package import LoopguardCore
import Synchronization

/// A call that blocks, or may block, as strict mode saw it on a loop; it becomes a ``StallReport`` on the report thread.
package struct BlockingCall: Sendable {
    /// Tells calls apart: the same while it goes on and when it is over.
    package var id: UInt64
    package var loop: String
    package var durationNs: UInt64
    package var isOver: Bool
    package var startedAtUnixNs: Int64
    package var cause: StallCause
    /// Number of the scope in the thread's slot.
    package var scope: UInt64
    package var connections: Int
    package var jobsInTick: UInt64
    /// From the call to its stack having been copied.
    package var captureNs: UInt64
    /// Given once.
    package var stack: CapturedStack?
    /// Gets the final report, on the report thread.
    package var onReport: (@Sendable (StallReport) -> Void)?

    package init(
        id: UInt64, loop: String, durationNs: UInt64, isOver: Bool, startedAtUnixNs: Int64, cause: StallCause,
        scope: UInt64, connections: Int, jobsInTick: UInt64, captureNs: UInt64, stack: CapturedStack?,
        onReport: (@Sendable (StallReport) -> Void)?
    ) {
        self.id = id
        self.loop = loop
        self.durationNs = durationNs
        self.isOver = isOver
        self.startedAtUnixNs = startedAtUnixNs
        self.cause = cause
        self.scope = scope
        self.connections = connections
        self.jobsInTick = jobsInTick
        self.captureNs = captureNs
        self.stack = stack
        self.onReport = onReport
    }
}

/// The thread of a guarded loop, for strict mode.
// SAFETY: slots are never freed; what strict mode uses of them is atomic, or written once before the slot is bound.
package struct GuardedThread: @unchecked Sendable {
    package let name: String
    package let slot: UnsafeMutablePointer<lg_slot>
    package let connections: @Sendable () -> Int
}

extension LoopguardRuntime {
    /// The loops that run handlers. The control loop is not among them.
    package var guardedThreads: [GuardedThread] {
        group.loops.map { loop in
            GuardedThread(name: loop.name, slot: loop.slot.pointer, connections: { loop.connections })
        }
    }

    /// Hands a blocking call to the report thread; false when that is behind and the call's details are lost.
    package func submit(_ call: BlockingCall) -> Bool { service.reports.submit(call) }

    /// From now on the status says so as well.
    package func addToStatus(degradations: [String], metrics: @escaping @Sendable () -> [MetricSample]) {
        service.additions.withLock {
            $0.degradations += degradations
            $0.metrics.append(metrics)
        }
    }
}

extension ReportBuilder {
    /// The report of a blocking call as it now stands, and whether it is the call's first.
    mutating func update(with call: BlockingCall) -> (StallReport, isFirst: Bool) {
        let known = openCalls[call.id]
        var open = known ?? makeOpen()
        if let stack = call.stack {
            open.samples.append(
                StackSample(
                    offsetNs: 0, validity: stack.validity, note: stack.note, costNs: call.captureNs,
                    frames: symbolizer.symbolicate(stack.addresses)))
        }
        openCalls[call.id] = call.isOver ? nil : open
        let frames = open.samples.first?.frames ?? []
        let scope = ScopeRegistry.shared.recent(call.scope)?.snapshot
        let report = StallReport(
            id: open.id, host: identity.host, worker: identity.worker, pid: identity.pid, loop: call.loop,
            startedAtUnixNs: call.startedAtUnixNs, durationNs: call.durationNs, ongoing: !call.isOver, thresholdNs: 0,
            detectionLatencyNs: call.captureNs, watchdogLatenessNs: 0, kind: .blockingCall, cause: call.cause,
            scope: scope,
            blast: BlastRadius(
                connections: call.connections,
                connectionSeconds: BlastRadius.connectionSeconds(
                    connections: call.connections, durationNs: call.durationNs, thresholdNs: 0)),
            jobsInTick: call.jobsInTick, samples: open.samples,
            fingerprint: Fingerprint.make(
                frames: frames, kind: .blockingCall, category: call.cause.category, route: scope?.route),
            remedy: Remedy.text(for: call.cause, frames: frames, kind: .blockingCall),
            rule: LintRules.rule(for: call.cause, frames: frames))
        return (report, known == nil)
    }
}

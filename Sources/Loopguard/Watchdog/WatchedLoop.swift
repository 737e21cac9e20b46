import CLoopguard
import LoopguardCapture
import LoopguardCore

/// One watched thread with its detector, and what is known of its running stall. Watchdog thread only.
struct WatchedLoop {
    /// What has been gathered about a tick since it looked suspicious.
    private struct Evidence {
        var beganNs: UInt64
        var baseline: ThreadSample?
        var samples: [ThreadSample] = []
        var call: BlockedCall?
        var scope: StallScope?
        var connections = 0
        var kind = StallKind.loopWork
        var jobsInTick: UInt64 = 0
        var latenessNs: UInt64 = 0
        var detectionLatencyNs: UInt64?
    }

    private(set) var detector: Detector
    private let target: WatchTarget
    private let capturer: CapturerBox
    private let probe: ThreadProbe?
    private var lateSeen: UInt64
    private var evidence: Evidence?

    init(target: WatchTarget, capturer: CapturerBox) {
        self.target = target
        self.capturer = capturer
        let slot = target.slot.pointer
        detector = Detector(options: .defaults { $0.thresholdNs = lg_threshold_ns(slot) })
        probe = try? ThreadProbe(tid: slot.pointee.tid)
        lateSeen = lg_late(slot)
    }

    /// The loop is in a tick of which the detector does not know yet.
    var isUnseenBusy: Bool {
        let since = lg_busy_since(target.slot.pointer)
        return since != 0 && !detector.isStalled
    }

    /// One look. `latenessNs`: how much later than asked for the watchdog was woken.
    mutating func look(latenessNs: UInt64) -> [StallObservation] {
        let slot = target.slot.pointer
        let now = lg_now_ns()
        let actions = detector.observe(
            now: now, busySince: lg_busy_since(slot), jobs: lg_jobs(slot), tickFirstJob: lg_tick_first_job(slot),
            scope: lg_scope(slot), ticks: lg_ticks(slot))
        var observations = actions.compactMap { perform($0, now: now, latenessNs: latenessNs) }

        let late = lg_late(slot)
        while lateSeen < late {
            var tick = lg_late_tick()
            let isReadable = lg_late_read(slot, lateSeen, &tick)
            lateSeen += 1
            guard isReadable else { continue }  // overwritten: still counted by the loop
            let ended = detector.observeLate(
                beganNs: tick.began_ns, durationNs: tick.duration_ns, jobs: tick.jobs, scope: tick.scope)
            observations += ended.compactMap { perform($0, now: now, latenessNs: latenessNs) }
        }
        return observations
    }

    private mutating func perform(
        _ action: Detector.Action, now: UInt64, latenessNs: UInt64
    ) -> StallObservation? {
        switch action {
        case .takeBaseline(let tick):
            evidence = Evidence(beganNs: tick, baseline: probe?.sample())
            return nil
        case .capture(let index, let view):
            return capture(index: index, view, latenessNs: latenessNs)
        case .ended(let tick, let durationNs, let isExact):
            guard let evidence, evidence.beganNs == tick else { return nil }
            self.evidence = nil
            return observation(evidence, .ended, durationNs: durationNs, isExact: isExact)
        case .missed(let tick, let kind):
            var missed = Evidence(beganNs: tick.beganNs)
            missed.scope = ScopeRegistry.shared.scope(tick.scope)?.snapshot
            missed.connections = target.connections()
            missed.kind = kind
            missed.jobsInTick = tick.jobs
            missed.latenessNs = latenessNs
            if evidence?.beganNs == tick.beganNs { evidence = nil }
            return observation(missed, .missed, durationNs: tick.durationNs)
        }
    }

    private mutating func capture(
        index: Int, _ view: Detector.TickView, latenessNs: UInt64
    ) -> StallObservation {
        var known =
            evidence?.beganNs == view.beganNs
            ? evidence ?? Evidence(beganNs: view.beganNs) : Evidence(beganNs: view.beganNs)
        let sample = probe?.sample()
        let stack = capturer.capture(slot: target.slot, tick: view.beganNs)
        let after = lg_now_ns()
        if let sample {
            known.samples.append(sample)
            if index == 0 { known.call = describe(call: sample.systemCall, tid: target.slot.pointer.pointee.tid) }
        }
        if index == 0 {
            known.connections = target.connections()
            known.latenessNs = latenessNs
            known.detectionLatencyNs = after - min(after, view.beganNs + detector.options.thresholdNs)
        }
        // The first look may fall between two jobs.
        if known.scope == nil { known.scope = ScopeRegistry.shared.scope(view.scope)?.snapshot }
        known.kind = view.kind
        known.jobsInTick = view.jobsInTick
        evidence = known
        var seen = observation(known, .ongoing, durationNs: after - min(after, view.beganNs))
        seen.stack = StallObservation.Stack(offsetNs: view.ageNs, captured: stack)
        return seen
    }

    private func observation(
        _ known: Evidence, _ phase: StallObservation.Phase, durationNs: UInt64, isExact: Bool = true
    ) -> StallObservation {
        let age = lg_now_ns() - min(lg_now_ns(), known.beganNs)
        return StallObservation(
            key: .init(loop: target.name, beganNs: known.beganNs), phase: phase, durationNs: durationNs,
            isExact: isExact,
            thresholdNs: detector.options.thresholdNs, startedAtUnixNs: WallClock.unixNs() - Int64(clamping: age),
            scope: known.scope, connections: known.connections, jobsInTick: known.jobsInTick, kind: known.kind,
            stack: nil, baseline: known.baseline, threadSamples: known.samples, call: known.call,
            latenessNs: known.latenessNs, detectionLatencyNs: known.detectionLatencyNs)
    }
}

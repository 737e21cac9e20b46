import CLoopguard
import LoopguardCapture
import LoopguardCore
import Synchronization

/// One watched thread with its detector, and what is known of its running stall. Watchdog thread only.
struct WatchedLoop {
    /// What has been gathered about a tick since it looked suspicious.
    private struct Evidence {
        var beganNs: UInt64
        var baseline: ThreadSample?
        var samples: [ThreadSample] = []
        var hosts: [HostSample] = []
        var interruptions = CauseClassifier.Interruptions()
        var calls: [Int: BlockedCall] = [:]
        /// Owners of locks whose stacks have been taken.
        var owners: Set<Int32> = []
        var scope: StallScope?
        var connections = 0
        var burden = LoopBurden()
        var kind = StallKind.loopWork
        var jobsInTick: UInt64 = 0
        var latenessNs: UInt64 = 0
        var detectionLatencyNs: UInt64?
        /// A report has been begun.
        var isOpen = false
        /// Whom the loop's own record of the tick blames, 0 = nobody.
        var endScope: UInt64 = 0

        /// What waits only grows while the loop is stuck. Of the pings the first forecast counts: a later one was made by a
        /// loop that turns again.
        mutating func note(_ burdens: LoopBurdens?) {
            guard let now = burdens?.now else { return }
            burden.broadcasts = max(burden.broadcasts, now.broadcasts)
            burden.bytes = max(burden.bytes, now.bytes)
            if burden.pings == nil, let pings = now.pings, pings.lookedAtNs <= beganNs { burden.pings = pings }
        }
    }

    private(set) var detector: Detector
    private let target: WatchTarget
    private let capturer: CapturerBox
    private let probe: ThreadProbe?
    private var lateSeen: UInt64
    private var evidence: Evidence?
    /// Of a stall that is over, but whose record has not come, when the next tick looks suspicious already.
    private var awaiting: Evidence?

    init(target: WatchTarget, capturer: CapturerBox) {
        self.target = target
        self.capturer = capturer
        let slot = target.slot.pointer
        detector = Detector(
            options: .defaults { options in
                options.thresholdNs = max(1, lg_threshold_ns(slot))
                // Samples at doubling distances must go beyond a second, however small the threshold: the reporters
                // learn from them that a stall goes on.
                while options.maxSamples < 16, options.thresholdNs << (options.maxSamples - 1) < 1_000_000_000 {
                    options.maxSamples += 1
                }
            })
        probe = try? ThreadProbe(tid: slot.pointee.tid)
        lateSeen = target.lateTicksSeen.count.load(ordering: .relaxed)
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
        var marks = lg_marks_read(slot)
        let isOld = marks.busy_since != 0 && now - min(now, marks.busy_since) >= detector.options.thresholdNs / 2
        if isOld, marks.jobs != 0 { Self.lookAgain(&marks, slot) }
        let actions = detector.observe(
            now: now, busySince: marks.busy_since, jobs: marks.jobs, tickFirstJob: marks.tick_first_job,
            scope: marks.scope, ticks: lg_ticks(slot), cpuNs: isOld ? probe?.cpuNs() : nil)
        // A loop has one stall at a time. What ended before the tick that runs now is closed before that one is begun:
        // otherwise its evidence would be replaced, and its report would stay open for ever.
        var closings: [Detector.Action] = []
        var latest: [Detector.Action] = []
        let late = lg_late(slot)
        defer { target.lateTicksSeen.count.store(lateSeen, ordering: .relaxed) }
        while lateSeen < late {
            var tick = lg_late_tick()
            let isReadable = lg_late_read(slot, lateSeen, &tick)
            lateSeen += 1
            guard isReadable else { continue }  // overwritten: still counted by the loop
            if evidence?.beganNs == tick.began_ns { evidence?.endScope = tick.scope }
            let ended = detector.observeLate(
                beganNs: tick.began_ns, durationNs: tick.duration_ns, jobs: tick.jobs, scope: tick.scope)
            if tick.began_ns == marks.busy_since { latest += ended } else { closings += ended }
        }
        let lost = actions.filter(\.isEnd)
        let steps = actions.filter { !$0.isEnd }
        return (lost + closings + steps + latest).compactMap { perform($0, latenessNs: latenessNs) }
    }

    /// A handler that suspends and resumes has no scope between two of its jobs: a few more looks, some microseconds in all, find
    /// it within one. The tick stays the one that was seen first.
    private static func lookAgain(_ marks: inout lg_marks, _ slot: UnsafeMutablePointer<lg_slot>) {
        for _ in 0..<32 where marks.scope == 0 {
            let again = lg_marks_read(slot)
            guard again.busy_since == marks.busy_since else { return }
            marks = again
        }
    }

    private mutating func perform(_ action: Detector.Action, latenessNs: UInt64) -> StallObservation? {
        switch action {
        case .takeBaseline(let tick):
            keepOpenEvidence()
            target.burdens?.restart()
            var begun = Evidence(beganNs: tick, baseline: probe?.sample(), hosts: [hostSample(tick: tick)])
            // At the threshold the thread may be between two calls: then only this one can be named.
            if let sample = begun.baseline, case .blocked(let number, _, _, _) = sample.systemCall {
                begun.calls[number] = describe(call: sample.systemCall, tid: target.slot.pointer.pointee.tid)
            }
            evidence = begun
            return nil
        case .capture(let index, let view):
            return capture(index: index, view, latenessNs: latenessNs)
        case .ended(let tick, let durationNs, let isExact):
            guard var over = [evidence, awaiting].compactMap({ $0 }).first(where: { $0.beganNs == tick }) else {
                return nil
            }
            if evidence?.beganNs == tick { evidence = nil }
            if awaiting?.beganNs == tick { awaiting = nil }
            over.note(target.burdens)
            if over.scope == nil { over.scope = ScopeRegistry.shared.recent(over.endScope)?.snapshot }
            var seen = observation(over, .ended, durationNs: durationNs, isExact: isExact)
            close(&seen)
            return seen
        case .missed(let tick, let kind):
            var missed = Evidence(beganNs: tick.beganNs)
            missed.scope = ScopeRegistry.shared.recent(tick.scope)?.snapshot
            missed.connections = target.connections()
            missed.note(target.burdens)
            missed.kind = kind
            missed.jobsInTick = tick.jobs
            missed.latenessNs = latenessNs
            if let known = evidence, known.beganNs == tick.beganNs {
                missed.baseline = known.baseline
                missed.hosts = known.hosts
                evidence = nil
            }
            missed.hosts.append(hostSample(tick: tick.beganNs))
            var seen = observation(missed, .missed, durationNs: tick.durationNs)
            close(&seen)
            return seen
        }
    }

    /// Most locks' owners whose stacks are taken in one stall.
    private static let maxOwners = 3

    /// Takes a last sample, if the stall is only just over: the thread has moved on, and its counters with it. What it did
    /// since may be a tenth of the whole.
    private func close(_ seen: inout StallObservation) {
        guard let sample = probe?.sample() else { return }
        let end = seen.key.beganNs.addingReportingOverflow(seen.durationNs).partialValue
        if sample.atNs - min(sample.atNs, end) <= max(1_000_000, seen.durationNs / 10) { seen.closing = sample }
        seen.hostSamples.append(hostSample(tick: seen.key.beganNs))
    }

    private func hostSample(tick: UInt64) -> HostSample {
        capturer.host.tickSeen(beganNs: tick, dueNs: detector.options.thresholdNs / 2)
        return capturer.host.sample(tid: target.slot.pointer.pointee.tid)
    }

    private mutating func capture(
        index: Int, _ view: Detector.TickView, latenessNs: UInt64
    ) -> StallObservation {
        if evidence?.beganNs != view.beganNs {
            keepOpenEvidence()
            evidence = nil
        }
        var known = evidence ?? Evidence(beganNs: view.beganNs)
        known.isOpen = true
        let sample = probe?.sample()
        let stack = capturer.capture(slot: target.slot, tick: view.beganNs)
        let after = lg_now_ns()
        known.hosts.append(hostSample(tick: view.beganNs))
        if stack.bySignal {
            known.interruptions.count += 1
            if stack.wasInKernel { known.interruptions.inKernel += 1 }
            note(stack.interruptedCall, &known)
        }
        var owner: StallObservation.Related?
        if let sample {
            known.samples.append(sample)
            owner = describeCall(sample, &known)
            // A thread that blocks for short times again and again, as one that syncs a file, was between two of them: at load
            // that is when the watchdog gets a CPU. A second look, 3 µs, catches it more often.
            if sample.systemCall == .running, let again = probe?.sample(), again.systemCall != .running,
                lg_busy_since(target.slot.pointer) == view.beganNs
            {
                known.samples.append(again)
                owner = describeCall(again, &known)
            }
        }
        if index == 0 {
            known.connections = target.connections()
            known.latenessNs = latenessNs
            // Not to the end of the unwinding, which is part of the capture's cost.
            let taken = stack.takenNs ?? after
            known.detectionLatencyNs = taken - min(taken, view.beganNs + detector.options.thresholdNs)
        }
        known.note(target.burdens)
        // The first look may fall between two jobs.
        if known.scope == nil { known.scope = scope(seen: view) }
        known.kind = view.kind
        known.jobsInTick = view.jobsInTick
        evidence = known
        var seen = observation(known, .ongoing, durationNs: after - min(after, view.beganNs))
        seen.stack = StallObservation.Stack(offsetNs: view.ageNs, captured: stack)
        seen.owner = owner
        return seen
    }

    /// Says what the thread is blocked in. When it waits for a lock whose owner is known, takes the owner's stack.
    private func describeCall(_ sample: ThreadSample, _ known: inout Evidence) -> StallObservation.Related? {
        guard case .blocked(let number, _, _, _) = sample.systemCall else { return nil }
        let call = describe(call: sample.systemCall, tid: target.slot.pointer.pointee.tid)
        guard let call else { return nil }
        // A lock that changes hands while it is read shows no owner for a moment: what has been seen once is kept.
        if call.lockOwnerTid != nil || known.calls[number]?.lockOwnerTid == nil { known.calls[number] = call }
        guard let tid = call.lockOwnerTid, known.owners.count < Self.maxOwners, known.owners.insert(tid).inserted else {
            return nil
        }
        let offset = lg_now_ns() - min(lg_now_ns(), known.beganNs)
        let stack = capturer.capture(thread: tid)
        let state = (try? ThreadProbe(tid: tid)).map { Self.state(of: $0.sample(), tid: tid) } ?? "ended"
        return StallObservation.Related(
            tid: tid, name: threadName(of: tid) ?? "?", state: state,
            stack: StallObservation.Stack(offsetNs: offset, captured: stack))
    }

    /// Keeps the system call that a signal found the thread in.
    private func note(_ call: SystemCallState?, _ known: inout Evidence) {
        guard let call, case .blocked(let number, _, _, _) = call else { return }
        known.interruptions.calls.append(number)
        if known.calls[number] == nil {
            known.calls[number] = describe(call: call, tid: target.slot.pointer.pointee.tid)
        }
    }

    /// What a thread does, in words.
    private static func state(of sample: ThreadSample, tid: Int32) -> String {
        if let call = describe(call: sample.systemCall, tid: tid) {
            let owner = call.lockOwner.map { ", held by \($0)" } ?? ""
            return "blocked in \(call.name)(2)" + (call.target.map { " on \($0)" } ?? "") + owner
        }
        return sample.systemCall == .running || sample.state == "R" ? "running" : "blocked (state \(sample.state))"
    }

    /// A stall whose record has not come stays known until the detector declares it over.
    private mutating func keepOpenEvidence() {
        if let evidence, evidence.isOpen { awaiting = evidence }
    }

    /// Whom the stack that has just been taken belongs to. It was taken after the look: if the loop works for somebody else
    /// by now, it may be theirs, and nobody is named, unless both have the same handler.
    private func scope(seen view: Detector.TickView) -> StallScope? {
        let seen = ScopeRegistry.shared.recent(view.scope)
        let marks = lg_marks_read(target.slot.pointer)
        guard marks.busy_since == view.beganNs, marks.scope != view.scope else { return seen?.snapshot }
        let now = ScopeRegistry.shared.recent(marks.scope)
        return seen?.route == now?.route ? seen?.snapshot : nil
    }

    private func observation(
        _ known: Evidence, _ phase: StallObservation.Phase, durationNs: UInt64, isExact: Bool = true
    ) -> StallObservation {
        let age = lg_now_ns() - min(lg_now_ns(), known.beganNs)
        return StallObservation(
            key: .init(loop: target.name, beganNs: known.beganNs), phase: phase, durationNs: durationNs,
            isExact: isExact,
            thresholdNs: detector.options.thresholdNs, startedAtUnixNs: WallClock.unixNs() - Int64(clamping: age),
            // Of many that share a tick, whoever happened to be seen is not to blame.
            scope: known.kind == .overloadedTick ? nil : known.scope, connections: known.connections,
            burden: known.burden, burdens: phase == .ongoing ? target.burdens : nil,
            pingsMissed: known.burden.pings?.missed(until: known.beganNs &+ durationNs) ?? 0,
            jobsInTick: known.jobsInTick, kind: known.kind,
            stack: nil, baseline: known.baseline, threadSamples: known.samples, closing: nil,
            hostSamples: known.hosts, interruptions: known.interruptions, calls: known.calls, owner: nil,
            latenessNs: known.latenessNs, detectionLatencyNs: known.detectionLatencyNs)
    }
}

extension Detector.Action {
    /// It says that a stall is over.
    fileprivate var isEnd: Bool {
        switch self {
        case .ended, .missed: true
        case .takeBaseline, .capture: false
        }
    }
}

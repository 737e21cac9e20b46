import CLoopguard
import LoopguardCapture
import LoopguardCore

/// Gathers what there is to know about the threads of a pool that is suspicious or stuck. Watchdog thread only.
struct PoolWitness {
    /// Threads looked at in one stall at most: each costs up to a millisecond.
    static let maximumThreads = 16

    /// One thread of the pool, and what the pool says about it.
    struct Subject {
        var tid: Int32
        var name: String
        var note: String?
    }

    /// What the pool itself knows at this moment.
    struct Account {
        var kind: StallKind
        var summary: String?
        var evidence: [String]
    }

    private struct Evidence {
        var beganNs: UInt64
        var probes: [Int32: ThreadProbe] = [:]
        var samples: [Int32: [ThreadSample]] = [:]
        var hosts: [HostSample] = []
        var telling: Int32?
        var call: BlockedCall?
        var account: Account?
        var connections = 0
        var latenessNs: UInt64 = 0
        var detectionLatencyNs: UInt64?
    }

    private let pool: String
    private let kind: StallKind
    private let thresholdNs: UInt64
    private let capturer: CapturerBox
    private let connections: @Sendable () -> Int
    private var evidence: Evidence?

    /// - Parameters:
    ///   - pool: name in reports.
    ///   - kind: when the pool does not know better.
    init(
        pool: String, kind: StallKind, thresholdNs: UInt64, capturer: CapturerBox,
        connections: @escaping @Sendable () -> Int
    ) {
        self.pool = pool
        self.kind = kind
        self.thresholdNs = thresholdNs
        self.capturer = capturer
        self.connections = connections
    }

    /// - Parameters:
    ///   - subjects: the pool's threads.
    ///   - account: given the threads that have not run since they were last looked at.
    mutating func perform(
        _ action: Detector.Action, latenessNs: UInt64, subjects: () -> [Subject], account: (Set<Int32>) -> Account
    ) -> PoolObservation? {
        switch action {
        case .takeBaseline(let tick):
            evidence = Evidence(beganNs: tick)
            sample(Array(subjects().prefix(Self.maximumThreads)))
            return nil
        case .capture(let index, let view):
            return capture(index, view, latenessNs: latenessNs, subjects(), account)
        case .ended(let tick, let durationNs, _):
            guard let known = evidence, known.beganNs == tick else { return nil }
            evidence = nil
            return observation(known, .ended, durationNs: durationNs)
        case .missed(let tick, _):
            evidence = nil
            var missed = Evidence(beganNs: tick.beganNs)
            missed.connections = connections()
            missed.latenessNs = latenessNs
            var seen = observation(missed, .missed, durationNs: tick.durationNs)
            seen.isFirst = true
            return seen
        }
    }

    private mutating func sample(_ subjects: [Subject]) {
        for subject in subjects {
            if evidence?.probes[subject.tid] == nil {
                evidence?.probes[subject.tid] = try? ThreadProbe(tid: subject.tid)
            }
            guard let sample = evidence?.probes[subject.tid]?.sample() else { continue }
            evidence?.samples[subject.tid, default: []].append(sample)
        }
        // All threads of a process are in one control group as a rule.
        if let tid = subjects.first?.tid { evidence?.hosts.append(capturer.host.sample(tid: tid)) }
    }

    private mutating func capture(
        _ index: Int, _ view: Detector.TickView, latenessNs: UInt64, _ all: [Subject],
        _ account: (Set<Int32>) -> Account
    ) -> PoolObservation? {
        let subjects = Array(all.prefix(Self.maximumThreads))
        if evidence?.beganNs != view.beganNs { evidence = Evidence(beganNs: view.beganNs) }
        sample(subjects)
        guard var known = evidence else { return nil }
        known.account = account(Set(subjects.map(\.tid).filter { Self.isStill(known.samples[$0] ?? []) }))
        if all.count > subjects.count {
            known.account?.evidence.append("\(all.count - subjects.count) more threads were not looked at")
        }
        var threads: [PoolObservation.Thread] = []
        var stack: StallObservation.Stack?
        if index == 0 {
            known.connections = connections()
            known.latenessNs = latenessNs
            known.telling = subjects.min { rank(known, $0) < rank(known, $1) }?.tid
            for subject in subjects {
                let captured = capturer.capture(thread: subject.tid)
                let call = known.samples[subject.tid]?.last.flatMap { describe(call: $0.systemCall, tid: subject.tid) }
                let doing = call.map { "blocked in \($0.name)(2)" + ($0.target.map { ", \($0)" } ?? "") }
                threads.append(
                    PoolObservation.Thread(
                        tid: subject.tid, name: subject.name,
                        state: [subject.note, doing].compactMap { $0 }.joined(separator: "; "), stack: captured))
                guard subject.tid == known.telling else { continue }
                known.call = call
                stack = StallObservation.Stack(offsetNs: view.ageNs, captured: captured)
            }
            let after = lg_now_ns()
            known.detectionLatencyNs = after - min(after, view.beganNs + thresholdNs)
        } else if let telling = known.telling {
            stack = StallObservation.Stack(offsetNs: view.ageNs, captured: capturer.capture(thread: telling))
        }
        evidence = known
        let now = lg_now_ns()
        var seen = observation(known, .ongoing, durationNs: now - min(now, view.beganNs))
        seen.isFirst = index == 0
        seen.threads = threads
        seen.telling = stack
        return seen
    }

    /// A thread that is blocked in a call says more than one that computes, and that more than one that waits for a lock: that may
    /// be the consequence of another's block, or an idle thread.
    private func rank(_ known: Evidence, _ subject: Subject) -> (Int, Int32) {
        guard let last = known.samples[subject.tid]?.last else { return (3, subject.tid) }
        switch last.systemCall {
        case .blocked:
            let name = describe(call: last.systemCall, tid: subject.tid)?.name
            return (name == "futex" ? 2 : 0, subject.tid)
        case .running: return (1, subject.tid)
        case .outsideSystemCall, .unavailable: return (2, subject.tid)
        }
    }

    /// It was blocked at both looks, and has not run in between.
    private static func isStill(_ samples: [ThreadSample]) -> Bool {
        guard samples.count >= 2, let last = samples.last else { return false }
        guard case .blocked = last.systemCall else { return false }
        return samples[samples.count - 2].timeslices == last.timeslices
    }

    private func observation(
        _ known: Evidence, _ phase: StallObservation.Phase, durationNs: UInt64
    ) -> PoolObservation {
        let now = lg_now_ns()
        let samples = known.telling.flatMap { known.samples[$0] } ?? []
        return PoolObservation(
            pool: pool, beganNs: known.beganNs, phase: phase, durationNs: durationNs, thresholdNs: thresholdNs,
            startedAtUnixNs: WallClock.unixNs() - Int64(clamping: now - min(now, known.beganNs)),
            kind: known.account?.kind ?? kind, connections: known.connections, baseline: samples.first,
            samples: Array(samples.dropFirst()), hostSamples: known.hosts, call: known.call,
            summary: known.account?.summary,
            evidence: known.account?.evidence ?? [], latenessNs: known.latenessNs,
            detectionLatencyNs: known.detectionLatencyNs)
    }
}

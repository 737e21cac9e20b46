import CAccuracy
import Loopguard
import LoopguardCore
import NIOCore
import NIOPosix
import Synchronization

/// Asks the loop for an answer every few milliseconds, and finds a stall when one stays out.
final class PingWatcher: Sendable {
    private let loop: any EventLoop
    private let periodNs: UInt64
    private let thresholdNs: UInt64
    private let answered = Atomic<UInt64>(0)
    private let ends = Atomic<Bool>(false)
    private let found = Mutex<[Detection]>([])
    private let thread = Mutex<UInt>(0)

    init(loop: any EventLoop, periodNs: UInt64, thresholdNs: UInt64) {
        self.loop = loop
        self.periodNs = periodNs
        self.thresholdNs = thresholdNs
    }

    var detections: [Detection] { found.withLock { $0 } }

    func start() {
        let helper = acc_after(
            0, { Unmanaged<PingWatcher>.fromOpaque($0!).takeRetainedValue().run() },
            Unmanaged.passRetained(self).toOpaque())
        thread.withLock { $0 = UInt(bitPattern: helper) }
    }

    func stop() {
        ends.store(true, ordering: .relaxed)
        acc_join(OpaquePointer(bitPattern: thread.withLock { $0 }))
    }

    private func run() {
        var number: UInt64 = 0
        var next = acc_now_ns()
        while !ends.load(ordering: .relaxed) {
            number += 1
            let asked = acc_now_ns()
            let id = number
            loop.execute { self.answered.store(id, ordering: .releasing) }
            var noticed: UInt64?
            repeat {
                next = max(next + periodNs, acc_now_ns())
                acc_sleep_until(next)
                let now = acc_now_ns()
                if noticed == nil, answered.load(ordering: .acquiring) < id, now - asked >= thresholdNs {
                    noticed = now
                }
            } while answered.load(ordering: .acquiring) < id && !ends.load(ordering: .relaxed)
            if let noticed {
                let detection = Detection(span: Span(beganNs: asked, endedNs: acc_now_ns()), noticedNs: noticed)
                found.withLock { $0.append(detection) }
            }
        }
    }
}

/// A tick is long when its tasks took longer than the threshold: the delegate has no other figure of work.
final class TickRecorder: NIOEventLoopMetricsDelegate {
    private let thresholdNs: UInt64
    private let found = Mutex<[Detection]>([])

    init(thresholdNs: UInt64) { self.thresholdNs = thresholdNs }

    var detections: [Detection] { found.withLock { $0 } }

    func processedTick(info: NIOEventLoopTickInfo) {
        let length = (info.endTime - info.startTime).nanoseconds
        guard length >= Int64(thresholdNs) else { return }
        let now = acc_now_ns()
        found.withLock {
            $0.append(
                Detection(span: Span(beganNs: now - min(now, UInt64(length)), endedNs: now), noticedNs: now))
        }
    }
}

/// Finds a tick in which the loop's thread has used a threshold of CPU time: the clock that Seastar's and HAProxy's timers
/// run on. Polled here, so its latency is not theirs; what it cannot see is the same.
final class CPUTimeWatcher: Sendable {
    private let bench: GuardedBench
    private let periodNs: UInt64
    private let ends = Atomic<Bool>(false)
    private let found = Mutex<[Detection]>([])
    private let thread = Mutex<UInt>(0)

    init(bench: GuardedBench, periodNs: UInt64) {
        self.bench = bench
        self.periodNs = periodNs
    }

    var detections: [Detection] { found.withLock { $0 } }

    func start() {
        let helper = acc_after(
            0, { Unmanaged<CPUTimeWatcher>.fromOpaque($0!).takeRetainedValue().run() },
            Unmanaged.passRetained(self).toOpaque())
        thread.withLock { $0 = UInt(bitPattern: helper) }
    }

    func stop() {
        ends.store(true, ordering: .relaxed)
        acc_join(OpaquePointer(bitPattern: thread.withLock { $0 }))
    }

    private func run() {
        let loop = bench.runtime.group.loops[0]
        var tick: (number: UInt64, cpuNs: UInt64, sinceNs: UInt64) = (0, 0, 0)
        var noticed: UInt64?
        while !ends.load(ordering: .relaxed) {
            let now = acc_now_ns()
            let ticks = loop.status.ticks
            let cpu = ThreadTimes.of(bench.loopThread).cpuNs
            if ticks != tick.number {
                if let noticed {
                    let detection = Detection(span: Span(beganNs: tick.sinceNs, endedNs: now), noticedNs: noticed)
                    found.withLock { $0.append(detection) }
                }
                tick = (ticks, cpu, now)
                noticed = nil
            } else if noticed == nil, cpu >= tick.cpuNs + bench.thresholdNs {
                noticed = now
            }
            acc_sleep_until(now + periodNs)
        }
    }
}

import CAccuracy
import NIOCore
import NIOPosix
import Synchronization

/// The same labelled stalls, watched by what others use.
extension Scenario {
    private static let peerKinds = ["spin (user)", "usleep", "read (pipe)", "mutex"]

    private static func cells(_ plan: Plan) -> [(kind: PlantKind, place: Place, factor: Double)] {
        var cells: [(kind: PlantKind, place: Place, factor: Double)] = []
        for _ in 0..<(plan.isSmoke ? 1 : plan.rounds) {
            for kind in PlantCatalogue.all where peerKinds.contains(kind.name) {
                for place in plan.isSmoke ? [.channelHandler, .asyncHandler] : Place.allCases {
                    for factor in plan.isSmoke ? [0.5, 2] : [0.5, 1, 2, 10] { cells.append((kind, place, factor)) }
                }
            }
        }
        var random = SeededGenerator(seed: plan.seed)
        cells.shuffle(using: &random)
        return cells
    }

    /// Loopguard, and beside it a thread that pings the loop.
    static func peers(_ plan: Plan, progress: Progress) async throws -> ChildResult {
        var result = ChildResult(scenario: Scenario.peers.rawValue)
        let bench = try await GuardedBench(thresholdNs: plan.thresholdNs, route: "/accuracy")
        var planter = Planter(bench: bench, site: PlantSite(directory: plan.directory))
        let watcher = PingWatcher(loop: bench.loop.eventLoop, periodNs: 5_000_000, thresholdNs: plan.thresholdNs)
        watcher.start()
        let cells = cells(plan)
        for (index, cell) in cells.enumerated() {
            progress.step(index + 1, of: cells.count)
            try await Task.sleep(for: .milliseconds(15))
            try await planter.plant(cell.kind, in: cell.place, factor: cell.factor)
        }
        try await Task.sleep(for: .milliseconds(30))
        watcher.stop()
        result.runs = planter.runs
        result.baselines = ["ping every 5 ms": watcher.detections]
        await bench.finish(&result)
        return result
    }

    /// Plain NIO with its own metrics delegate; no Loopguard runtime.
    static func nioMetrics(_ plan: Plan, progress: Progress) async throws -> ChildResult {
        var result = ChildResult(scenario: Scenario.nioMetrics.rawValue)
        let recorder = TickRecorder(thresholdNs: plan.thresholdNs)
        let group = MultiThreadedEventLoopGroup(numberOfThreads: 1, metricsDelegate: recorder)
        let eventLoop = group.next()
        let loop = try await LoopUnderTest(name: "nio", eventLoop: eventLoop, executor: PlainExecutor(eventLoop))
        let cells = cells(plan)
        let offset = acc_unix_ns() - acc_now_ns()
        for (index, cell) in cells.enumerated() {
            progress.step(index + 1, of: cells.count)
            try await Task.sleep(for: .milliseconds(15))
            let ns = UInt64(Double(plan.thresholdNs) * cell.factor)
            let site = PlantSite(directory: plan.directory)
            let began = acc_now_ns()
            let truth = try await loop.run(cell.place) { cell.kind.plant(ns: ns, site: site) }
            try await loop.turn()
            result.runs.append(
                PlantedRun(
                    id: index, kind: cell.kind.name, place: cell.place.rawValue, factor: cell.factor, loop: "nio",
                    thresholdNs: plan.thresholdNs, truth: truth, expected: Expectation(),
                    envelope: Span(beganNs: began, endedNs: acc_now_ns()), lateTicks: 0, unixOffsetNs: offset,
                    host: HostFigures()))
        }
        await loop.close()
        try await group.shutdownGracefully()
        result.baselines = ["NIO's metrics delegate": recorder.detections]
        return result
    }
}

/// Asks the loop for an answer every few milliseconds, and finds a stall when one stays out.
private final class PingWatcher: Sendable {
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
private final class TickRecorder: NIOEventLoopMetricsDelegate {
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

/// Runs jobs on a loop, one loop task each.
private final class PlainExecutor: TaskExecutor {
    private let eventLoop: any EventLoop
    init(_ eventLoop: any EventLoop) { self.eventLoop = eventLoop }

    func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        eventLoop.execute { job.runSynchronously(on: self.asUnownedTaskExecutor()) }
    }
}

import CAccuracy
import NIOCore
import NIOPosix

/// The same labelled stalls, watched by what others use.
extension Scenario {
    private static let peerKinds = ["spin (user)", "usleep", "read (pipe)", "mutex"]

    private static func cells(_ plan: Plan) -> [(kind: PlantKind, place: Place, factor: Double)] {
        var cells: [(kind: PlantKind, place: Place, factor: Double)] = []
        for _ in 0..<(plan.isSmoke ? 1 : (plan.rounds + 1) / 2) {
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

    /// Loopguard, and beside it a thread that pings the loop and one that reads its CPU time.
    static func peers(_ plan: Plan, progress: Progress) async throws -> ChildResult {
        var result = ChildResult(scenario: Scenario.peers.rawValue)
        let bench = try await GuardedBench(thresholdNs: plan.thresholdNs, route: "/accuracy")
        var planter = Planter(bench: bench, site: PlantSite(directory: plan.directory))
        let watcher = PingWatcher(loop: bench.loop.eventLoop, periodNs: 5_000_000, thresholdNs: plan.thresholdNs)
        let cpuWatcher = CPUTimeWatcher(bench: bench, periodNs: 5_000_000)
        watcher.start()
        cpuWatcher.start()
        let cells = cells(plan)
        for (index, cell) in cells.enumerated() {
            progress.step(index + 1, of: cells.count)
            try await Task.sleep(for: .milliseconds(15))
            try await planter.plant(cell.kind, in: cell.place, factor: cell.factor)
        }
        try await Task.sleep(for: .milliseconds(30))
        watcher.stop()
        cpuWatcher.stop()
        result.runs = planter.runs
        result.baselines = [
            "ping every 5 ms": watcher.detections, "CPU clock of the thread": cpuWatcher.detections,
        ]
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

/// Runs jobs on a loop, one loop task each.
private final class PlainExecutor: TaskExecutor {
    private let eventLoop: any EventLoop
    init(_ eventLoop: any EventLoop) { self.eventLoop = eventLoop }

    func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        eventLoop.execute { job.runSynchronously(on: self.asUnownedTaskExecutor()) }
    }
}

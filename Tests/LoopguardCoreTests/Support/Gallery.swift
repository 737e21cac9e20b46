import LoopguardCore

/// A cluster in trouble, with every part of the pages in use.
enum Gallery {
    static let now: Int64 = 1_795_523_514_000_000_000

    static func cluster() -> ClusterStatus {
        var one = WorkerStatus.sample(worker: 1, stalls: stalls())
        one.degradations = ["perf priority refused (nice): the watchdog may be woken late on a busy machine"]
        one.loops.append(
            LoopStatus(
                name: "loop-1", tid: 5_002, connections: 3_990, ticks: 4_120_334, jobs: 9_800_000, lateTicks: 31,
                lateTotalNs: 9_100_000_000, lateMaxNs: 4_812_000_000, lateBuckets: [17, 8, 3, 1, 1, 0, 1],
                busyForNs: 4_812_000_000, stalled: true
            )
        )
        var two = WorkerStatus.sample(worker: 2)
        two.notReady = ["redis is away"]
        var views = [one, two].map { status -> ClusterStatus.WorkerView in
            var status = status
            status.generatedAtUnixNs = now
            status.startedAtUnixNs = now - 11_280_000_000_000
            return .init(
                worker: status.worker, pid: status.pid, state: "running", silentForNs: 0, restarts: 0, status: status
            )
        }
        views.append(
            .init(worker: 3, pid: 4_213, state: "silent", silentForNs: 3_200_000_000, restarts: 2, status: nil))
        return ClusterStatus(workers: views)
    }

    private static func stalls() -> StallsStatus {
        var store = StallStore()
        let started = now / 1_000_000
        for index in 0..<7 {
            let age = Int64(200_000 - index * 20_000)
            store.finish(
                .sample(id: "web-3-4211-\(index)", startedMs: started - age, durationMs: UInt64(300 + 85 * index)),
                at: now - age * 1_000_000
            )
        }
        store.finish(
            computing(
                id: "web-3-4211-20", startedMs: started - 4_000,
                cause: StallCause(
                    category: .computing, summary: "computing: on a CPU 96 % of the time, 100 % of it in user code"
                )
            ), at: now - 3_000_000_000
        )
        var starved = computing(
            id: "web-3-4211-21", startedMs: started - 90_000,
            cause: StallCause(
                category: .starved, summary: "ready to run, but waited for a CPU 84 % of the time", hostAtFault: true
            )
        )
        starved.fingerprint = "5555222211110000"
        starved.blast = BlastRadius(connections: 40, connectionSeconds: 2.1)
        starved.samples[0].validity = .stale
        store.finish(starved, at: now - 89_000_000_000)
        var going = lockWait(startedMs: started - 4_812)
        going.samples.append(going.samples[0])
        going.samples[1].offsetNs = 100_300_000
        store.begin(going)
        return store.status(total: 38)
    }

    private static func computing(id: String, startedMs: Int64, cause: StallCause) -> StallReport {
        var report = StallReport.sample(
            id: id, startedMs: startedMs, durationMs: 181, fingerprint: "0f0e0d0c0b0a0908", connections: 3_990,
            frames: [
                .runtime("swift_retain", "libswiftCore.so"),
                .user(
                    "closure #1 in Scoreboard.ranking(for:)", "/srv/app/Sources/App/Scoreboard.swift", 88,
                    kind: .inlined),
                .user("Scoreboard.ranking(for:)", "/srv/app/Sources/App/Scoreboard.swift", 86),
                .user("ScoreHandler.onMessage(_:_:)", "/srv/app/Sources/App/ScoreHandler.swift", 23, kind: .async),
                .runtime("swift_job_runImpl", "libswift_Concurrency.so"),
                .runtime("LoopguardExecutor.drain()", "App"),
                .runtime("NIOPosix.SelectableEventLoop.run()", "App"),
            ]
        )
        report.cause = cause
        report.kind = cause.hostAtFault ? .overloadedTick : .singleJob
        report.rule = nil
        report.remedy = Remedy.text(for: cause, frames: report.samples[0].frames)
        report.samples[0].note = cause.hostAtFault ? "program counter moved" : nil
        return report
    }

    private static func lockWait(startedMs: Int64) -> StallReport {
        var report = StallReport.sample(
            id: "web-3-4211-33", loop: "loop-1", startedMs: startedMs, durationMs: 4_812, ongoing: true,
            fingerprint: "9999888877776666", connections: 3_990,
            frames: [
                .runtime("__futex_abstimed_wait_common"), .runtime("pthread_mutex_lock"),
                .user("MetricsCache.snapshot()", "/srv/app/Sources/App/Metrics/MetricsCache.swift", 131),
                .user("DashboardHandler.push(to:)", "/srv/app/Sources/App/Metrics/DashboardHandler.swift", 57),
                .user(
                    "DashboardHandler.onOpen(_:)", "/srv/app/Sources/App/Metrics/DashboardHandler.swift", 31,
                    kind: .async),
                .runtime("swift_job_runImpl", "libswift_Concurrency.so"),
                .runtime("NIOPosix.SelectableEventLoop.run()", "App"),
            ],
            scope: StallScope(
                route: "/ws/dashboard", connection: "c-4471", correlation: "b2e4f0c1-7d", message: 0,
                remote: "10.0.3.18:40112"
            )
        )
        report.cause = StallCause(
            category: .lockWait, summary: "waiting for a lock held by thread 5040 (blocking-2)", systemCall: "futex",
            target: "futex 0x7f30c4", lockOwner: "5040 (blocking-2)",
            shares: CauseShares(cpu: 0, runDelay: 0, waiting: 1),
            evidence: ["over 25 ms: CPU 0 %, waiting for a CPU 0 %, blocked 100 %, 0 time slices"]
        )
        report.remedy = Remedy.text(for: report.cause, frames: report.samples[0].frames)
        return report
    }

    /// Every string of a status replaced by `text`.
    static func poisoned(_ text: String) -> ClusterStatus {
        let frames = [
            StackFrame(
                function: text, file: text, line: 1, module: text, address: text, moduleOffset: text, buildId: text,
                kind: FrameKind(rawValue: text)
            ),
            StackFrame(function: text, module: text, address: text, kind: .async, isRuntime: true),
            StackFrame(function: nil, module: text, address: text, kind: .inlined),
        ]
        var report = StallReport.sample(
            id: text, loop: text, ongoing: true, fingerprint: text, frames: frames,
            scope: StallScope(route: text, connection: text, correlation: text, message: 1, remote: text)
        )
        report.host = text
        report.kind = StallKind(rawValue: text)
        report.cause = StallCause(
            category: CauseCategory(rawValue: text), summary: text, systemCall: text, target: text, lockOwner: text,
            hostAtFault: true, evidence: [text]
        )
        report.samples[0].note = text
        report.samples[0].validity = CaptureValidity(rawValue: text)
        report.samples.append(StackSample(offsetNs: 1, validity: .stale, note: text, frames: frames))
        report.remedy = text + " `\(text)`"
        report.rule = text
        var store = StallStore()
        store.finish(report, at: 1)
        store.begin(report)
        var status = WorkerStatus.sample(stalls: store.status(total: 1))
        status.host = text
        status.notReady = [text]
        status.degradations = [text]
        status.loops[0].name = text
        status.offload.byName[0].name = text
        status.metrics[0].labels = [text: text]
        status.metrics[0].help = text
        status.metrics[0].name = text
        return ClusterStatus(workers: [
            .init(worker: 1, pid: 1, state: "running", silentForNs: 0, restarts: 1, status: status),
            .init(worker: 2, pid: 1, state: text, silentForNs: 0, restarts: 1, status: status),
        ])
    }
}

import LoopguardCore

extension ThreadSample {
    /// A sample `ms` milliseconds into the story, with the CPU and run-queue time used so far.
    static func at(
        _ ms: UInt64, cpu: UInt64 = 0, delay: UInt64 = 0, state: Character = "S", faults: UInt64 = 0,
        user: UInt64 = 0, system: UInt64 = 0, _ call: SystemCallState
    ) -> ThreadSample {
        ThreadSample(
            atNs: ms * 1_000_000, cpuNs: cpu * 1_000_000, runDelayNs: delay * 1_000_000, timeslices: ms, state: state,
            majorFaults: faults, systemTicks: system, userTicks: user, systemCall: call
        )
    }

    /// The same after so many time slices; ``at(_:cpu:delay:state:faults:user:system:_:)`` has one for each millisecond.
    func slices(_ count: UInt64) -> ThreadSample {
        var sample = self
        sample.timeslices = count
        return sample
    }
}

extension SystemCallState {
    static func call(_ number: Int) -> SystemCallState {
        .blocked(number: number, arguments: [3, 0, 0], stackPointer: 1, programCounter: 2)
    }
    static let fault = SystemCallState.outsideSystemCall(stackPointer: 1, programCounter: 2)
}

extension StackFrame {
    static func user(
        _ function: String, _ file: String? = "Sources/App/Handler.swift", _ line: Int? = 39,
        kind: FrameKind = .physical
    ) -> StackFrame {
        StackFrame(
            function: function, file: file, line: line, module: "App", address: "0x401000", moduleOffset: "0x1000",
            buildId: "abcd", kind: kind
        )
    }
    static func runtime(_ function: String, _ module: String = "libc.so.6") -> StackFrame {
        StackFrame(
            function: function, module: module, address: "0x7f0000", kind: .physical, isRuntime: true
        )
    }
}

extension StallReport {
    static func sample(
        id: String = "host-1-1", worker: Int = 1, loop: String = "loop-0", startedMs: Int64 = 1_000,
        durationMs: UInt64 = 812, ongoing: Bool = false, fingerprint: String = "00112233aabbccdd",
        connections: Int = 4_120, frames: [StackFrame]? = nil, scope: StallScope? = .sample
    ) -> StallReport {
        let frames =
            frames ?? [
                .runtime("clock_nanosleep"), .runtime("usleep"),
                .user("SlowStore.load(_:)", "Sources/App/SlowStore.swift", 17),
                .user("ProfileHandler.onMessage(_:_:)", "Sources/App/ProfileHandler.swift", 42, kind: .async),
                .runtime("swift_job_runImpl", "libswift_Concurrency.so"),
                .runtime("NIOPosix.SelectableEventLoop.run()", "App"),
            ]
        return StallReport(
            id: id, host: "web-3", worker: worker, pid: 4_211, loop: loop, startedAtUnixNs: startedMs * 1_000_000,
            durationNs: durationMs * 1_000_000, ongoing: ongoing, thresholdNs: 50_000_000,
            detectionLatencyNs: 210_000, watchdogLatenessNs: 70_000, kind: .singleJob,
            cause: StallCause(
                category: .blockedInSystemCall, summary: "blocked in clock_nanosleep(2)", systemCall: "clock_nanosleep",
                shares: CauseShares(cpu: 0.01, runDelay: 0.02, waiting: 0.97),
                evidence: ["over 25 ms: CPU 1 %, waiting for a CPU 2 %, blocked 97 %, 2 time slices"]
            ),
            scope: scope,
            blast: BlastRadius(
                connections: connections,
                connectionSeconds: BlastRadius.connectionSeconds(
                    connections: connections, durationNs: durationMs * 1_000_000, thresholdNs: 50_000_000
                )
            ),
            jobsInTick: 3,
            samples: [
                StackSample(offsetNs: 50_200_000, validity: .verified, costNs: 240_000, frames: frames)
            ],
            fingerprint: fingerprint,
            remedy:
                "`usleep` puts the whole loop to sleep. Use `try await Task.sleep(for:)`: it suspends only this handler.",
            rule: "blocking-sleep"
        )
    }
}

extension StallScope {
    static let sample = StallScope(
        route: "/ws/rooms/{room}", connection: "c-77", correlation: "3f1c9a", message: 12, remote: "10.0.0.7:51234"
    )
}

extension WorkerStatus {
    static func sample(worker: Int = 1, stalls: StallsStatus = StallsStatus()) -> WorkerStatus {
        WorkerStatus(
            host: "web-3", worker: worker, pid: 4_210 + Int32(worker), generatedAtUnixNs: 100_000_000_000,
            startedAtUnixNs: 1_000_000_000, thresholdNs: 50_000_000, notReady: [], degradations: [],
            loops: [
                LoopStatus(
                    name: "loop-0", tid: 5_001, connections: 4_120, ticks: 120_334, jobs: 98_000, lateTicks: 7,
                    lateTotalNs: 2_100_000_000, lateMaxNs: 812_000_000, lateBuckets: [3, 2, 1, 0, 1], busyForNs: 0,
                    stalled: false
                )
            ],
            stalls: stalls,
            offload: OffloadStatus(
                threads: 4, running: 1, queued: 2, queueLimit: 256, oldestQueuedNs: 3_000_000, completed: 100,
                failed: 1,
                rejected: 2, cancelled: 3,
                byName: [
                    OffloadNameStatus(name: "load-profile", completed: 90, totalNs: 4_000_000_000, maxNs: 200_000_000)
                ]
            ),
            metrics: [
                MetricSample(
                    name: "loopguard_websocket_sent_bytes", help: "Bytes sent to clients.", kind: .counter,
                    labels: ["route": "/ws/echo"], value: 12_345
                )
            ]
        )
    }
}

extension ClusterStatus {
    static func sample(_ statuses: [WorkerStatus]) -> ClusterStatus {
        ClusterStatus(
            workers: statuses.map {
                WorkerView(
                    worker: $0.worker, pid: $0.pid, state: "running", silentForNs: 0, restarts: 0, status: $0
                )
            }
        )
    }
}

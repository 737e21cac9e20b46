import Glibc
import LoopguardCore
import NIOCore
import Synchronization
import Testing

@testable import Loopguard
@testable import LoopguardCapture

/// The N-th use of each facility fails, for every N that the scenario reaches: nothing crashes, no stall is lost, and each
/// report either has a stack or says why not.
@Suite(.serialized, .timeLimit(.minutes(5)), .enabled(if: isDebugBuild, "debug builds only"))
struct FaultSweepTests {
    /// Uses are swept one by one up to this one, then in growing steps. `LOOPGUARD_SWEEP=all`: one by one to the end.
    private static let dense = getenv("LOOPGUARD_SWEEP") == nil ? 3 : Int.max

    #if DEBUG
        @Test(arguments: FaultInjection.Point.allCases, [false, true])
        func everyUseMayFail(_ point: FaultInjection.Point, forGood: Bool) async throws {
            var number = 1
            var runs = 0
            while true {
                let reached = try await scenario(point, number: number, forGood: forGood)
                runs += 1
                guard reached else { break }
                number += number < Self.dense ? 1 : number
                try #require(number < 100_000)
            }
            #expect(runs > 1, "the scenario never reaches \(point)")
            print("FaultSweepTests: \(point), for good \(forGood): \(runs) runs, up to use \(number)")
        }

        /// Two stalls on one loop, one blocked and one computing. Returns whether the fault happened.
        private func scenario(_ point: FaultInjection.Point, number: Int, forGood: Bool) async throws -> Bool {
            let recorder = StallRecorder()
            var configuration = LoopguardRuntime.Configuration.defaults
            configuration.group.loops = 1
            configuration.group.threshold = .milliseconds(8)
            configuration.reporters = [recorder]
            FaultInjection.arm(point, number: number, forGood: forGood)
            defer { _ = FaultInjection.disarm(point) }
            let runtime = try await LoopguardRuntime.start(configuration)
            try await runtime.run("/blocked") { blocksBriefly() }.value
            // Not in the same tick, else the two are one stall.
            for _ in 0..<2000 where recorder.ended.isEmpty { try await Task.sleep(for: .milliseconds(5)) }
            try await runtime.run("/computing") { computesBriefly() }.value
            // The loops count for themselves: each stall that they counted gets exactly one final report. A late tick of the
            // shutdown itself may come after the watchdog's last look, so this is awaited before.
            var status = runtime.status().stalls
            for _ in 0..<2000 where status.total != UInt64(recorder.ended.count) || !status.ongoing.isEmpty {
                try await Task.sleep(for: .milliseconds(5))
                status = runtime.status().stalls
            }
            let reached = FaultInjection.disarm(point)
            await runtime.shutdown()
            let context = Comment(rawValue: "\(point) number \(number), for good \(forGood)")
            #expect(status.total <= UInt64(recorder.ended.count), context)
            #expect(Set(recorder.ended.map(\.id)).count == recorder.ended.count, context)
            #expect(status.ongoing.isEmpty, context)
            #expect(recorder.ended.count >= 2, context)
            for report in recorder.ended {
                #expect(report.durationNs > report.thresholdNs, context)
                #expect(!report.cause.summary.isEmpty, context)
                for sample in report.samples {
                    #expect(!sample.frames.isEmpty || sample.note?.isEmpty == false, context)
                    #expect(sample.validity != .notCaptured || sample.frames.isEmpty, context)
                    #expect(sample.frames.allSatisfy { $0.address.hasPrefix("0x") }, context)
                }
                _ = try StallJSON.encode([report])
            }
            if point == .capture, forGood, number == 1 {
                let notes = recorder.ended.flatMap(\.samples).map(\.note)
                #expect(!notes.isEmpty && notes.allSatisfy { $0 == "a test made this capture fail" }, "\(notes)")
            }
            return reached
        }
    #endif

    private static func observation(_ number: Int, _ phase: StallObservation.Phase) -> StallObservation {
        StallObservation(
            key: .init(loop: "loop-\(number % 4)", beganNs: UInt64(number + 1)), phase: phase, durationNs: 60_000_000,
            isExact: true, thresholdNs: 50_000_000, startedAtUnixNs: 1, scope: nil, connections: 1, jobsInTick: 1,
            kind: .singleJob, stack: nil, baseline: nil, threadSamples: [], closing: nil, hostSamples: [],
            interruptions: .init(), calls: [:], owner: nil, latenessNs: 0, detectionLatencyNs: nil)
    }

    /// A reporter that blocks: the queue stays bounded, what does not fit is counted, nobody waits.
    @Test func blockedReporter() throws {
        let reporter = BlockingReporter()
        let thread = ReportThread(identity: .init(host: "h", worker: 0, pid: 1), reporters: [reporter])
        try thread.start()
        thread.submit(Self.observation(0, .missed))
        reporter.waitUntilEntered()
        let submitted = ReportThread.queueLimit + 5000
        for number in 1...submitted { thread.submit(Self.observation(number, .missed)) }
        #expect(thread.dropped == 5000)
        #expect(reporter.count == 1)
        reporter.open()
        thread.stop()
        // What was taken, plus what was dropped, is what was submitted.
        #expect(reporter.count == 1 + ReportThread.queueLimit)
        #expect(thread.status(total: 7).total == 7)
        #expect(thread.dropped == 5000)
    }

    /// The end of a stall was dropped: it does not stay open beside the loop's next one.
    @Test func droppedEndIsForgotten() throws {
        let reporter = BlockingReporter()
        reporter.open()
        let thread = ReportThread(identity: .init(host: "h", worker: 0, pid: 1), reporters: [reporter])
        try thread.start()
        for number in 0..<40 { thread.submit(Self.observation(number, .ongoing)) }
        thread.stop()
        let status = thread.status(total: 40)
        #expect(status.ongoing.count <= 4, "a loop has one stall at a time: \(status.ongoing.map(\.loop))")
    }
}

@inline(never) private func blocksBriefly() {
    usleep(30_000)
    Planted.sink.add(1, ordering: .relaxed)
}

@inline(never) private func computesBriefly() {
    var x: UInt64 = 1
    var time = timespec()
    clock_gettime(CLOCK_MONOTONIC, &time)
    let end = time.tv_sec * 1_000_000_000 + time.tv_nsec + 30_000_000
    while time.tv_sec * 1_000_000_000 + time.tv_nsec < end {
        for _ in 0..<1000 { x = x &* 6_364_136_223_846_793_005 &+ 1 }
        clock_gettime(CLOCK_MONOTONIC, &time)
    }
    Planted.sink.add(Int(truncatingIfNeeded: x & 1), ordering: .relaxed)
}

/// Holds up the report thread until it is opened.
private final class BlockingReporter: StallReporter {
    private let calls = Atomic<Int>(0)
    private let isOpen = Atomic<Bool>(false)

    var count: Int { calls.load(ordering: .acquiring) }
    func open() { isOpen.store(true, ordering: .releasing) }
    func waitUntilEntered() { while count == 0 { usleep(200) } }

    private func hold() {
        calls.add(1, ordering: .acquiringAndReleasing)
        while !isOpen.load(ordering: .acquiring) { usleep(200) }
    }

    func stallSeen(_ report: StallReport) { hold() }
    func stallEnded(_ report: StallReport, isSuppressed: Bool) { hold() }
}

private let isDebugBuild: Bool = {
    #if DEBUG
        true
    #else
        false
    #endif
}()

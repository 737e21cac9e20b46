import CLoopguard
import Glibc
import LoopguardCore
import Testing

@testable import Loopguard

/// What the watchdog makes of the marks of one thread, look by look.
@Suite(.serialized, .timeLimit(.minutes(1))) struct WatchedLoopTests {
    private func withPuppet(
        threshold: Duration = .milliseconds(20), _ body: (PuppetThread, inout WatchedLoop) throws -> Void
    ) throws {
        let puppet = try PuppetThread(threshold: threshold)
        defer { puppet.finish() }
        puppet.turn()
        var watched = WatchedLoop(target: WatchTarget(puppet.loop), capturer: try CapturerBox())
        try body(puppet, &watched)
    }

    private func describe(_ observations: [StallObservation]) -> [String] {
        observations.map { "\($0.phase)" }
    }

    @Test func `a stall is ended before the next one is begun, however late the watchdog looks`() throws {
        try withPuppet { puppet, watched in
            puppet.run { usleep(30_000) }
            let first = watched.look(latenessNs: 0)
            #expect(describe(first) == ["ongoing"])
            puppet.turn()
            puppet.run { usleep(30_000) }
            let second = watched.look(latenessNs: 0)
            #expect(describe(second) == ["ended", "ongoing"])
            #expect(second.first?.key == first.first?.key)
            puppet.turn()
            #expect(describe(watched.look(latenessNs: 0)).first == "ended")
        }
    }

    @Test func `a stall whose end is seen together with the next tick's suspicion is ended as well`() throws {
        // Long enough that the second tick is beyond half the threshold, but not beyond the threshold.
        try withPuppet(threshold: .milliseconds(400)) { puppet, watched in
            puppet.run { usleep(410_000) }
            #expect(describe(watched.look(latenessNs: 0)) == ["ongoing"])
            puppet.turn()
            puppet.run { usleep(210_000) }
            #expect(describe(watched.look(latenessNs: 0)) == ["ended"])
        }
    }

    @Test func `a stall whose record was overwritten is ended all the same`() throws {
        try withPuppet(threshold: .milliseconds(1)) { puppet, watched in
            puppet.run { usleep(3_000) }
            #expect(describe(watched.look(latenessNs: 0)) == ["ongoing"])
            puppet.turn()
            let slot = puppet.slot
            puppet.run {
                for _ in 0..<LG_LATE_RING {
                    usleep(1_100)
                    PuppetThread.turn(slot)
                }
                usleep(700)
            }
            var phases = describe(watched.look(latenessNs: 0))
            phases += describe(watched.look(latenessNs: 0))
            #expect(phases.filter { $0 == "ended" }.count == 1)
        }
    }

    @Test func `a stall that was missed names the handler whose jobs took the time, and nobody else`() throws {
        try withPuppet { puppet, watched in
            let scope = makeScope("/missed")
            let id = ScopeRegistry.shared.register(scope)
            defer { ScopeRegistry.shared.unregister(id) }
            let slot = puppet.slot
            puppet.run {
                let began = lg_now_ns()
                lg_job_begin(slot.pointer, id)
                usleep(30_000)
                lg_jobs_end(slot.pointer, began, id)
                PuppetThread.turn(slot)
            }
            let missed = watched.look(latenessNs: 0)
            #expect(describe(missed).first == "missed")
            #expect(missed.first?.scope?.route == "/missed")
            // The job was quick; what came after it in the tick was not.
            puppet.run {
                let began = lg_now_ns()
                lg_job_begin(slot.pointer, id)
                lg_jobs_end(slot.pointer, began, id)
                usleep(30_000)
                PuppetThread.turn(slot)
            }
            let other = watched.look(latenessNs: 0)
            #expect(describe(other).first == "missed")
            #expect(other.first?.scope == nil)
        }
    }

    @Test func `a stall that was a connection's last deed still names it, and memory for the past is bounded`() throws {
        try withPuppet { puppet, watched in
            let id = ScopeRegistry.shared.register(makeScope("/last"))
            let slot = puppet.slot
            puppet.run {
                let began = lg_now_ns()
                lg_job_begin(slot.pointer, id)
                usleep(30_000)
                lg_jobs_end(slot.pointer, began, id)
                ScopeRegistry.shared.unregister(id)
                PuppetThread.turn(slot)
            }
            #expect(watched.look(latenessNs: 0).first?.scope?.route == "/last")
            #expect(ScopeRegistry.shared.scope(id) == nil)
            for _ in 0..<ScopeRegistry.maximumPast {
                ScopeRegistry.shared.unregister(ScopeRegistry.shared.register(makeScope()))
            }
            #expect(ScopeRegistry.shared.recent(id) == nil)
        }
    }

    @Test func `missed stalls of different routes are different places`() throws {
        var builder = ReportBuilder(identity: .init(host: "h", worker: 0, pid: 1))
        func fingerprint(_ route: String?, _ builder: inout ReportBuilder) -> String {
            let scope = route.map { StallScope(route: $0, connection: "c", correlation: "i", message: 1, remote: nil) }
            let seen = StallObservation(
                key: .init(loop: "loop-0", beganNs: UInt64.random(in: 1 ... .max)), phase: .missed, durationNs: 60,
                isExact: true, thresholdNs: 50, startedAtUnixNs: 0, scope: scope, connections: 0, jobsInTick: 1,
                kind: .singleJob, stack: nil, baseline: nil, threadSamples: [], hostSamples: [], interruptions: .init(),
                calls: [:], latenessNs: 0,
                detectionLatencyNs: nil)
            return builder.update(with: seen).0.fingerprint
        }
        let first = fingerprint("/a", &builder)
        #expect(first == fingerprint("/a", &builder))
        #expect(first != fingerprint("/b", &builder))
        #expect(first != fingerprint(nil, &builder))
    }

    @Test(arguments: [1, 7, 50, 2000]) func `samples go on beyond a second, whatever the threshold`(ms: Int) throws {
        try withPuppet(threshold: .milliseconds(ms)) { _, watched in
            let options = watched.detector.options
            #expect(options.maxSamples >= 8)
            #expect(options.thresholdNs << (options.maxSamples - 1) >= 1_000_000_000)
        }
    }

    @Test func `the number of stalls never goes back`() throws {
        try withPuppet(threshold: .milliseconds(1)) { puppet, _ in
            let slot = puppet.slot
            let isOver = ThreadCommands()
            let reader = try PlainThread(name: "reader") {
                var last: UInt64 = 0
                let end = lg_now_ns() + 400_000_000
                while lg_now_ns() < end {
                    let now = lg_stalls(slot.pointer)
                    if now < last { Issue.record("\(last) stalls, then \(now)") }
                    last = now
                }
                isOver.add {}
            }
            puppet.run {
                for _ in 0..<200 {
                    usleep(1_050)
                    PuppetThread.turn(slot)
                }
            }
            _ = isOver.next()
            reader.join()
            #expect(lg_stalls(slot.pointer) >= 200)
        }
    }

    @Test func `the tick in which a loop is released is counted`() throws {
        let puppet = try PuppetThread(threshold: .milliseconds(5))
        puppet.turn()
        puppet.run { usleep(8_000) }
        puppet.finish()
        #expect(lg_late(puppet.slot.pointer) == 1)
        #expect(lg_busy_since(puppet.slot.pointer) == 0)
    }
}

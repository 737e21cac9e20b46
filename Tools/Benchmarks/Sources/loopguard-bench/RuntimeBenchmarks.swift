import CBench
import CLoopguard
import Glibc
import Loopguard
import NIOPosix

/// What the heartbeat costs a tick, and what the marks cost a job.
enum RuntimeBenchmarks {
    /// One `epoll_wait` that has an event at once, with our marks and without.
    static func heartbeat(rounds: Int, count: Int) throws -> Measurement {
        let epoll = epoll_create1(0)
        let ready = eventfd(1, 0)
        var event = epoll_event(events: EPOLLIN.rawValue, data: epoll_data_t(fd: ready))
        epoll_ctl(epoll, EPOLL_CTL_ADD, ready, &event)
        defer {
            close(ready)
            close(epoll)
        }
        var out = epoll_event()
        func loop() -> Double {
            let began = Clock.nowNs()
            for _ in 0..<count { epoll_wait(epoll, &out, 1, 0) }
            return Double(Clock.nowNs() - began) / Double(count)
        }
        guard let slot = lg_slot_create("bench", 3_600_000_000_000) else {
            return .init(name: "heartbeat: out of memory", unit: "", value: 0, baseline: 0, baselineName: "")
        }
        let result = try interleavedRounds(
            rounds: rounds,
            [
                {
                    lg_slot_bind(slot)
                    defer { lg_slot_unbind(slot) }
                    return loop()
                }, loop,
            ])
        return Measurement(
            name: "tick (epoll_wait, event ready)", unit: "ns", value: result[0].median, baseline: result[1].median,
            baselineName: "thread without a slot", spread: result[0].spread,
            difference: result[0].minus(result[1]).median, limit: .difference(60))
    }

    /// One suspension and resumption of a handler on its loop: on our executor, on the same one without marks, and on the
    /// global pool.
    static func jobHop(rounds: Int, count: Int) async throws -> [Measurement] {
        var configuration = GuardedEventLoopGroup.Configuration.defaults
        configuration.loops = 1
        let group = try await GuardedEventLoopGroup(configuration)
        let scope = HandlerScope(route: "/bench", connection: "c", correlationID: .mint(), remoteAddress: nil)
        let marked = ConnectionExecutor(loop: group.loops[0], scope: scope)
        // On the same loop, so that everything but the marks is the same.
        let plain = PlainConnectionExecutor(loop: PlainExecutor(eventLoop: group.loops[0].eventLoop))
        @Sendable func yields() async -> Double {
            let began = Clock.nowNs()
            for _ in 0..<count { await Task.yield() }
            return Double(Clock.nowNs() - began) / Double(count)
        }
        let result = try await interleavedRoundsAsync(
            rounds: rounds,
            [
                { await Task(executorPreference: marked) { await yields() }.value },
                { await Task(executorPreference: plain) { await yields() }.value },
                { await Task.detached { await yields() }.value },
            ])
        try await group.shutdown()
        return [
            Measurement(
                name: "job (suspend and resume a handler)", unit: "ns", value: result[0].median,
                baseline: result[1].median, baselineName: "the same executor without marks", spread: result[0].spread,
                difference: result[0].minus(result[1]).median, limit: .difference(10)),
            Measurement(
                name: "job (suspend and resume a handler)", unit: "ns", value: result[0].median,
                baseline: result[2].median, baselineName: "global concurrent pool", spread: result[0].spread),
        ]
    }
}

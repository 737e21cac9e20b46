import CBench
import CLoopguard
import Glibc
import Loopguard
import NIOPosix

/// What the heartbeat costs a tick, and what the executor costs a job.
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
        let result = try interleaved(
            rounds: rounds,
            [
                {
                    lg_slot_bind(slot)
                    defer { lg_slot_unbind(slot) }
                    return loop()
                }, loop,
            ])
        return Measurement(
            name: "tick (epoll_wait, event ready)", unit: "ns", value: result[0], baseline: result[1],
            baselineName: "thread without a slot")
    }

    /// One suspension and resumption of a handler on its loop, against the global pool.
    static func jobHop(rounds: Int, count: Int) async throws -> Measurement {
        var configuration = GuardedEventLoopGroup.Configuration.defaults
        configuration.loops = 1
        let group = try await GuardedEventLoopGroup(configuration)
        let scope = HandlerScope(route: "/bench", connection: "c", correlationID: .mint(), remoteAddress: nil)
        let executor = ConnectionExecutor(loop: group.loops[0], scope: scope)
        @Sendable func yields() async -> Double {
            let began = Clock.nowNs()
            for _ in 0..<count { await Task.yield() }
            return Double(Clock.nowNs() - began) / Double(count)
        }
        let result = try await interleavedAsync(
            rounds: rounds,
            [
                { await Task(executorPreference: executor) { await yields() }.value },
                { await Task.detached { await yields() }.value },
            ])
        try await group.shutdown()
        return Measurement(
            name: "job (suspend and resume a handler)", unit: "ns", value: result[0], baseline: result[1],
            baselineName: "global concurrent pool")
    }
}

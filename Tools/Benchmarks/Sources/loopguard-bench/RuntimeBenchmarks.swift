import CBench
import CLoopguard
import Glibc
import Loopguard

/// What the heartbeat costs a tick.
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
            let began = Clock.threadCPUNs()
            for _ in 0..<count { epoll_wait(epoll, &out, 1, 0) }
            return Double(Clock.threadCPUNs() - began) / Double(count)
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
}

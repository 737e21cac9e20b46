import LoopguardBus
import NIOCore
import Testing

@testable import LoopguardRedis

@Suite struct RedisLinkStateTests {
    @Test func lifeOfALink() {
        var state = RedisLinkState(backoff: Backoff())
        #expect(state.start() == .connect(attempt: 1))
        #expect(state.start() == nil)
        #expect(state.ended(attempt: 1, now: at(0), random: 1 << 63) == .wait(until: at(50), attempt: 1))
        #expect(state.ended(attempt: 1, now: at(0), random: 0) == nil, "ended already")
        #expect(state.waited(attempt: 1) == .connect(attempt: 2))
        #expect(state.waited(attempt: 1) == nil)
        let late = state.connected(attempt: 1, now: at(60))
        #expect(!late, "an older attempt")
        let connected = state.connected(attempt: 2, now: at(60))
        #expect(connected && state.isReady && state.reconnects == 0)
        #expect(state.ended(attempt: 2, now: at(70), random: 1 << 63) == .wait(until: at(170), attempt: 2))
        #expect(state.waited(attempt: 2) == .connect(attempt: 3))
        let again = state.connected(attempt: 3, now: at(200))
        #expect(again && state.reconnects == 1)
        // It lived for 10 s, so the wait begins at the base again.
        #expect(state.ended(attempt: 3, now: at(10_200), random: 1 << 63) == .wait(until: at(10_250), attempt: 3))
    }

    @Test func closedIsClosed() {
        var state = RedisLinkState(backoff: Backoff())
        _ = state.start()
        state.close()
        let connected = state.connected(attempt: 1, now: at(0))
        #expect(!connected)
        #expect(state.ended(attempt: 1, now: at(0), random: 0) == nil)
        #expect(state.waited(attempt: 1) == nil)
        #expect(state.start() == nil)
    }
}

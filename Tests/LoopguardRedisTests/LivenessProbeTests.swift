import LoopguardBus
import NIOCore
import Testing

@testable import LoopguardRedis

@Suite struct LivenessProbeTests {
    private func probe() -> LivenessProbe { LivenessProbe(interval: .seconds(5), now: at(0)) }

    @Test func healthyConnectionIsProbedForEver() {
        var probe = probe()
        for number in 1...100 as ClosedRange<UInt64> {
            #expect(probe.nextTick == at(Int64(number) * 5000))
            #expect(probe.tick(now: probe.nextTick) == .probe(number))
            probe.probeAccepted(number, now: at(Int64(number) * 5000 + 1))
            probe.heard(now: at(Int64(number) * 5000 + 2))
            probe.probeReturned(number)
        }
    }

    @Test func silenceIsNoticedWithinTwoIntervals() {
        var probe = probe()
        #expect(probe.tick(now: at(5000)) == .probe(1))
        probe.heard(now: at(5001))
        probe.probeReturned(1)
        #expect(probe.tick(now: at(10_000)) == .probe(2))
        #expect(probe.tick(now: at(15_000)) == .silent(.milliseconds(9999)))
    }

    @Test func acceptedProbeThatDoesNotReturnIsNoticedThoughPingsAreAnswered() {
        var probe = probe()
        #expect(probe.tick(now: at(5000)) == .probe(1))
        probe.probeAccepted(1, now: at(5001))
        probe.heard(now: at(9999))
        #expect(probe.tick(now: at(10_000)) == .probe(1), "one interval is not over yet")
        probe.heard(now: at(14_999))
        #expect(probe.tick(now: at(15_000)) == .wedged(.milliseconds(9999)))
    }

    @Test func probeThatRedisNeverAcceptedProvesNothing() {
        var probe = probe()
        for tick in 1...5 as ClosedRange<Int64> {
            #expect(probe.tick(now: at(5000 * tick)) == .probe(UInt64(tick)))
            probe.heard(now: at(5000 * tick + 1))
        }
    }

    @Test func probeThatReturnsBeforeItsAcceptanceIsFine() {
        var probe = probe()
        #expect(probe.tick(now: at(5000)) == .probe(1))
        probe.probeReturned(1)
        probe.probeAccepted(1, now: at(5002))
        probe.heard(now: at(5002))
        #expect(probe.tick(now: at(10_000)) == .probe(2))
        probe.heard(now: at(10_001))
        #expect(probe.tick(now: at(15_000)) == .probe(3))
    }

    @Test func noVerdictWhenWeWereHeldUpOurselves() {
        var probe = probe()
        // The loop stalled for 30 s; the answers wait in the socket.
        #expect(probe.tick(now: at(35_000)) == .probe(1))
        #expect(probe.tick(now: at(40_000)) == .silent(.seconds(40)), "but then nothing came")
    }
}

import LoopguardBus
import Testing

@testable import LoopguardRedis

@Suite struct BackoffTests {
    @Test func limitDoublesUpToTheCap() {
        var backoff = Backoff()
        let limits = (0..<10).map { _ in backoff.next(random: .max) }
        let expected: [Double] = [0.1, 0.2, 0.4, 0.8, 1.6, 3.2, 5, 5, 5, 5]
        for (limit, expected) in zip(limits, expected) {
            #expect(abs(limit / .seconds(1) - expected) < 1e-6)
            #expect(limit <= .seconds(5))
        }
    }

    @Test func jitterIsFull() {
        var backoff = Backoff()
        #expect(backoff.next(random: 0) == .zero)
        #expect(backoff.next(random: 1 << 63) == .milliseconds(100))
        var random = SeededGenerator(seed: 1)
        for _ in 0..<1000 {
            let wait = backoff.next(random: random.next())
            #expect(wait >= .zero && wait < .seconds(5))
        }
    }

    @Test func onlyAStableConnectionResets() {
        var backoff = Backoff()
        for _ in 0..<4 { _ = backoff.next(random: 0) }
        backoff.connectionEnded(after: .milliseconds(9_999))
        #expect(backoff.attempts == 4)
        backoff.connectionEnded(after: .seconds(10))
        #expect(backoff.attempts == 0)
    }
}

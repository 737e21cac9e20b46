import LoopguardTesting
import Synchronization
import Testing

/// The clock of tests is tested as well.
@Suite(.timeLimit(.minutes(1))) struct VirtualClockTests {
    @Test func `it stands still until it is moved`() async throws {
        let clock = VirtualClock()
        #expect(clock.now.offset == .zero)
        #expect(clock.nextDeadline == nil)
        let task = Task { try await clock.sleep(for: .seconds(30)) }
        await clock.waitForSleepers(1)
        #expect(clock.nextDeadline?.offset == .seconds(30))
        clock.advance(by: .seconds(29))
        #expect(clock.sleepers == 1)
        clock.advance(by: .seconds(1))
        #expect(clock.sleepers == 0)
        try await task.value
        clock.advance(to: .init(offset: .seconds(1)))
        #expect(clock.now.offset == .seconds(30))
    }

    @Test func `a deadline that has passed is no sleep`() async throws {
        let clock = VirtualClock()
        clock.advance(by: .seconds(5))
        try await clock.sleep(until: .init(offset: .seconds(5)))
        try await clock.sleep(until: .init(offset: .seconds(1)))
    }

    @Test func `sleepers wake in the order of their deadlines`() async throws {
        let clock = VirtualClock()
        let (woken, feed) = AsyncStream.makeStream(of: Int.self)
        for (count, seconds) in [3, 1, 2].enumerated() {
            Task {
                try await clock.sleep(for: .seconds(seconds))
                feed.yield(seconds)
            }
            await clock.waitForSleepers(count + 1)
        }
        var order = woken.makeAsyncIterator()
        for expected in 1...3 {
            clock.advance(by: .seconds(1))
            #expect(await order.next() == expected)
        }
    }

    @Test func `cancellation ends a sleep, before and after it began`() async throws {
        let clock = VirtualClock()
        let asleep = Task { try await clock.sleep(for: .seconds(1)) }
        await clock.waitForSleepers(1)
        asleep.cancel()
        await #expect(throws: CancellationError.self) { try await asleep.value }
        #expect(clock.sleepers == 0)
        let early = Task {
            withUnsafeCurrentTask { $0?.cancel() }
            try await clock.sleep(for: .seconds(1))
        }
        await #expect(throws: CancellationError.self) { try await early.value }
        #expect(clock.sleepers == 0)
    }
}

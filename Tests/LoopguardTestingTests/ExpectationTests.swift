import Loopguard
import LoopguardCore
import LoopguardTesting
import Testing

/// The expectations hold when they should, and fail with a text that helps when they should not.
@Suite(.serialized, .timeLimit(.minutes(3))) struct ExpectationTests {
    @Test func `a well-behaved handler passes, and its value comes out`() async throws {
        let value = try await expectNoStalls { loops in
            try await loops.run("/fine") {
                #expect(HandlerScope.current?.route == "/fine")
                await Task.yield()
                return 42
            }
        }
        #expect(value == 42)
    }

    @Test func `a stall fails with its route, function, cause and remedy`() async throws {
        let failure = await #expect(throws: StallExpectationFailure.self) {
            try await checkNoStalls { loops in
                try await loops.run("/slow") { StallInjector.block(.sleep, for: .milliseconds(200)) }
            }
        }
        #expect(failure?.code == .unexpectedStall)
        #expect(failure?.stalls.count == 1)
        let text = try #require(failure?.description)
        #expect(text.contains("/slow"), "\(text)")
        #expect(text.contains("nanosleep"), "\(text)")
        // The line of whoever blocked, not the injector's own.
        #expect(text.contains("ExpectationTests"), "\(text)")
    }

    @Test func `an issue is recorded at the caller's line`() async throws {
        let line = #line + 2
        try await withKnownIssue {
            try await expectNoStalls { loops in
                try await StallInjector.stall(.sleep, for: .milliseconds(120), on: loops.loop)
            }
        } matching: { issue in
            issue.sourceLocation?.line == line
                && issue.sourceLocation?.fileID.hasSuffix("ExpectationTests.swift") == true
                && issue.comments.contains { $0.rawValue.contains("injectedSleep") }
        }
    }

    @Test func `allowed stalls do not count, others still do`() async throws {
        try await checkNoStalls(allowing: [.function("injectedSleep", because: "start-up")]) { loops in
            try await StallInjector.stall(.sleep, for: .milliseconds(120), on: loops.loop)
        }
        await #expect(throws: StallExpectationFailure.self) {
            try await checkNoStalls(allowing: [.function("injectedSleep", because: "start-up")]) { loops in
                try await StallInjector.stall(.read, for: .milliseconds(120), on: loops.loop)
            }
        }
        try await checkNoStalls(allowing: [.route("/known", because: "issue 7")]) { loops in
            try await loops.run("/known") { StallInjector.block(.read, for: .milliseconds(120)) }
        }
    }

    @Test func `a budget allows what it says`() async throws {
        try await checkNoStalls(budget: "max<5s,count<2") { loops in
            try await StallInjector.stall(.sleep, for: .milliseconds(120), on: loops.loop)
        }
        let failure = await #expect(throws: StallExpectationFailure.self) {
            try await checkNoStalls(budget: "max<100ms") { loops in
                try await StallInjector.stall(.sleep, for: .milliseconds(150), on: loops.loop)
            }
        }
        #expect(failure?.code == .budgetBroken)
        #expect(failure?.message.contains("max<100ms") == true)
    }

    @Test func `a budget below the threshold is refused`() async throws {
        let failure = await #expect(throws: StallExpectationFailure.self) {
            try await checkNoStalls(threshold: .milliseconds(50), budget: "p99<20ms") { _ in }
        }
        #expect(failure?.code == .invalidExpectation)
        #expect(failure?.message.contains("at most 20") == true)
        await #expect(throws: StallBudgetError.self) { try await checkNoStalls(budget: "p99<20") { _ in } }
    }

    @Test func `the body's own error comes out`() async throws {
        struct Oops: Error {}
        await #expect(throws: Oops.self) { try await checkNoStalls { _ in throw Oops() } }
        await #expect(throws: Oops.self) { try await expectNoStalls { _ in throw Oops() } }
    }

    static let ways: [(StallInjector.Way, CauseCategory, String)] = [
        (.sleep, .blockedInSystemCall, "injectedSleep"), (.lock, .lockWait, "injectedLockWait"),
        (.read, .blockedInSystemCall, "injectedPipeRead"),
    ]

    @Test(arguments: ways) func `each way of stalling has its cause`(
        way: (StallInjector.Way, CauseCategory, String)
    ) async throws {
        let stalls = try await checkStall(cause: way.1, kind: .loopWork, at: way.2, count: 1) { loops in
            try await StallInjector.stall(way.0, for: .milliseconds(200), on: loops.loop)
        }
        #expect(stalls[0].durationNs >= 190_000_000)
    }

    /// Its cause depends on whether the machine has a core to spare.
    @Test func `a spinning thread is shown where it spins`() async throws {
        try await checkStall(at: "injectedSpin", loops: 2) { loops in
            try await loops.run("/spin", on: 1) { StallInjector.block(.spin, for: .milliseconds(300)) }
        }
    }

    @Test func `a stall that does not come is a failure`() async throws {
        let failure = await #expect(throws: StallExpectationFailure.self) { try await checkStall { _ in } }
        #expect(failure?.code == .stallMissing)
        let other = await #expect(throws: StallExpectationFailure.self) {
            try await checkStall(cause: .lockWait, at: "somewhereElse") { loops in
                try await StallInjector.stall(.sleep, for: .milliseconds(120), on: loops.loop)
            }
        }
        #expect(other?.message.contains("injectedSleep") == true)
    }

    @Test func `a check for other frameworks tells what it saw`() async throws {
        let check = try await withStallCheck { loops in
            try await StallInjector.stall(.sleep, for: .milliseconds(120), on: loops.loop)
            return "value"
        }
        #expect(check.value == "value")
        #expect(check.stalls.count == 1)
        #expect(check.figures.lateTicks == 1)
        #expect(check.figures.ticks > 1)
        #expect(check.figures.lateWithoutDetails == 0)
    }
}

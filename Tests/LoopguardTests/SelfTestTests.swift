import Loopguard
import LoopguardCore
import Testing

@Suite(.serialized, .timeLimit(.minutes(1))) struct SelfTestTests {
    @Test(arguments: SelfTest.Kind.allCases) func `a planted stall is seen`(_ kind: SelfTest.Kind) async throws {
        try await withRuntime(loops: 2) { runtime, recorder in
            let outcome = try await runtime.selftest(SelfTest(loop: "loop-1", milliseconds: 200, kind: kind))
            #expect(outcome.isSeen && outcome.loop == "loop-1" && outcome.thresholdMs == 50)
            let report = try await recorder.ended(route: SelfTest.route)
            #expect(report.id == outcome.report && report.fingerprint == outcome.fingerprint)
            #expect(report.loop == "loop-1" && report.durationNs >= 200_000_000)
        }
    }

    @Test func `many in a row are seen, though most are suppressed`() async throws {
        try await withRuntime(threshold: .milliseconds(20)) { runtime, _ in
            for _ in 0..<5 {
                let outcome = try await runtime.selftest(SelfTest(milliseconds: 60))
                #expect(outcome.isSeen)
            }
        }
    }

    @Test func `a stall below the threshold is none`() async throws {
        try await withRuntime(threshold: .seconds(5)) { runtime, _ in
            let outcome = try await runtime.selftest(SelfTest(milliseconds: 5))
            #expect(!outcome.isSeen && outcome.report == nil)
        }
    }

    @Test func `what cannot be done is refused`() async throws {
        try await withRuntime { runtime, _ in
            func code(_ test: SelfTest) async -> LoopguardError.Code? {
                do {
                    _ = try await runtime.selftest(test, maximumMilliseconds: 400)
                    return nil
                } catch {
                    return (error as? LoopguardError)?.code
                }
            }
            #expect(await code(SelfTest(loop: "loop-9", milliseconds: 1)) == .notFound)
            #expect(await code(SelfTest(milliseconds: 401)) == .invalidConfiguration)
            #expect(await code(SelfTest(milliseconds: 0)) == .invalidConfiguration)
            async let first = code(SelfTest(milliseconds: 400))
            try await Task.sleep(for: .milliseconds(100))
            #expect(await code(SelfTest(milliseconds: 100)) == .busy)
            #expect(await first == nil)
        }
    }
}

import Foundation
import Loopguard
import LoopguardTesting
import NIOCore
import Testing

/// `expectNoBlockingCalls` in both directions.
@Suite(.serialized, .timeLimit(.minutes(1))) struct StrictExpectationTests {
    private func withRuntime(_ body: (LoopguardRuntime) async throws -> Void) async throws {
        var configuration = LoopguardRuntime.Configuration.defaults
        configuration.group.loops = 1
        configuration.reporters = []
        let runtime = try await LoopguardRuntime.start(configuration)
        do { try await body(runtime) } catch {
            await runtime.shutdown()
            throw error
        }
        await runtime.shutdown()
    }

    @Test func `a short sleep on a loop is an issue`() async throws {
        try await withRuntime { runtime in
            try await withKnownIssue {
                try await expectNoBlockingCalls(on: runtime) {
                    try await runtime.group.loops[0].eventLoop.submit { Thread.sleep(forTimeInterval: 0.0001) }.get()
                }
            } matching: { issue in
                let text = issue.comments.map(\.rawValue).joined()
                return text.contains("nanosleep 1×") && text.contains("StrictExpectationTests.swift")
            }
        }
    }

    @Test func `work that does not block is none, and its result comes back`() async throws {
        try await withRuntime { runtime in
            let sum = try await expectNoBlockingCalls(on: runtime) {
                try await runtime.group.loops[0].eventLoop.submit { (1...10).reduce(0, +) }.get()
            }
            #expect(sum == 55)
        }
    }
}

import CLoopguardStrict
import Foundation
import Glibc
import Loopguard
import LoopguardCore
import NIOCore
import Synchronization
import Testing

@testable import LoopguardStrict

/// Every interposed symbol, by a table that must be complete: seen where it offends, silent elsewhere, and never in the way.
@Suite(.serialized, .timeLimit(.minutes(5))) struct WrappedCallTests {
    /// What has been compiled, not what somebody remembered.
    static let symbols: Set<String> = {
        var count = 0
        let names = lg_wrapped_symbols(&count)
        return Set((0..<count).map { String(cString: names[$0]) })
    }()

    @Test func `each symbol has a case, and each case a symbol`() {
        #expect(Self.symbols.count > 70)
        let cases = WrappedCall.all.map(\.symbol)
        #expect(Self.symbols.subtracting(cases).sorted() == [], "interposed, but not tested")
        #expect(Set(cases).subtracting(Self.symbols).sorted() == [], "tested, but not interposed")
        #expect(cases.count == Set(cases).count)
    }

    @Test func `each call that can be counted has a case`() {
        let counted = (0..<LG_CALL_COUNT.rawValue).map { String(cString: lg_call_name(lg_call($0))) }
        #expect(Set(counted) == Set(WrappedCall.all.map(\.name)))
    }

    @Test func `each call is in the documentation`() throws {
        let place = URL(fileURLWithPath: #filePath).appending(path: "../../../Documentation/Strict.md")
            .standardizedFileURL
        let text = try String(contentsOf: place, encoding: .utf8)
        #expect(
            Set(WrappedCall.all.map(\.name)).filter { !text.contains("`\($0)`") && !text.contains("`\($0)(") } == [])
    }

    @Test func `each symbol of the program is ours, for its shared libraries as well`() {
        #expect(Self.symbols.filter { !lg_strict_is_preferred($0) } == [])
    }

    @Test func `only what always waits has no harmless form`() {
        let always = Set(WrappedCall.all.filter { $0.harmless == nil && !$0.isFileTier }.map(\.name))
        #expect(
            always == [
                "fsync", "fdatasync", "syncfs", "sync", "gethostbyaddr", "gethostbyaddr_r", "wait", "popen", "pclose",
                "pthread_cond_wait",
                "pthread_cond_timedwait", "pthread_cond_clockwait",
            ])
    }

    @Test(arguments: WrappedCall.all.filter { !$0.isAlone })
    func `a wrapped call`(call: WrappedCall) async throws { try await check(call) }

    /// They would take the end of a child away from another test.
    @Test func `calls that wait for any child`() async {
        await #expect(processExitsWith: .success) {
            for call in WrappedCall.all where call.isAlone { try await check(call) }
        }
    }
}

private func check(_ call: WrappedCall) async throws {
    var options = StrictOptions.defaults
    options.includesFiles = call.isFileTier
    // Locks of NIO that two threads want at once are no offence, however busy the machine is.
    options.lockGrace = call.kind == LG_CLASS_LOCK ? .milliseconds(100) : .seconds(20)
    try await withStrict(options: options) { runtime, strict in
        let stage = Stage(runtime: runtime, strict: strict, call: call)
        let real = try await stage.offLoop(call.offends())
        #expect(stage.cleaned(real) == stage.cleaned(call.expected), "the real call")
        for (attempt, twin) in zip(call.harmless?() ?? [], call.harmless?() ?? []) {
            let real = try await stage.offLoop(twin)
            #expect(try await stage.onLoop(attempt) == stage.cleaned(real), "harmless")
        }
        #expect(try await stage.offloaded(call.offends()) == stage.cleaned(real), "in the pool")
        #expect(strict.status.calls == 0 && strict.status.allowedCalls == 0, "\(strict.status.byName)")

        #expect(try await stage.onLoop(call.offends(), isAllowed: true, waits: true) == stage.cleaned(real), "allowed")
        #expect(strict.status.calls == 0 && strict.status.allowedCalls == 1, "\(strict.status.byName)")

        #expect(try await stage.onLoop(call.offends(), waits: true) == stage.cleaned(real), "on the loop")
        #expect(strict.status.byName == [call.name: 1] && strict.status.allowedCalls == 1)
        let all = await reports(of: strict, atLeast: 1)
        #expect(all.count == 1)
        let report = try #require(all.first)
        #expect(report.cause.summary.hasPrefix("\(call.name)() on an event loop"), "\(report.cause.summary)")
        #expect(report.kind == .blockingCall && report.loop == "loop-0" && !report.ongoing && report.durationNs > 0)
        let frames = try #require(report.samples.first).frames
        let first = try #require(frames.first { !$0.isRuntime }, "\(frames.map { $0.function ?? "?" })")
        if let helper = call.helper { #expect(first.function?.contains(helper) == true, "\(first)") }
        #expect(first.file?.hasSuffix(call.file.split(separator: "/").last ?? "?") == true, "\(first)")
        // Below the line of its own case, and above the next one's.
        #expect(call.helper != nil || (call.line..<call.nextLine).contains(first.line ?? 0), "\(first)")

        if call.isFileTier {
            await strict.stop()
            let shallow = try Strict.start(runtime)
            #expect(try await stage.onLoop(call.offends()) == stage.cleaned(real), "without the file tier")
            #expect(shallow.status.calls == 0, "\(shallow.status.byName)")
            await shallow.stop()
        }
        await strict.stop()
        #expect(try await stage.onLoop(call.offends()) == stage.cleaned(real), "switched off")
        #expect(strict.status.calls == 1 && strict.status.allowedCalls == 1)
    }
}

/// Makes a call in the places where it can be made.
private struct Stage {
    let runtime: LoopguardRuntime
    let strict: Strict
    let call: WrappedCall

    func cleaned(_ outcome: Outcome) -> Outcome {
        call.ignoresError ? Outcome(result: outcome.result, error: 0) : outcome
    }

    /// On a thread that nobody watches: what the call does without us, but for a load and a branch.
    func offLoop(_ attempt: Attempt) async throws -> Outcome {
        try await released(attempt) {
            await withCheckedContinuation { done in
                Thread.detachNewThread { done.resume(returning: attempt.call()) }
            }
        }
    }

    func offloaded(_ attempt: Attempt) async throws -> Outcome {
        cleaned(try await released(attempt) { try await runtime.pool.offload("blocking") { attempt.call() } })
    }

    /// - Parameter waits: strict mode must see it wait before it is released.
    func onLoop(_ attempt: Attempt, isAllowed: Bool = false, waits: Bool = false) async throws -> Outcome {
        await strict.settle()
        let outcome = try await released(attempt, waits: waits) {
            try await runtime.onLoop {
                isAllowed ? Strict.allowing("table") { attempt.call() } : attempt.call()
            }
        }
        return cleaned(outcome)
    }

    private func released(
        _ attempt: Attempt, waits: Bool = false, _ run: @escaping @Sendable () async throws -> Outcome
    ) async throws -> Outcome {
        guard let release = attempt.release else { return try await run() }
        let isOver = Flag()
        async let outcome = {
            defer { isOver.value.store(true, ordering: .releasing) }
            return try await run()
        }()
        while waits, strict.callsGoingOn == 0, !isOver.value.load(ordering: .acquiring) {
            try await Task.sleep(for: .microseconds(500))
        }
        while !isOver.value.load(ordering: .acquiring) {
            release()
            try await Task.sleep(for: .milliseconds(1))
        }
        return try await outcome
    }

    private final class Flag: Sendable {
        let value = Atomic(false)
    }
}

import Testing

@testable import LoopguardCore

@Suite struct LintRulesTests {
    /// The verdict of a stall in a system call.
    private func blocked(_ call: String?, hostAtFault: Bool = false) -> StallCause {
        var cause = StallCause(category: .blockedInSystemCall, summary: "")
        cause.systemCall = call
        cause.hostAtFault = hostAtFault
        return cause
    }

    @Test(arguments: [
        ("static Foundation.Thread.sleep(forTimeInterval: Swift.Double) -> ()", "blocking-sleep"),
        ("usleep", "blocking-sleep"),
        ("__GI___clock_nanosleep", "blocking-sleep"),
        ("clock_nanosleep@@GLIBC_2.17", "blocking-sleep"),
        ("pthread_cond_timedwait@@GLIBC_2.3.2", "blocking-condition"),
        ("__libc_pread64", "blocking-file-call"),
        ("Dispatch.DispatchSemaphore.wait() -> ()", "blocking-semaphore"),
        ("(extension in Dispatch):__C.OS_dispatch_semaphore.wait() -> ()", "blocking-semaphore"),
        (
            "(extension in Dispatch):__C.OS_dispatch_queue.sync<A>(execute: () throws -> A) throws -> A",
            "blocking-dispatch-sync"
        ),
        ("Foundation.NSCondition.wait() -> ()", "blocking-condition"),
        ("FoundationEssentials.Data.init(contentsOf: Foundation.URL, options: X) throws -> Y", "blocking-file"),
    ])
    func aFunctionIsKnownByEveryNameThatStacksHave(_ name: String, _ rule: String) {
        #expect(LintRules.rule(ofFunction: name) == rule)
    }

    @Test(arguments: [
        "App.Thread.sleep(forTimeInterval: Swift.Double) -> ()", "App.usleep(Swift.Int) -> ()", "main", "<unknown>", "",
        "Foundation.Thread.sleepy() -> ()", "closure #1 in App.main() -> ()", "Foundation.NSCondition.wait.extra",
        "Foundation.Data.init(contents: Foundation.URL) -> X",
    ])
    func whatOnlyLooksAlikeHasNoRule(_ name: String) {
        #expect(LintRules.rule(ofFunction: name) == nil)
    }

    @Test func theCallThatTheProgramMadeCounts() {
        let frames: [StackFrame] = [
            .runtime("__GI___clock_nanosleep"), .runtime("usleep"),
            .runtime("static Foundation.Thread.sleep(forTimeInterval: Swift.Double) -> ()"),
            .user("App.handle() async -> ()"),
            .runtime("pthread_cond_wait"),
        ]
        #expect(LintRules.rule(for: blocked("clock_nanosleep"), frames: frames) == "blocking-sleep")
        let future: [StackFrame] = [
            .runtime("pthread_cond_wait"),
            .runtime("NIOConcurrencyHelpers.ConditionLock.lock(whenValue: A) -> ()"),
            .runtime("NIOCore.EventLoopFuture.wait(file: Swift.StaticString, line: Swift.UInt) throws -> A"),
            .user("App.handle() -> ()"),
        ]
        #expect(
            LintRules.rule(for: blocked("futex"), frames: future)
                == LintRules.rule(ofFunction: future[2].function ?? ""))
        #expect(LintRules.rule(for: blocked("futex"), frames: future) != "blocking-condition")
    }

    @Test func withoutNamesTheSystemCallTells() {
        #expect(LintRules.rule(for: blocked("flock"), frames: []) == "blocking-file-lock")
        #expect(LintRules.rule(for: blocked("futex"), frames: []) == nil)
        #expect(LintRules.rule(for: blocked(nil), frames: []) == nil)
    }

    @Test func theMachineIsNobodysRule() {
        #expect(LintRules.rule(for: blocked("flock", hostAtFault: true), frames: [.runtime("usleep")]) == nil)
    }
}

import LoopguardCore
import Testing

@Suite struct FingerprintTests {
    func make(_ frames: [StackFrame], kind: StallKind = .singleJob, category: CauseCategory = .computing) -> String {
        Fingerprint.make(frames: frames, kind: kind, category: category)
    }

    @Test func isSixteenHexDigitsAndStable() {
        let value = make([.user("Handler.onMessage(_:)")])
        #expect(value.count == 16)
        #expect(value.allSatisfy { $0.isHexDigit && !$0.isUppercase })
        // Written down: a change would make every user's known stalls look new.
        #expect(value == "1a00cd065045d6c2")
    }

    @Test func theRouteCountsOnlyWithoutFrames() {
        func make(_ frames: [StackFrame], _ route: String?) -> String {
            Fingerprint.make(frames: frames, kind: .singleJob, category: .unknown, route: route)
        }
        #expect(make([], "/a") != make([], "/b"))
        #expect(make([], "/a") != make([], nil))
        #expect(make([.user("f()")], "/a") == make([.user("f()")], "/b"))
    }

    @Test(arguments: [
        ("closure #1 in a(_:)", "closure #7 in a(_:)"),
        ("(1) await resume partial function for a(_:)", "(3) suspend resume partial function for a(_:)"),
        ("a(_:)", "a(_:).llvm.1234567"),
        ("a(_:) in _0123456789ABCDEF0123456789ABCDEF", "a(_:) in _FEDCBA9876543210FEDCBA9876543210"),
        ("specialized a(_:)", "a(_:)"),
        ("f::{lambda()#2}::operator()", "f::{lambda()#3}::operator()"),
        ("thunk at 0x7f12", "thunk at 0x8a00"),
    ])
    func ignoresWhatChangesFromBuildToBuild(a: String, b: String) {
        #expect(make([.user(a)]) == make([.user(b)]))
    }

    @Test func ignoresAddressesLinesAndRuntimeFrames() {
        var moved = StackFrame.user("a()", "Sources/A.swift", 99)
        moved.address = "0x999"
        moved.moduleOffset = "0x42"
        moved.buildId = "ffff"
        #expect(make([.user("a()"), .runtime("memcpy")]) == make([.runtime("clock_nanosleep"), moved]))
    }

    @Test func recursionCountsOnce() {
        #expect(make([.user("r()"), .user("r()"), .user("a()")]) == make([.user("r()"), .user("a()")]))
    }

    @Test func differsByFunctionAndOrder() {
        let all = [
            make([.user("a()"), .user("b()")]), make([.user("b()"), .user("a()")]), make([.user("ab()")]), make([]),
            make([], kind: .loopWork), make([], category: .lockWait),
        ]
        #expect(Set(all).count == all.count)
    }

    /// Both settle while a stall goes on.
    @Test func kindAndCategoryDoNotSplitAPlace() {
        let frames: [StackFrame] = [.user("a()"), .user("b()")]
        #expect(make(frames) == make(frames, kind: .overloadedTick, category: .mixed))
    }

    @Test func withoutUserFramesTheRuntimeFramesTell() {
        #expect(make([.runtime("x"), .runtime("y")]) != make([.runtime("z"), .runtime("y")]))
        var nameless = StackFrame.runtime("x")
        nameless.function = nil
        #expect(make([nameless]) != make([]))
    }
}

@Suite struct RemedyTests {
    func text(
        _ category: CauseCategory, call: String? = nil, target: String? = nil, owner: String? = nil, host: Bool = false,
        _ frames: [StackFrame], kind: StallKind? = nil
    ) -> String {
        Remedy.text(
            for: StallCause(
                category: category, summary: "", systemCall: call, target: target, lockOwner: owner, hostAtFault: host
            ), frames: frames, kind: kind
        )
    }

    @Test func saysWhatToDo() {
        let user = StackFrame.user("App.Store.loadProfile(id:)")
        let cases: [(String, [String])] = [
            (
                text(.blockedInSystemCall, call: "clock_nanosleep", [.runtime("usleep"), user]),
                ["`usleep`", "try await Task.sleep(for:)"]
            ),
            (
                text(
                    .blockedInSystemCall, call: "clock_nanosleep",
                    [.runtime("static Foundation.Thread.sleep(forTimeInterval:)")]),
                ["`Thread.sleep`"]
            ),
            (text(.computing, [user]), ["try await context.offload(\"loadProfile\") { … }", "Task.yield()"]),
            (text(.computing, [.user("closure #1 in App.run()")]), ["offload(\"run\")"]),
            (text(.computing, []), ["offload(\"work\")"]),
            (text(.computing, [user], kind: .overloadedTick), ["--loops"]),
            (text(.lockWait, owner: "9 (w)", [user]), ["Thread 9 (w) holds the lock", "actor"]),
            (
                text(.lockWait, [.runtime("_dispatch_semaphore_wait_slow"), user]),
                ["semaphore", "withCheckedContinuation"]
            ),
            (text(.lockWait, [.runtime("NIOCore.EventLoopFuture.wait(file:line:)")]), ["future.get()"]),
            (text(.lockWait, [.runtime("_dispatch_sync_f_slow")]), ["DispatchQueue.sync"]),
            (text(.blockedInSystemCall, call: "poll", [.runtime("getaddrinfo"), user]), ["DNS", "offload"]),
            (text(.blockedInSystemCall, call: "connect", [user]), ["asynchronous client"]),
            (text(.blockedInSystemCall, call: "read", target: "/etc/x", [user]), ["Disk", "offload(\"loadProfile\")"]),
            (text(.blockedInSystemCall, call: "read", target: "pipe:[1]", [user]), ["pipe:[1]"]),
            (text(.disk, call: "fsync", []), ["Disk", "offload(\"file\")"]),
            (text(.pageFaultIO, []), ["swapping"]),
            (text(.starved, host: true, []), ["machine", "nr_throttled"]),
            (text(.stopped, []), ["stopped from outside"]),
            (text(.mixed, []), ["offload"]),
            (text(.unknown, host: true, []), ["machine"]),
            (text(.unknown, []), ["stack"]),
            (text(.computing, [user], kind: .yieldStarvation), ["Task.yield()"]),
            (text(.blockedInSystemCall, call: "io_uring_enter", []), ["offload"]),
            (text(.computing, [user], kind: .cooperativePool), ["as many threads as there are CPUs", "offload"]),
            (text(.lockWait, [user], kind: .blockingPool), ["offload pool", "--blocking-threads"]),
            (text(.lockWait, [user], kind: .offloadDeadlock), ["no thread is left", "directly"]),
            (text(.unknown, [], kind: .blockingCall), ["may block", "allow this one"]),
            // A machine without CPU is to blame all the same.
            (text(.starved, host: true, [], kind: .cooperativePool), ["machine"]),
        ]
        for (text, words) in cases {
            for word in words { #expect(text.contains(word), "\(word) is not in: \(text)") }
            #expect(text.hasSuffix("."), "\(text)")
        }
    }

    @Test func aWildNameDoesNotGetIntoTheCode() {
        let text = text(.computing, [.user("a\"; <script>(x)"), .user("ok()")])
        #expect(text.contains("offload(\"ok\")"))
    }
}

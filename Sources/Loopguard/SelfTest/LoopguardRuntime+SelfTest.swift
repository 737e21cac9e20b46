import CLoopguard
import Glibc
import LoopguardCore
import NIOCore
import Synchronization

extension LoopguardRuntime {
    /// Plants a stall on one of the guarded loops, and returns when the watchdog has reported it, or has not within ``SelfTest/patience``
    /// after its end: then ``SelfTest/Outcome/isSeen`` is false.
    ///
    /// Everything on that loop really waits for so long. The report's scope has the route `selftest`. One at a time.
    ///
    /// - Throws: ``LoopguardError``: `.notFound` when there is no such loop, `.busy` when a self-test is under way,
    ///   `.invalidConfiguration` when it is longer than `maximumMilliseconds`.
    public func selftest(_ test: SelfTest, maximumMilliseconds: Int = 5_000) async throws -> SelfTest.Outcome {
        try test.validate(maximumMilliseconds: maximumMilliseconds)
        guard let loop = group.loops.first(where: { $0.name == test.loop }) else {
            throw LoopguardError(
                .notFound,
                "there is no loop \(test.loop): choose \(group.loops.map(\.name).prefix(64).joined(separator: ", ")).")
        }
        let correlation = CorrelationID.mint()
        guard selftestProbe.begin(correlation: correlation.description) else {
            throw LoopguardError(.busy, "a self-test is under way: wait for its end.")
        }
        defer { selftestProbe.end() }
        let scope = HandlerScope(
            route: SelfTest.route, connection: SelfTest.route, correlationID: correlation, remoteAddress: nil)
        let executor = ConnectionExecutor(loop: loop, scope: scope)
        try await loop.eventLoop.submit {
            executor.attributed { PlantedStall.hold(milliseconds: test.milliseconds, test.kind) }
        }.get()
        let probe = selftestProbe
        let patience = control.scheduleTask(in: TimeAmount(SelfTest.patience)) { probe.giveUp() }
        let report = await probe.report()
        patience.cancel()
        withExtendedLifetime(executor) {}
        return SelfTest.Outcome(
            isSeen: report != nil, worker: service.worker, loop: loop.name, milliseconds: test.milliseconds,
            thresholdMs: Int(clamping: group.threshold.nanoseconds / 1_000_000), report: report?.id,
            fingerprint: report?.fingerprint, durationNs: report?.durationNs,
            detectionLatencyNs: report?.detectionLatencyNs, cause: report?.cause.summary, at: report?.topFrame)
    }
}

/// What holds the loop. Not inlined, and with something to do after the call, so that the name is on the stack.
enum PlantedStall {
    private static let done = Atomic<UInt64>(0)

    static func hold(milliseconds: Int, _ kind: SelfTest.Kind) {
        switch kind {
        case .sleep: plantedSleep(milliseconds)
        case .spin: plantedSpin(milliseconds)
        }
    }

    @inline(never) static func plantedSleep(_ milliseconds: Int) {
        let end = lg_now_ns() &+ UInt64(clamping: milliseconds) &* 1_000_000
        while true {
            let now = lg_now_ns()
            guard now < end else { break }
            // A signal may end it early.
            // loopguard:allow(blocking-sleep) reason: this is the stall that a self-test is for
            usleep(UInt32(clamping: (end - now) / 1000 + 1))
        }
        done.add(1, ordering: .relaxed)
    }

    @inline(never) static func plantedSpin(_ milliseconds: Int) {
        let end = lg_now_ns() &+ UInt64(clamping: milliseconds) &* 1_000_000
        var rounds: UInt64 = 0
        while lg_now_ns() < end { rounds &+= 1 }
        done.add(rounds | 1, ordering: .relaxed)
    }
}

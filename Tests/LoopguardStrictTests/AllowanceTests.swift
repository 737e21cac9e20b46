import Glibc
import LoopguardCore
import LoopguardStrict
import Testing

/// Code that may block, for a reason.
@Suite(.serialized, .timeLimit(.minutes(3))) struct AllowanceTests {
    private func allowance(_ reason: String) throws -> StrictAllowance {
        try #require(Strict.allowances.first { $0.reason == reason })
    }

    @Test func `an allowed call is no offence, but is counted`() async throws {
        try await withStrict { runtime, strict in
            let value = try await runtime.onLoop {
                Strict.allowing("read once", until: "2199-12-31") {
                    usleep(1000)
                    return 5
                }
            }
            #expect(value == 5)
            let status = strict.status
            #expect(status.calls == 0 && status.allowedCalls == 1 && status.allowedNs >= 1_000_000)
            let allowance = try allowance("read once")
            #expect(allowance.calls == 1 && allowance.entered == 1 && allowance.refused == 0)
            #expect(allowance.totalNs >= 1_000_000 && allowance.maxNs == allowance.totalNs)
            #expect(!allowance.isExpired && !allowance.isUnused)
            #expect(allowance.place.contains("AllowanceTests.swift:"))
        }
    }

    @Test func `it ends with its closure, also by an error`() async throws {
        struct Failure: Error {}
        try await withStrict { runtime, strict in
            try await runtime.onLoop {
                #expect(throws: Failure.self) {
                    try Strict.allowing("throws") { () throws(Failure) in throw Failure() }
                }
                usleep(1)
            }
            #expect(strict.status.calls == 1)
        }
    }

    @Test func `an expired one allows nothing and says so`() async throws {
        try await withStrict { runtime, strict in
            try await runtime.onLoop { Strict.allowing("until the move", until: "2020-02-29") { usleep(1) } }
            #expect(strict.status.calls == 1 && strict.status.allowedCalls == 0)
            let report = try #require(await reports(of: strict, atLeast: 1).first)
            #expect(report.cause.evidence.contains("its allowance (until the move) has expired"))
            #expect(try allowance("until the move").isExpired)
            #expect(Strict.allowanceFindings.contains { $0.contains("until the move") && $0.contains("expired") })
        }
    }

    @Test(arguments: ["", "2199", "2199-13-01", "2199-02-30", "31-12-2199", "2199-1-1"])
    func `a date that is none has passed`(text: String) async throws {
        try await withStrict { runtime, strict in
            try await runtime.onLoop { Strict.allowing("bad date", until: StrictDate(text)) { usleep(1) } }
            #expect(strict.status.calls == 1)
        }
    }

    @Test func `a call that takes longer than allowed is an offence`() async throws {
        try await withStrict { runtime, strict in
            try await runtime.onLoop { Strict.allowing("short", atMost: .milliseconds(2)) { usleep(5000) } }
            #expect(strict.status.calls == 1)
            let report = try #require(await reports(of: strict, atLeast: 1).first)
            #expect(report.cause.evidence.contains("longer than its allowance (short) permits"))
            #expect(report.durationNs >= 5_000_000)
            #expect(try allowance("short").refused == 1)
        }
    }

    @Test func `the innermost holds`() async throws {
        try await withStrict { runtime, strict in
            try await runtime.onLoop {
                Strict.allowing("outer") {
                    _ = Strict.allowing("inner") { usleep(1) }
                    usleep(1)
                }
                usleep(1)
            }
            #expect(strict.status.calls == 1 && strict.status.allowedCalls == 2)
            #expect(try allowance("outer").calls == 1 && allowance("inner").calls == 1)
        }
    }

    @Test func `one that is not needed is found`() async throws {
        try await withStrict { runtime, _ in
            try await runtime.onLoop { Strict.allowing("in vain") {} }
            #expect(try allowance("in vain").isUnused)
            #expect(Strict.allowanceFindings.contains { $0.contains("in vain") && $0.contains("not needed") })
        }
    }
}

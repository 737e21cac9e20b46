import CLoopguard
import Dispatch
import Foundation
import Glibc
import LoopguardCore
import LoopguardStrict
import NIOCore
import Synchronization
import Testing

@testable import Loopguard

@inline(never) func plantedShortSleep() {
    usleep(200)
    sink.add(1, ordering: .relaxed)
}

/// Each call is seen on a loop, once, by its name, however short it is.
@Suite(.serialized, .timeLimit(.minutes(3))) struct OffenceTests {
    /// WrappedCallTests call the wrappers from the program itself; these come from shared libraries.
    @Test func `what libraries do on a loop's thread is seen`() async throws {
        try await withStrict { runtime, strict in
            try await runtime.onLoop {
                _ = DispatchSemaphore(value: 0).wait(timeout: .now() + .milliseconds(10))
                Thread.sleep(forTimeInterval: 0.001)
            }
            #expect(strict.status.byName["sem_timedwait"] == 1, "\(strict.status.byName)")
            #expect(strict.status.calls == 2, "\(strict.status.byName)")
            let group = DispatchGroup()
            group.enter()
            let waits = runtime.group.loops[0].eventLoop.submit { group.wait() }
            while strict.status.calls < 3 { try await Task.sleep(for: .milliseconds(1)) }
            group.leave()
            try await waits.get()
            #expect(strict.status.byName["futex"] == 1, "\(strict.status.byName)")
        }
    }

    @Test func `the report has the place, the connection and the length`() async throws {
        try await withStrict { runtime, strict in
            let scope = HandlerScope(
                route: "/strict", connection: "c7", correlationID: .mint(), remoteAddress: "10.0.0.7:1")
            let id = ScopeRegistry.shared.register(scope)
            try await runtime.onLoop {
                if let slot = lg_slot_current() { lg_scope_set(slot, id) }
                plantedShortSleep()
            }
            let report = try #require(await reports(of: strict, atLeast: 1).first)
            ScopeRegistry.shared.unregister(id)
            #expect(report.scope?.connection == "c7" && report.scope?.route == "/strict")
            #expect(report.durationNs >= 200_000)
            #expect(report.cause.category == .blockedInSystemCall)
            #expect(report.cause.systemCall == "clock_nanosleep")
            let sample = try #require(report.samples.first)
            #expect(sample.validity == .verified, "\(sample.note ?? "")")
            #expect(sample.frames.first?.function == "usleep", "\(sample.frames.prefix(4))")
            let first = sample.frames.first { !$0.isRuntime }
            #expect(
                first?.function?.contains("plantedShortSleep") == true, "\(sample.frames.map { $0.function ?? "?" })")
            #expect(first?.file?.hasSuffix("OffenceTests.swift") == true && (first?.line ?? 0) > 0)
            let status = runtime.status()
            #expect(status.stalls.recent.contains { $0.id == report.id })
            #expect(status.metrics.contains { $0.name == "loopguard_strict_blocking_calls_total" && $0.value == 1 })
        }
    }

    @Test func `a call that goes on is reported at once`() async throws {
        try await withStrict { runtime, strict in
            let pair = Pair.pipe()
            let blocked = runtime.group.loops[0].eventLoop.submit {
                var byte: UInt8 = 0
                _ = read(pair.near, &byte, 1)
            }
            var ongoing: StallReport?
            for _ in 0..<2000 where ongoing == nil {
                try await Task.sleep(for: .milliseconds(2))
                ongoing = runtime.status().stalls.ongoing.first { $0.kind == .blockingCall }
            }
            #expect(ongoing?.cause.summary.hasPrefix("read() on an event loop: pipe:[") == true, "\(ongoing as Any)")
            #expect(ongoing?.samples.isEmpty == false)
            var byte: UInt8 = 1
            _ = write(pair.far, &byte, 1)
            try await blocked.get()
            let final = try #require(await reports(of: strict, atLeast: 1).first)
            #expect(final.id == ongoing?.id)
            #expect(runtime.status().stalls.ongoing.isEmpty)
        }
    }

    @Test func `counts are exact, and reports of one place thin out`() async throws {
        try await withStrict { runtime, strict in
            try await runtime.onLoop { for _ in 0..<1000 { usleep(1) } }
            let status = strict.status
            #expect(status.calls == 1000 && status.byName == ["usleep": 1000])
            #expect(status.sites == 1)
            // The first 8, and 16, 32, … 512.
            #expect(status.suppressed + status.dropped == 1000 - status.reported && status.suppressed == 986)
            #expect(status.blockedNs >= 1_000_000)
            let all = await reports(of: strict, atLeast: Int(status.reported))
            #expect(all.count == Int(status.reported))
        }
    }

    @Test func `two places are two sites`() async throws {
        try await withStrict { runtime, strict in
            try await runtime.onLoop {
                usleep(1)
                usleep(1)
            }
            #expect(strict.status.sites == 2)
        }
    }

    @Test func `a burst beyond the records is counted`() async throws {
        var options = StrictOptions.defaults
        options.reportsPerSite = 1_000_000
        try await withStrict(options: options) { runtime, strict in
            try await runtime.onLoop { for _ in 0..<5000 { usleep(1) } }
            let status = strict.status
            #expect(status.calls == 5000)
            await strict.settle()
            #expect(status.suppressed == 0)
            #expect(status.reported + status.dropped == 5000)
        }
    }

    @Test func `errno and results pass through`() async throws {
        try await withStrict { runtime, _ in
            try await runtime.onLoop {
                let pair = Pair.sockets(nonBlocking: true)
                var byte: UInt8 = 0
                errno = 0
                #expect(recv(pair.near, &byte, 1, 0) == -1 && errno == EAGAIN)
                #expect(read(-1, &byte, 1) == -1 && errno == EBADF)
                #expect(waitpid(1, nil, 0) == -1 && errno == ECHILD)
                errno = 77
                usleep(1)
                #expect(errno == 77)
            }
        }
    }
}

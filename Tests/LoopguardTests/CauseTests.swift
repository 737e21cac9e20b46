import Dispatch
import Foundation
import Glibc
import LoopguardCore
import Synchronization
import Testing

@testable import Loopguard

/// Causes that lie outside the stalled thread: the owner of a lock, and the machine.
@Suite(.serialized, .timeLimit(.minutes(3))) struct CauseTests {
    @Test func `the owner of the lock is shown with its stack`() async throws {
        try await withRuntime { runtime, recorder in
            try await runtime.run("/lock") { Planted.plantedLockWait() }.value
            let report = try await recorder.ended(route: "/lock")
            #expect(report.cause.category == .lockWait, "\(report.cause)")
            let owner = try #require(report.related.first, "\(report.cause)")
            #expect(report.related.count == 1)
            #expect(owner.role == .lockOwner)
            #expect(report.cause.lockOwner?.hasPrefix("\(owner.tid) (") == true)
            #expect(owner.state?.contains("nanosleep(2)") == true, "\(owner.state ?? "-")")
            #expect(owner.sample.validity == .verified, "\(owner.sample.note ?? "-")")
            #expect(owner.sample.frames.contains { $0.function?.contains("plantedLockWait") == true })
            #expect(owner.sample.frames.allSatisfy { $0.provenance != nil })
        }
    }

    @Test func `a semaphore has no owner, and the report says so`() async throws {
        try await withRuntime { runtime, recorder in
            try await runtime.run("/semaphore") { Planted.plantedSemaphoreWait() }.value
            let report = try await recorder.ended(route: "/semaphore")
            #expect(report.cause.category == .lockWait)
            #expect(report.related.isEmpty)
            #expect(report.cause.evidence.contains { $0.contains("names no owner") }, "\(report.cause.evidence)")
        }
    }

    @Test func `one stall keeps one fingerprint`() async throws {
        try await withRuntime { runtime, recorder in
            try await runtime.run("/long") {
                Planted.plantedSpin()
                Planted.plantedUsleep()
                Planted.plantedPipeRead()
            }.value
            let report = try await recorder.ended(route: "/long")
            let seen = recorder.began.filter { $0.id == report.id }
            #expect(seen.count > 1)
            #expect(Set(seen.map(\.fingerprint)) == [report.fingerprint])
        }
    }

    /// All threads of this process stand still for a while, the watchdog included.
    @Test(arguments: [false, true]) func `a stopped process accuses nobody`(inHandler: Bool) async throws {
        try await withRuntime { runtime, recorder in
            for attempt in 0..<3 {
                let route = "/stopped/\(attempt)"
                try await runtime.run(route) {
                    // The handler itself takes 5 ms, or waits for less than the threshold while the process is stopped.
                    let child = stopThisProcess(forMilliseconds: 300)
                    let end = DispatchTime.now().uptimeNanoseconds + 20_000_000
                    if inHandler {
                        while DispatchTime.now().uptimeNanoseconds < end { Planted.sink.add(1, ordering: .relaxed) }
                    } else {
                        usleep(20_000)
                    }
                    var status: Int32 = 0
                    waitpid(child, &status, WNOHANG)
                }.value
                try await Task.sleep(for: .milliseconds(400))
                for report in recorder.ended where report.durationNs > 250_000_000 {
                    #expect(report.cause.category == .stopped, "\(report.cause)")
                    #expect(report.cause.hostAtFault)
                    #expect(report.remedy.contains("not to blame"))
                }
            }
            #expect(recorder.ended.contains { $0.cause.category == .stopped }, "\(recorder.ended.map(\.cause))")
        }
    }
}

/// Has another process stop this one in about 5 ms, and continue it later. Returns the helper's identifier.
private func stopThisProcess(forMilliseconds milliseconds: Int) -> pid_t {
    let script =
        "sleep 0.005; kill -STOP \(getpid()); sleep \(Double(milliseconds) / 1000); kill -CONT \(getpid())"
    var child = pid_t()
    let words = ["/bin/sh", "-c", script]
    var arguments: [UnsafeMutablePointer<CChar>?] = words.map { strdup($0) }
    arguments.append(nil)
    defer { for argument in arguments { free(argument) } }
    let error = posix_spawn(&child, "/bin/sh", nil, nil, arguments, environ)
    return error == 0 ? child : 0
}

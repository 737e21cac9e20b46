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

    /// In a process of its own: all its threads stand still for a while, and other tests would not like that.
    @Test func `a stopped process accuses nobody`() async {
        await #expect(processExitsWith: .success) {
            try await withRuntime { runtime, recorder in
                for attempt in 0..<4 {
                    try await runtime.run("/stopped/\(attempt)") {
                        let child = stopThisProcess(forMilliseconds: 300)
                        // The handler itself takes less than the threshold, on the CPU or asleep.
                        let end = DispatchTime.now().uptimeNanoseconds + 20_000_000
                        if attempt % 2 == 0 {
                            while DispatchTime.now().uptimeNanoseconds < end {
                                Planted.sink.add(1, ordering: .relaxed)
                            }
                        } else {
                            usleep(20_000)
                        }
                        var status: Int32 = 0
                        waitpid(child, &status, WNOHANG)
                    }.value
                    try await Task.sleep(for: .milliseconds(400))
                }
                // A stop that came too late for the handler left no stall.
                let long = recorder.ended.filter { $0.durationNs > 250_000_000 }
                #expect(!long.isEmpty)
                for report in long {
                    #expect(report.cause.category == .stopped, "\(report.cause)")
                    #expect(report.cause.hostAtFault)
                    #expect(report.remedy.contains("not to blame"))
                }
            }
        }
    }

    static let quotas = "/sys/fs/cgroup/cpu"
    static let canSetQuota = access(quotas + "/cpu.cfs_quota_us", F_OK) == 0 || access(quotas + "/tasks", W_OK) == 0

    /// The loop's thread alone gets a quota, which version 1 of control groups allows.
    @Test(.enabled(if: canSetQuota)) func `a quota that is used up is to blame, not the handler`() async throws {
        let group = Self.quotas + "/loopguard-test-\(getpid())"
        func write(_ text: String, _ path: String) throws {
            try text.write(toFile: path, atomically: false, encoding: .utf8)
        }
        guard mkdir(group, 0o755) == 0 else { return }
        defer { rmdir(group) }
        guard (try? write("100000", group + "/cpu.cfs_period_us")) != nil,
            (try? write("10000", group + "/cpu.cfs_quota_us")) != nil
        else { return }
        try await withRuntime { runtime, recorder in
            let tid = runtime.status().loops[0].tid
            try write("\(tid)", group + "/tasks")
            defer { try? write("\(tid)", Self.quotas + "/tasks") }
            try await runtime.run("/quota") {
                for _ in 0..<3 { Planted.plantedSpin() }
            }.value
            let report = try await recorder.ended(route: "/quota")
            #expect(report.cause.category == .throttled, "\(report.cause)")
            #expect(report.cause.hostAtFault)
            #expect(report.remedy.contains("quota"))
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

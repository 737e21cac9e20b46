import CLoopguard
import Foundation
import Glibc
import LoopguardCore
import Testing

@testable import LoopguardCapture

@Suite struct HostProbeTests {
    static let version1 = """
        31 23 0:28 / /sys/fs/cgroup rw,relatime - tmpfs tmpfs rw,mode=755
        32 31 0:29 / /sys/fs/cgroup/cpu,cpuacct rw,relatime shared:9 - cgroup cgroup rw,cpu,cpuacct
        35 31 0:32 / /sys/fs/cgroup/memory rw,relatime - cgroup cgroup rw,memory
        41 31 0:38 / /sys/fs/cgroup/unified rw,relatime - cgroup2 cgroup2 rw
        """
    static let version2 = "30 23 0:26 / /sys/fs/cgroup rw,nosuid - cgroup2 cgroup2 rw,nsdelegate\n"

    @Test func filesOfVersion2() {
        #expect(
            ControlGroup.statFiles(membership: "0::/app.slice/web.service\n", mounts: Self.version2) == [
                "/sys/fs/cgroup/app.slice/web.service/cpu.stat", "/sys/fs/cgroup/app.slice/cpu.stat",
                "/sys/fs/cgroup/cpu.stat",
            ])
        #expect(
            ControlGroup.statFiles(membership: "0::/\n", mounts: Self.version2, root: "/r") == [
                "/r/sys/fs/cgroup/cpu.stat"
            ])
    }

    @Test func filesOfVersion1() {
        #expect(
            ControlGroup.statFiles(membership: "0::/\n4:memory:/x\n3:cpu,cpuacct:/docker/ab\n", mounts: Self.version1)
                == [
                    "/sys/fs/cgroup/cpu,cpuacct/docker/ab/cpu.stat", "/sys/fs/cgroup/cpu,cpuacct/docker/cpu.stat",
                    "/sys/fs/cgroup/cpu,cpuacct/cpu.stat",
                ])
    }

    @Test func aContainerSeesOnlyItsPart() {
        let mounts = "32 31 0:29 /docker/ab /sys/fs/cgroup/cpu ro - cgroup cgroup rw,cpu\n"
        #expect(
            ControlGroup.statFiles(membership: "3:cpu:/docker/ab/inner\n", mounts: mounts) == [
                "/sys/fs/cgroup/cpu/inner/cpu.stat", "/sys/fs/cgroup/cpu/cpu.stat",
            ])
        #expect(ControlGroup.statFiles(membership: "3:cpu:/other\n", mounts: mounts).isEmpty)
        #expect(ControlGroup.statFiles(membership: "0::/../../x/../y\n", mounts: Self.version2).isEmpty)
        #expect(ControlGroup.statFiles(membership: "broken\n:\n", mounts: "a b c - d\n").isEmpty)
    }

    @Test func parsers() {
        func bytes<T>(_ text: String, _ body: (UnsafeRawBufferPointer) -> T) -> T {
            Array(text.utf8).withUnsafeBytes(body)
        }
        let two = bytes("usage_usec 5\nnr_periods 9\nnr_throttled 3\nthrottled_usec 250\n", ControlGroup.throttling)
        #expect(two?.periods == 3)
        #expect(two?.ns == 250_000)
        let one = bytes("nr_periods 0\nnr_throttled 2\nthrottled_time 77\n", ControlGroup.throttling)
        #expect(one?.ns == 77)
        #expect(bytes("usage_usec 5\n", ControlGroup.throttling) == nil)
        #expect(bytes("cpu  1588706 2846 156845 1244707 8623 0 9466 840 0 0\ncpu0 1", HostProbe.steal) == 8_400_000_000)
        #expect(bytes("cpu 1 2", HostProbe.steal) == nil)
        #expect(bytes("Name:\tx\nTracerPid:\t4711\nUid:\t0", HostProbe.tracer) == 4711)
        #expect(bytes("Name:\tx\n", HostProbe.tracer) == nil)
    }

    /// A tree of files in place of /proc and /sys/fs/cgroup.
    private func tree(_ files: [String: String]) throws -> String {
        let root = "/tmp/loopguard-root-\(getpid())-\(UInt32.random(in: 0 ... .max))"
        for (path, text) in files {
            let url = URL(fileURLWithPath: root + path)
            try FileManager.default.createDirectory(
                at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
            try text.write(to: url, atomically: false, encoding: .utf8)
        }
        return root
    }

    @Test func samplesAreReadAnewFromOpenFiles() throws {
        let tid = lg_current_tid()
        let root = try tree([
            "/proc/stat": "cpu  1 2 3 4 5 6 7 50 0 0\n", "/proc/self/status": "TracerPid:\t12\n",
            "/proc/self/task/\(tid)/cgroup": "0::/a/b\n", "/proc/self/mountinfo": Self.version2,
            "/sys/fs/cgroup/a/b/cpu.stat": "nr_throttled 1\nthrottled_usec 10\n",
            "/sys/fs/cgroup/a/cpu.stat": "nr_throttled 2\nthrottled_usec 100\n",
        ])
        defer { try? FileManager.default.removeItem(atPath: root) }
        let probe = HostProbe(root: root)
        let first = probe.sample(tid: tid)
        #expect(first.throttledPeriods == 3)
        #expect(first.throttledNs == 110_000)
        #expect(first.stealNs == 500_000_000)
        #expect(first.tracer == 12)
        #expect(first.gapNs == 0)
        try "nr_throttled 4\nthrottled_usec 900\n".write(
            toFile: root + "/sys/fs/cgroup/a/b/cpu.stat", atomically: false, encoding: .utf8)
        #expect(probe.sample(tid: tid).throttledPeriods == 6)
    }

    @Test func whatIsMissingIsSaidWithItsPrice() {
        let nothing = facilities(root: "/nonexistent")
        for part in [
            "/syscall cannot", "schedstat cannot", "self/stat cannot", "maps cannot", "nr_throttled", "/proc/stat",
            "status",
        ] {
            #expect(nothing.count { $0.contains(part) } >= 1, "\(part)")
        }
        #expect(Set(nothing).count == nothing.count)
        for line in nothing { #expect(line.contains(":") && line.hasSuffix("."), "\(line)") }
        #expect(facilities().count < nothing.count)
    }

    @Test func onlyTheSleepIsAGap() {
        let probe = HostProbe()
        let tid = lg_current_tid()
        // Before the first sleep nothing is known.
        probe.wokeUp(latenessNs: 1_000_000_000, wasRung: false)
        #expect(probe.sample(tid: tid).gapNs == 0)
        probe.willSleep()
        probe.wokeUp(latenessNs: 60_000_000_000, wasRung: false)
        #expect(probe.sample(tid: tid).gapNs < 60_000_000_000)
        probe.willSleep()
        let slept = lg_now_ns()
        usleep(20_000)
        probe.wokeUp(latenessNs: 0, wasRung: true)
        #expect(probe.sample(tid: tid).gapNs == 0)
        probe.tickSeen(beganNs: slept, dueNs: 5_000_000)
        #expect(probe.sample(tid: tid).gapNs >= 14_000_000)
        probe.willSleep()
        usleep(2_000)
        probe.wokeUp(latenessNs: 0, wasRung: false)
        probe.tickSeen(beganNs: slept, dueNs: 0)
        #expect(probe.sample(tid: tid).gapNs == 0)
    }

    /// Prints what it costs in CPU time; asserts nothing that a busy machine could break.
    @Test func cost() {
        func cpu() -> UInt64 {
            var time = timespec()
            clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
            return UInt64(time.tv_sec) * 1_000_000_000 + UInt64(time.tv_nsec)
        }
        let probe = HostProbe()
        let tid = lg_current_tid()
        _ = probe.sample(tid: tid)
        let began = cpu()
        for _ in 0..<2000 { _ = probe.sample(tid: tid) }
        let sampled = cpu()
        for _ in 0..<2000 { probe.wokeUp(latenessNs: 0, wasRung: false) }
        let woken = cpu()
        print("cost: host sample \((sampled - began) / 2000) ns of CPU, wake-up \((woken - sampled) / 2000) ns")
        #expect(woken > began)
    }
}

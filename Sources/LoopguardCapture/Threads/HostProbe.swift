import CLoopguard
import Glibc
public import LoopguardCore

/// Asks what the machine does to the threads of this process: CPU quota, stolen time, suspension, a debugger, and whether
/// the watchdog itself was kept from running.
///
/// Its files stay open. A sample is taken only while a loop is suspect. Measured, 20,000 `pread` calls each on 2 CPUs with
/// kernel 6.18: 2.9 µs of CPU for /proc/stat, 2.9 µs for /proc/self/status, 0.5 µs per control group level. /proc/stat takes
/// longer with more CPUs: only 1 KiB of it is copied, but the kernel writes it all. A wake-up costs one `pread` of
/// schedstat, 0.4 µs.
///
/// One thread only, the watchdog's.
public final class HostProbe {
    private let root: String
    private let stat: Int32
    private let process: Int32
    private var ownSchedule: Int32 = -1
    private var own = ThreadSchedule()
    private var groups: [Int32: [Int32]] = [:]
    private var asleepNs: UInt64 = 0
    private var awakeNs: UInt64 = 0
    private var wasRung = false
    private var isGapKnown = false
    private var gapNs: UInt64 = 0
    private var gapRunDelayNs: UInt64 = 0
    private var gapTimeslices: UInt64 = 0

    /// - Parameter root: put before `/proc` and `/sys/fs/cgroup`; for tests. Default none.
    public init(root: String = "") {
        self.root = root
        stat = open(root + "/proc/stat", O_RDONLY | O_CLOEXEC)
        process = open(root + "/proc/self/status", O_RDONLY | O_CLOEXEC)
    }

    deinit {
        for descriptor in [stat, process, ownSchedule] + groups.values.joined() where descriptor >= 0 {
            close(descriptor)
        }
    }

    /// Notes that the calling thread is about to sleep.
    public func willSleep() { asleepNs = lg_now_ns() }

    /// Notes that the calling thread has just woken up.
    ///
    /// - Parameters:
    ///   - latenessNs: how much later than it asked for.
    ///   - wasRung: it was woken by a loop, which may have been long ago.
    public func wokeUp(latenessNs: UInt64, wasRung: Bool) {
        awakeNs = lg_now_ns()
        self.wasRung = wasRung
        if ownSchedule < 0 {
            ownSchedule = open(root + "/proc/thread-self/schedstat", O_RDONLY | O_CLOEXEC)
            own = read(ownSchedule, ThreadSchedule.parse) ?? own
        }
        // Without the file nothing is known about the gap, and nothing is concluded from it.
        guard let now = read(ownSchedule, ThreadSchedule.parse) else {
            isGapKnown = false
            return
        }
        isGapKnown = asleepNs != 0
        gapNs = gap(latenessNs)
        gapRunDelayNs = now.runDelayNs - min(now.runDelayNs, own.runDelayNs)
        gapTimeslices = now.timeslices - min(now.timeslices, own.timeslices)
        own = now
    }

    /// Notes that the tick that began at `beganNs` should have been looked at `dueNs` after its beginning. A loop that rings
    /// the bell does not say when it did.
    public func tickSeen(beganNs: UInt64, dueNs: UInt64) {
        guard isGapKnown, wasRung else { return }
        let due = beganNs.addingReportingOverflow(dueNs).partialValue
        gapNs = max(gapNs, gap(awakeNs - min(awakeNs, due)))
    }

    /// Only the sleep counts: what the watchdog does while awake may take long without anything being wrong.
    private func gap(_ ns: UInt64) -> UInt64 { isGapKnown ? min(ns, awakeNs - min(awakeNs, asleepNs)) : 0 }

    /// What the machine has done so far to thread `tid`.
    public func sample(tid: Int32) -> HostSample {
        var sample = HostSample(atNs: lg_now_ns())
        if isGapKnown {
            sample.gapNs = gapNs
            sample.gapRunDelayNs = gapRunDelayNs
            sample.gapTimeslices = gapTimeslices
            sample.wokeNs = awakeNs
        }
        var boot = timespec()
        clock_gettime(CLOCK_BOOTTIME, &boot)
        let bootNs = UInt64(boot.tv_sec) * 1_000_000_000 + UInt64(boot.tv_nsec)
        sample.suspendedNs = bootNs - min(bootNs, sample.atNs)
        // Two clocks read one after the other: what is less than a millisecond is no suspension.
        sample.suspendedNs = sample.suspendedNs / 1_000_000 * 1_000_000
        sample.stealNs = read(stat, Self.steal)
        sample.tracer = read(process, Self.tracer) ?? 0
        for file in files(of: tid) {
            guard let (periods, ns) = read(file, ControlGroup.throttling) else { continue }
            sample.throttledPeriods = (sample.throttledPeriods ?? 0) &+ periods
            sample.throttledNs = (sample.throttledNs ?? 0) &+ ns
        }
        return sample
    }

    /// What cannot be read, and what that costs; empty when all is there. Any thread.
    public static func missing(root: String = "", tid: Int32) -> [String] {
        let probe = HostProbe(root: root)
        let sample = probe.sample(tid: tid)
        var missing: [String] = []
        if sample.throttledPeriods == nil {
            missing.append(
                "No cpu.stat of the control group with nr_throttled: waiting for a used-up CPU quota cannot be told from "
                    + "waiting for a CPU.")
        }
        if sample.stealNs == nil {
            missing.append("/proc/stat cannot be read: CPU time stolen by the hypervisor is not recognised.")
        }
        if probe.process < 0 {
            missing.append(
                "/proc/self/status cannot be read: a debugger, and signals that a thread blocks, are not seen.")
        }
        return missing
    }

    private func files(of tid: Int32) -> [Int32] {
        if let known = groups[tid] { return known }
        if groups.count >= 128 {
            for descriptor in groups.values.joined() { close(descriptor) }
            groups.removeAll()
        }
        let membership =
            SmallFile.read(root + "/proc/self/task/\(tid)/cgroup", limit: 16384)
            ?? SmallFile.read(root + "/proc/self/cgroup", limit: 16384)
        let mounts = SmallFile.read(root + "/proc/self/mountinfo", limit: 65536)
        let paths = ControlGroup.statFiles(membership: membership ?? "", mounts: mounts ?? "", root: root)
        let opened = paths.map { open($0, O_RDONLY | O_CLOEXEC) }.filter { $0 >= 0 }
        groups[tid] = opened
        return opened
    }

    /// `steal` of the first line of /proc/stat, in nanoseconds. The ticks are USER_HZ, which is 100 on Linux.
    static func steal(_ bytes: UnsafeRawBufferPointer) -> UInt64? {
        var fields = ProcFields(bytes)
        // cpu user nice system idle iowait irq softirq steal
        guard fields.word()?.elementsEqual("cpu".utf8) == true, fields.skip(7), let ticks = fields.decimal() else {
            return nil
        }
        return ticks.multipliedReportingOverflow(by: 10_000_000).partialValue
    }

    /// `TracerPid` of /proc/self/status.
    static func tracer(_ bytes: UnsafeRawBufferPointer) -> Int32? {
        var fields = ProcFields(bytes)
        while let word = fields.word() {
            guard word.elementsEqual("TracerPid:".utf8) else { continue }
            // A tabulator stands before the number.
            return fields.decimal().map { Int32(truncatingIfNeeded: $0) }
        }
        return nil
    }

    private func read<Value>(_ descriptor: Int32, _ parse: (UnsafeRawBufferPointer) -> Value?) -> Value? {
        guard descriptor >= 0 else { return nil }
        return withUnsafeTemporaryAllocation(byteCount: 1024, alignment: 8) { buffer in
            let count = pread(descriptor, buffer.baseAddress, buffer.count, 0)
            return count > 0 ? parse(UnsafeRawBufferPointer(rebasing: buffer[..<count])) : nil
        }
    }
}

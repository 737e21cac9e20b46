import CLoopguard
import Glibc
public import LoopguardCore

/// Asks the kernel what a thread of this process does.
///
/// Keeps the three files of `/proc/self/task/TID` open, so that a sample costs three `pread` calls (measured: 2.2 µs of CPU
/// in all, kernel 6.18) and cannot be fooled by a thread identifier that was reused: the descriptors belong to the thread. After the thread's end samples
/// are all zero, with ``SystemCallState/unavailable``.
///
/// One thread only: use each probe on the thread that made it, or hand it over whole.
public final class ThreadProbe {
    /// The thread that is probed.
    public let tid: Int32

    private let schedule: Int32
    private let statusFile: Int32
    private let call: Int32

    /// Opens the thread's files. Files that the kernel does not offer are left out: their fields stay zero.
    ///
    /// - Parameter tid: identifier of a thread of this process, as gettid(2) returns it.
    /// - Throws: ``CaptureError/Code/noSuchThread`` when none of the files can be opened.
    public init(tid: Int32) throws(CaptureError) {
        self.tid = tid
        let directory = "/proc/self/task/\(tid)/"
        schedule = Self.open(directory + "schedstat")
        statusFile = Self.open(directory + "stat")
        call = Self.open(directory + "syscall")
        if schedule < 0, statusFile < 0, call < 0 {
            throw CaptureError(.noSuchThread, "no files under \(directory): the thread has ended, or /proc is missing.")
        }
    }

    deinit {
        for descriptor in [schedule, statusFile, call] where descriptor >= 0 { close(descriptor) }
    }

    /// What the thread does now. Does not block, does not disturb the thread.
    public func sample() -> ThreadSample {
        let call = systemCall()
        let status = self.status() ?? ThreadStatus()
        let schedule = self.schedstat() ?? ThreadSchedule()
        return ThreadSample(
            atNs: lg_now_ns(), cpuNs: schedule.cpuNs, runDelayNs: schedule.runDelayNs, timeslices: schedule.timeslices,
            state: status.state, majorFaults: status.majorFaults, systemTicks: status.systemTicks,
            userTicks: status.userTicks, systemCall: call)
    }

    /// CPU time of the thread so far, nanoseconds; nil when the kernel does not tell. One `pread`.
    public func cpuNs() -> UInt64? { schedstat()?.cpuNs }

    /// The system call that the thread is blocked in.
    func systemCall() -> SystemCallState { read(call, SystemCallState.parse) ?? .unavailable }

    /// State and tick-grained counters of the thread.
    func status() -> ThreadStatus? { read(statusFile, ThreadStatus.parse) }

    /// What the scheduler counted for the thread.
    func schedstat() -> ThreadSchedule? { read(schedule, ThreadSchedule.parse) }

    private static func open(_ path: String) -> Int32 {
        FaultInjection.fails(.procOpen) ? -1 : Glibc.open(path, O_RDONLY | O_CLOEXEC)
    }

    private func read<Value>(_ descriptor: Int32, _ parse: (UnsafeRawBufferPointer) -> Value?) -> Value? {
        guard descriptor >= 0, !FaultInjection.fails(.procRead) else { return nil }
        return withUnsafeTemporaryAllocation(byteCount: 1024, alignment: 8) { buffer in
            let count = pread(descriptor, buffer.baseAddress, buffer.count, 0)
            return count > 0 ? parse(UnsafeRawBufferPointer(rebasing: buffer[..<count])) : nil
        }
    }
}

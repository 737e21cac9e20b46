/// What the kernel says about a thread at one moment: `/proc/self/task/TID/{schedstat,stat,syscall}`, see proc(5).
public struct ThreadSample: Sendable, Equatable {
    /// CLOCK_MONOTONIC when it was taken.
    public var atNs: UInt64
    /// Time on a CPU so far (schedstat, first field).
    public var cpuNs: UInt64
    /// Time runnable but waiting for a CPU so far (schedstat, second field).
    public var runDelayNs: UInt64
    /// Time slices run so far (schedstat, third field): unchanged = the thread has not run in between.
    public var timeslices: UInt64
    /// `R`, `S`, `D`, `T`, `t`… (stat, third field).
    public var state: Character
    /// Page faults that needed a disk, so far (stat).
    public var majorFaults: UInt64
    /// System time in clock ticks (stat).
    public var systemTicks: UInt64
    /// User time in clock ticks (stat).
    public var userTicks: UInt64
    /// What the thread is blocked in.
    public var systemCall: SystemCallState

    /// All its parts.
    public init(
        atNs: UInt64, cpuNs: UInt64, runDelayNs: UInt64, timeslices: UInt64, state: Character, majorFaults: UInt64,
        systemTicks: UInt64, userTicks: UInt64, systemCall: SystemCallState
    ) {
        self.atNs = atNs
        self.cpuNs = cpuNs
        self.runDelayNs = runDelayNs
        self.timeslices = timeslices
        self.state = state
        self.majorFaults = majorFaults
        self.systemTicks = systemTicks
        self.userTicks = userTicks
        self.systemCall = systemCall
    }
}

/// Content of `/proc/self/task/TID/syscall`.
public enum SystemCallState: Sendable, Equatable {
    /// `running`: on a CPU or runnable.
    case running
    /// Blocked in system call `number`.
    case blocked(number: Int, arguments: [UInt64], stackPointer: UInt64, programCounter: UInt64)
    /// `-1 sp pc`: blocked, but not in a system call (a page fault).
    case outsideSystemCall(stackPointer: UInt64, programCounter: UInt64)
    /// The file could not be read.
    case unavailable
}

/// A blocked call in the terms of people: what it waits for, and who holds it.
public struct BlockedCall: Sendable, Equatable {
    /// `read`, `connect`, `futex`…
    public var name: String
    /// Path, peer address, `pipe:[…]`, `futex 0x…`.
    public var target: String?
    /// `tid (name)` of the owner of the lock waited for.
    public var lockOwner: String?
    /// The thread of `lockOwner`.
    public var lockOwnerTid: Int32?

    /// All its parts.
    public init(name: String, target: String? = nil, lockOwner: String? = nil, lockOwnerTid: Int32? = nil) {
        self.lockOwnerTid = lockOwnerTid
        self.name = name
        self.target = target
        self.lockOwner = lockOwner
    }
}

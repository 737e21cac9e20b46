/// Why a loop stalled, with the evidence.
public struct StallCause: Codable, Sendable, Equatable {
    /// The class.
    public var category: CauseCategory
    /// One sentence for people: `blocked in clock_nanosleep(2)`.
    public var summary: String
    /// Name of the system call that the thread was blocked in.
    public var systemCall: String?
    /// What the call was about: a path, a peer (`10.0.0.7:5432`), `pipe`, `futex 0x…`.
    public var target: String?
    /// Thread that holds the lock waited for, as `tid (name)`.
    public var lockOwner: String?
    /// Where the time went.
    public var shares: CauseShares
    /// True when the machine, not the handler, is to blame.
    public var hostAtFault: Bool
    /// The figures behind the verdict, one line each.
    public var evidence: [String]

    /// All its parts.
    public init(
        category: CauseCategory, summary: String, systemCall: String? = nil, target: String? = nil,
        lockOwner: String? = nil, shares: CauseShares = CauseShares(), hostAtFault: Bool = false,
        evidence: [String] = []
    ) {
        self.category = category
        self.summary = summary
        self.systemCall = systemCall
        self.target = target
        self.lockOwner = lockOwner
        self.shares = shares
        self.hostAtFault = hostAtFault
        self.evidence = evidence
    }
}

/// Class of a cause. May grow.
public struct CauseCategory: RawRepresentable, Codable, Sendable, Hashable {
    /// The name, as in JSON.
    public var rawValue: String
    /// A value by its name; unknown ones are kept.
    public init(rawValue: String) { self.rawValue = rawValue }

    /// On a CPU, in user code.
    public static let computing = CauseCategory(rawValue: "computing")
    /// On a CPU, in the kernel on the thread's behalf.
    public static let computingInKernel = CauseCategory(rawValue: "computing-in-kernel")
    /// Waiting in a system call other than those below.
    public static let blockedInSystemCall = CauseCategory(rawValue: "blocked-in-system-call")
    /// Waiting for a lock, semaphore or condition (futex).
    public static let lockWait = CauseCategory(rawValue: "lock-wait")
    /// Uninterruptible wait for a disk.
    public static let disk = CauseCategory(rawValue: "disk")
    /// Waiting for pages to be read in.
    public static let pageFaultIO = CauseCategory(rawValue: "page-fault-io")
    /// Runnable, but the scheduler gave the CPU to others.
    public static let starved = CauseCategory(rawValue: "starved")
    /// The control group had used up its CPU quota.
    public static let throttled = CauseCategory(rawValue: "throttled")
    /// The hypervisor gave the CPU to other machines.
    public static let stolen = CauseCategory(rawValue: "stolen")
    /// The process was stopped (SIGSTOP, debugger).
    public static let stopped = CauseCategory(rawValue: "stopped")
    /// No class has a clear majority; see the shares.
    public static let mixed = CauseCategory(rawValue: "mixed")
    /// Not enough samples to say.
    public static let unknown = CauseCategory(rawValue: "unknown")
}

/// Shares of the observed time, each 0…1.
public struct CauseShares: Codable, Sendable, Hashable {
    /// On a CPU.
    public var cpu: Double
    /// Runnable, waiting for a CPU.
    public var runDelay: Double
    /// Blocked.
    public var waiting: Double

    /// All its parts.
    public init(cpu: Double = 0, runDelay: Double = 0, waiting: Double = 0) {
        self.cpu = cpu
        self.runDelay = runDelay
        self.waiting = waiting
    }
}

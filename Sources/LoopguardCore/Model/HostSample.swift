/// What the machine did to all its threads, at one moment. Taken only while a loop is suspect.
public struct HostSample: Sendable, Equatable {
    /// CLOCK_MONOTONIC when it was taken.
    public var atNs: UInt64
    /// CLOCK_BOOTTIME − CLOCK_MONOTONIC: time the machine has been suspended so far.
    public var suspendedNs: UInt64
    /// Periods in which the thread's control group, or one around it, had used up its CPU quota (`nr_throttled`); nil when
    /// there is no such file.
    public var throttledPeriods: UInt64?
    /// … and for how long, summed over CPUs (`throttled_usec`, `throttled_time`).
    public var throttledNs: UInt64?
    /// Time that the hypervisor ran others on our CPUs, summed over CPUs, in steps of 10 ms (proc(5), `steal`); nil when
    /// /proc/stat cannot be read.
    public var stealNs: UInt64?
    /// Process that traces this one (`TracerPid`), 0 = none.
    public var tracer: Int32
    /// The watchdog's own last sleep, beyond what it asked for.
    public var gapNs: UInt64
    /// … of which it waited for a CPU. A gap without such a wait may mean that all threads were held: SIGSTOP, a debugger, a
    /// frozen control group; or that the hypervisor took the CPU.
    public var gapRunDelayNs: UInt64
    /// Time slices that the watchdog got from before the sleep until after it. Whoever is held and let go is woken twice: to
    /// stop, and to go on. A sleep that just lasted too long ends with one.
    public var gapTimeslices: UInt64
    /// When the watchdog woke up from that sleep. CLOCK_MONOTONIC.
    public var wokeNs: UInt64

    /// All its parts.
    public init(
        atNs: UInt64, suspendedNs: UInt64 = 0, throttledPeriods: UInt64? = nil, throttledNs: UInt64? = nil,
        stealNs: UInt64? = nil, tracer: Int32 = 0, gapNs: UInt64 = 0, gapRunDelayNs: UInt64 = 0,
        gapTimeslices: UInt64 = 0, wokeNs: UInt64? = nil
    ) {
        self.atNs = atNs
        self.suspendedNs = suspendedNs
        self.throttledPeriods = throttledPeriods
        self.throttledNs = throttledNs
        self.stealNs = stealNs
        self.tracer = tracer
        self.gapNs = gapNs
        self.gapRunDelayNs = gapRunDelayNs
        self.gapTimeslices = gapTimeslices
        self.wokeNs = wokeNs ?? atNs
    }
}

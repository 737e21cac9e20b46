import LoopguardCapture
import LoopguardCore

/// What the watchdog saw of one stall at one moment; it becomes a ``StallReport`` on the report thread.
struct StallObservation: Sendable {
    /// One tick of one loop: ticks of a loop never begin at the same nanosecond.
    struct Key: Hashable, Sendable {
        var loop: String
        var beganNs: UInt64
    }

    enum Phase: Sendable {
        /// Still running.
        case ongoing
        /// Over; the duration is exact.
        case ended
        /// It was over before the watchdog could look: counted by the loop itself, without a stack.
        case missed
    }

    struct Stack: Sendable {
        var offsetNs: UInt64
        var captured: CapturedStack
    }

    /// Another thread that explains the stall.
    struct Related: Sendable {
        var tid: Int32
        var name: String
        var state: String
        var stack: Stack
    }

    var key: Key
    var phase: Phase
    var durationNs: UInt64
    /// False when the loop's own record of the tick was lost: it lasted at least `durationNs`.
    var isExact: Bool
    var thresholdNs: UInt64
    var startedAtUnixNs: Int64
    var scope: StallScope?
    var connections: Int
    /// The most that has waited on the loop so far.
    var burden = LoopBurden()
    /// To be read on the report thread while the stall goes on.
    var burdens: LoopBurdens?
    /// Pings that were due and could not be sent.
    var pingsMissed = 0
    var jobsInTick: UInt64
    var kind: StallKind
    /// A stack taken just now.
    var stack: Stack?
    var baseline: ThreadSample?
    var threadSamples: [ThreadSample]
    /// A sample taken right after the end.
    var closing: ThreadSample?
    /// What the machine did meanwhile.
    var hostSamples: [HostSample]
    /// Where the signals that asked for stacks found the thread.
    var interruptions: CauseClassifier.Interruptions
    /// What the thread was blocked in, by number of the system call.
    var calls: [Int: BlockedCall]
    /// The owner of the lock that the thread waits for, seen just now.
    var owner: Related?
    var latenessNs: UInt64
    var detectionLatencyNs: UInt64?
}

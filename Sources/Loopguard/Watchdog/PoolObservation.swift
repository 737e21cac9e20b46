import LoopguardCapture
import LoopguardCore

/// What the watchdog saw of a pool of threads that is stuck, at one moment; it becomes a ``StallReport`` on the report thread.
struct PoolObservation: Sendable {
    /// A thread of the pool.
    struct Thread: Sendable {
        var tid: Int32
        var name: String
        /// What it was doing, in words.
        var state: String?
        var stack: CapturedStack
    }

    /// `cooperative-pool` or `blocking-pool`.
    var pool: String
    var beganNs: UInt64
    var phase: StallObservation.Phase
    var durationNs: UInt64
    var thresholdNs: UInt64
    var startedAtUnixNs: Int64
    var kind: StallKind
    /// Connections that may suffer.
    var connections: Int
    /// The whole pool, as it was when the stall was noticed; empty later on.
    var threads: [Thread] = []
    /// Stack of the thread that says most.
    var telling: StallObservation.Stack?
    /// Its figures.
    var baseline: ThreadSample?
    var samples: [ThreadSample] = []
    /// What the machine did meanwhile.
    var hostSamples: [HostSample] = []
    var call: BlockedCall?
    /// Overrules the sentence that is made of the figures.
    var summary: String?
    var evidence: [String] = []
    var latenessNs: UInt64
    var detectionLatencyNs: UInt64?
    /// The stall has not been submitted before.
    var isFirst = false
}

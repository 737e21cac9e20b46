/// A part of the suite that has a process of its own.
enum Scenario: String, CaseIterable, Sendable {
    case core
    case jobs
    case starved
    case throttled
    case stopped
    case controls
    case memory
    case storms
    case peers
    case nioMetrics = "nio-metrics"

    var title: String {
        switch self {
        case .core: "labelled stalls"
        case .jobs: "many jobs, yields for ever"
        case .starved: "starved by CPU hogs"
        case .throttled: "throttled by a CPU quota"
        case .stopped: "process stopped and continued"
        case .controls: "negative controls"
        case .memory: "memory after many stalls"
        case .storms: "captures under storms"
        case .peers: "the same stalls, seen by a ping watcher as well"
        case .nioMetrics: "the same stalls, seen by NIO's metrics delegate"
        }
    }

    /// Nobody waits longer for its process.
    var limitSeconds: Int { self == .core ? 900 : 240 }
}

/// How much to do.
struct Plan: Sendable {
    var rounds: Int
    var seed: UInt64
    var thresholdNs: UInt64
    var isSmoke: Bool
    /// Kinds to plant; empty = all.
    var kinds: [String] = []
    var directory: String
}

extension Scenario {
    /// Runs in this process.
    func measure(_ plan: Plan, progress: Progress) async throws -> ChildResult {
        switch self {
        case .core: try await Self.core(plan, progress: progress)
        case .jobs: try await Self.jobs(plan, progress: progress)
        case .starved: try await Self.starved(plan, progress: progress)
        case .throttled: try await Self.throttled(plan, progress: progress)
        case .stopped: try await Self.stopped(plan, progress: progress)
        case .controls: try await Self.controls(plan, progress: progress)
        case .memory: try await Self.memory(plan, progress: progress)
        case .storms: try await Self.storms(plan, progress: progress)
        case .peers: try await Self.peers(plan, progress: progress)
        case .nioMetrics: try await Self.nioMetrics(plan, progress: progress)
        }
    }
}

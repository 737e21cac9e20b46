/// What a blocking pool without a free thread is doing, in words. Pure.
public struct BlockingPoolVerdict: Sendable, Equatable {
    /// Jobs named in the evidence at most.
    public static let maximumJobs = 16

    /// ``StallKind/blockingPool`` or ``StallKind/offloadDeadlock``.
    public var kind: StallKind
    /// One sentence.
    public var summary: String
    /// One line for each running job, and for the oldest that wait.
    public var evidence: [String]

    /// Judges one look.
    ///
    /// A deadlock: every running job is blocked, and a job that was offloaded from within it waits for a thread. Nobody can tell
    /// for sure what a thread waits for, so a job that has offloaded work and then waits for something else counts as well.
    ///
    /// - Parameters:
    ///   - now: CLOCK_MONOTONIC, nanoseconds.
    ///   - blocked: identifiers of the running jobs whose threads have not run between two looks.
    public init(_ look: BlockingPoolDetector.Look, now: UInt64, blocked: Set<UInt64>) {
        let origins = Set(look.queued.compactMap(\.origin))
        let waiting = look.running.filter { origins.contains($0.id) }
        let isDeadlock =
            !look.running.isEmpty && waiting.count == look.running.count
            && look.running.allSatisfy { blocked.contains($0.id) }
        let oldest = look.queued.map(\.sinceNs).min().map { now.saturatingSubtract($0) } ?? 0
        let held = Self.names(look.running)
        if isDeadlock {
            kind = .offloadDeadlock
            summary =
                "offloaded work waits for offloaded work that has no thread: \(held) for "
                + Self.names(look.queued.filter { job in waiting.contains { $0.id == job.origin } })
        } else {
            kind = .blockingPool
            summary =
                "all \(look.threads) threads of the blocking pool are busy with \(held); "
                + "\(look.queued.count) wait, the oldest for \(HumanText.duration(ns: oldest))"
        }
        evidence = []
        if !isDeadlock, !waiting.isEmpty {
            evidence.append(
                "\(waiting.count) of \(look.running.count) running jobs may wait for work of their own that is queued")
        }
        evidence += look.running.prefix(Self.maximumJobs).map { Self.line($0, "running", now) }
        evidence += look.queued.prefix(Self.maximumJobs).map { Self.line($0, "queued", now) }
        let left = max(0, look.running.count - Self.maximumJobs) + max(0, look.queued.count - Self.maximumJobs)
        if left > 0 { evidence.append("… and \(left) more") }
    }

    /// What a thread says of the job that it runs: name, age, correlation ID.
    public static func note(_ job: BlockingPoolDetector.Job, now: UInt64) -> String {
        "\(job.name) for \(HumanText.duration(ns: now.saturatingSubtract(job.sinceNs)))"
            + (job.correlation.map { ", correlation \($0)" } ?? "")
    }

    private static func line(_ job: BlockingPoolDetector.Job, _ state: String, _ now: UInt64) -> String {
        "\(state): \(note(job, now: now))"
    }

    /// `3 × load-profile, resize`; the most frequent first.
    private static func names(_ jobs: [BlockingPoolDetector.Job]) -> String {
        var counts: [String: Int] = [:]
        for job in jobs { counts[job.name, default: 0] += 1 }
        let ranked = counts.sorted { ($1.value, $0.key) < ($0.value, $1.key) }
        let shown = ranked.prefix(4).map { $0.value == 1 ? $0.key : "\($0.value) × \($0.key)" }
        return shown.joined(separator: ", ") + (ranked.count > 4 ? ", …" : "")
    }
}

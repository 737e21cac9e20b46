/// How a report is put into words, the same on all surfaces.
struct StallWords {
    let report: StallReport

    /// The sample to show first: the first trustworthy one with frames.
    var mainSample: StackSample? {
        report.samples.first { !$0.frames.isEmpty && $0.validity == .verified }
            ?? report.samples.first { !$0.frames.isEmpty } ?? report.samples.first
    }

    /// The innermost frame that somebody wrote; else the innermost of all: see ``headline``.
    var culprit: StackFrame? {
        let frames = mainSample?.frames ?? []
        return frames.first { !$0.isRuntime && $0.function != nil } ?? frames.first { !$0.isRuntime } ?? frames.first
    }

    /// Name of the place.
    var headline: String {
        if let culprit {
            return culprit.isRuntime ? Self.withoutOwnFrame(report.cause, mainSample?.frames ?? []) : Self.name(culprit)
        }
        if let scope = report.scope, !scope.route.isEmpty { return "handler of \(scope.route)" }
        return "no stack"
    }

    /// `Sources/App/SlowStore.swift:17`; nil when not known.
    var place: String? { culprit.flatMap(Self.place) }

    /// The kind in words; nil for the usual one.
    var kind: String? {
        switch report.kind {
        case .singleJob: nil
        case .loopWork: "work of the loop itself (a channel handler or a scheduled task)"
        case .overloadedTick: "overloaded tick: many jobs, none of them long"
        case .yieldStarvation: "yield starvation: a handler that resumes for ever"
        case .blockingCall: "strict mode: a call that may block, however short it was"
        default: report.kind.rawValue
        }
    }

    /// `worker 1, loop-0`.
    var whereabouts: String { "worker \(report.worker), \(report.loop)" }

    /// `4,120 connections behind it (3,139 connection-seconds lost)`.
    var blast: String {
        "\(HumanText.count(report.blast.connections, "connection")) behind it "
            + "(\(HumanText.connectionSeconds(report.blast.connectionSeconds)) connection-seconds lost)"
    }

    /// What else waited: `3 broadcasts and 12 kB waiting`, `2 pings missed`; empty when nothing is known to.
    var harm: [String] {
        var parts: [String] = []
        var waiting: [String] = []
        if report.blast.broadcastsWaiting > 0 {
            waiting.append(HumanText.count(report.blast.broadcastsWaiting, "broadcast"))
        }
        if report.blast.bytesWaiting > 0 { waiting.append(HumanText.bytes(report.blast.bytesWaiting)) }
        if !waiting.isEmpty { parts.append(waiting.joined(separator: " and ") + " waiting") }
        if report.blast.pingsMissed > 0 { parts.append(HumanText.count(report.blast.pingsMissed, "ping") + " missed") }
        return parts
    }

    /// The line of code that the remedy proposes, without its backticks; nil when it proposes none.
    var proposal: String? {
        report.remedy.split(separator: "`", omittingEmptySubsequences: false).enumerated()
            .first { $0.offset % 2 == 1 && $0.element.contains("await ") && !$0.element.contains("Task.yield") }
            .map { String($0.element) }
    }

    /// What the role of a related stack is, in words.
    static func role(_ role: RelatedRole) -> String {
        switch role {
        case .lockOwner: "holds the lock"
        case .poolThread: "thread of the pool"
        default: role.rawValue
        }
    }

    /// The name of a place where the stack has frames of the runtime alone, which are nobody's fault: what went on, and where it was.
    static func withoutOwnFrame(_ cause: StallCause, _ frames: [StackFrame]) -> String {
        let top = frames.first { $0.function?.isEmpty == false } ?? frames.first
        return "no application frame: \(what(cause))" + (top.map { ", in \(name($0))" } ?? "")
    }

    /// The class of a cause in words that stay the same while it goes on, unlike the summary with its figures.
    private static func what(_ cause: StallCause) -> String {
        switch cause.category {
        case .computing: "computing"
        case .computingInKernel: "computing in the kernel"
        case .blockedInSystemCall: cause.systemCall.map { "blocked in \($0)(2)" } ?? "blocked in a system call"
        case .lockWait: "waiting for a lock"
        case .disk: "waiting for a disk"
        case .pageFaultIO: "waiting for memory to be read from disk"
        case .starved: "ready to run, without a CPU"
        case .throttled: "out of CPU quota"
        case .stolen: "the hypervisor ran others"
        case .stopped: "the process was stopped"
        case .mixed: "several causes"
        default: "cause unknown"
        }
    }

    static func name(_ frame: StackFrame) -> String {
        if let function = frame.function, !function.isEmpty { return function }
        return "\(frame.module ?? "?") + \(frame.moduleOffset ?? frame.address)"
    }

    static func place(_ frame: StackFrame) -> String? {
        guard let file = frame.file, !file.isEmpty else { return nil }
        return shortPath(file) + (frame.line.map { ":\($0)" } ?? "")
    }

    /// From `Sources/` or `Tests/` on, else the last three components.
    static func shortPath(_ path: String) -> String {
        let parts = path.split(separator: "/", omittingEmptySubsequences: true)
        if let root = parts.lastIndex(where: { $0 == "Sources" || $0 == "Tests" }), root < parts.count - 1 {
            return parts[root...].joined(separator: "/")
        }
        return parts.count > 3 ? parts.suffix(3).joined(separator: "/") : path
    }

    /// The frames of a stack with runtime frames in a row folded.
    enum Group {
        case user(StackFrame)
        case runtime([StackFrame])
    }

    static func groups(_ frames: [StackFrame]) -> [Group] {
        var groups: [Group] = []
        var folded: [StackFrame] = []
        for frame in frames {
            if frame.isRuntime {
                folded.append(frame)
                continue
            }
            if !folded.isEmpty { groups.append(.runtime(folded)) }
            folded = []
            groups.append(.user(frame))
        }
        if !folded.isEmpty { groups.append(.runtime(folded)) }
        return groups
    }

    /// Why a stack should be read with care; nil when there is no reason to.
    static func caveat(_ sample: StackSample) -> String? {
        let reason: String? =
            switch sample.validity {
            case .verified: nil
            case .stale: "stale: the thread moved on while it was read"
            case .partial: "partial: the unwinder did not reach the thread's start"
            case .notCaptured: "no stack was taken"
            default: sample.validity.rawValue
            }
        switch (reason, sample.note) {
        case (nil, nil): return nil
        case (let reason?, let note?): return "\(reason) (\(note))"
        case (let reason?, nil): return reason
        case (nil, let note?): return note
        }
    }
}

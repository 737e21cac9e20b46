import CAccuracy

/// One way to block a thread.
struct PlantKind: Sendable {
    var name: String
    /// Part of the Swift function's name that must be on the stack.
    var function: String
    var body: @Sendable (_ ns: UInt64, _ site: PlantSite) -> acc_outcome
    /// What a right report says, given what the planter measured.
    var expected: @Sendable (Truth) -> Expectation

    init(
        _ name: String, _ function: String, _ categories: [String], calls: [String] = [],
        _ body: @escaping @Sendable (UInt64, PlantSite) -> acc_outcome
    ) {
        self.name = name
        self.function = function
        self.body = body
        expected = { _ in Expectation(categories: categories, calls: calls, function: function) }
    }

    func expecting(_ expected: @escaping @Sendable (Truth) -> Expectation) -> PlantKind {
        var kind = self
        kind.expected = expected
        return kind
    }

    /// Blocks the calling thread and measures it.
    func plant(ns: UInt64, site: PlantSite) -> Truth {
        let before = ThreadTimes.current()
        let cpuBefore = acc_thread_cpu_ns()
        let began = acc_now_ns()
        let outcome = body(ns, site)
        let ended = acc_now_ns()
        let cpu = acc_thread_cpu_ns() - cpuBefore
        let after = ThreadTimes.current()
        return Truth(
            span: Span(beganNs: began, endedNs: ended), cpuNs: cpu,
            runDelayNs: after.runDelayNs - min(after.runDelayNs, before.runDelayNs),
            interrupted: outcome.interrupted, shortenedNs: outcome.shortened_ns, error: outcome.error)
    }
}

/// Files that plants need; made before the first one.
struct PlantSite: Sendable {
    var directory: String
    var library: String?
    var coldFile: String?
}

/// What the kernel says about a thread's time.
struct ThreadTimes: Sendable {
    var cpuNs: UInt64 = 0
    var runDelayNs: UInt64 = 0
    var slices: UInt64 = 0

    static func current() -> ThreadTimes { of(acc_tid()) }

    static func of(_ tid: Int32) -> ThreadTimes {
        var times = ThreadTimes()
        _ = acc_schedstat(tid, &times.cpuNs, &times.runDelayNs, &times.slices)
        return times
    }
}

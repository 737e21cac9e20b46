import CAccuracy

/// Plants runs one after the other and keeps the books.
struct Planter {
    let bench: GuardedBench
    let site: PlantSite
    private var lastHost: HostFigures
    private(set) var runs: [PlantedRun] = []

    init(bench: GuardedBench, site: PlantSite) {
        self.bench = bench
        self.site = site
        lastHost = bench.hostSums()
    }

    /// Plants `kind` in `place` for `factor` thresholds.
    ///
    /// - Parameter jitter: added to the length, as a share of it.
    mutating func plant(_ kind: PlantKind, in place: Place, factor: Double, jitter: Double = 0) async throws {
        let ns = UInt64(Double(bench.thresholdNs) * factor * (1 + jitter))
        let site = site
        try await record(kind: kind.name, place: place.rawValue, factor: factor) { loop in
            try await loop.run(place) { kind.plant(ns: ns, site: site) }
        } expected: { truth in
            var expected = kind.expected(truth)
            if expected.kinds.isEmpty { expected.kinds = place.kinds }
            return expected
        }
    }

    /// Runs anything that blocks the loop and says for how long.
    mutating func record(
        kind: String, place: String, factor: Double, _ work: (LoopUnderTest) async throws -> Truth,
        expected: (Truth) -> Expectation
    ) async throws {
        let lateBefore = bench.lateTicks
        let hostBefore = bench.hostSums()
        let began = acc_now_ns()
        let truth = try await work(bench.loop)
        try await bench.loop.turn()
        let ended = acc_now_ns()
        let hostAfter = bench.hostSums()
        var host = hostAfter - hostBefore
        host.loopRunDelayNs = (hostAfter - lastHost).loopRunDelayNs
        lastHost = hostAfter
        runs.append(
            PlantedRun(
                id: runs.count, kind: kind, place: place, factor: factor, loop: bench.loop.name,
                thresholdNs: bench.thresholdNs, truth: truth, expected: expected(truth),
                envelope: Span(beganNs: began, endedNs: ended), lateTicks: bench.lateTicks - lateBefore,
                unixOffsetNs: acc_unix_ns() - acc_now_ns(), host: host))
    }
}

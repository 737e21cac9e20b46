import CAccuracy

extension Scenario {
    /// All kinds in all places at all lengths, in random order.
    static func core(_ plan: Plan, progress: Progress) async throws -> ChildResult {
        var result = ChildResult(scenario: Scenario.core.rawValue)
        let wanted = PlantCatalogue.all.filter { plan.kinds.isEmpty || plan.kinds.contains($0.name) }
        let preparation = PlantPreparation(
            kinds: wanted, directory: plan.directory, coldBytes: plan.isSmoke ? 32 << 20 : 128 << 20)
        result.skipped = preparation.skipped
        let bench = try await GuardedBench(thresholdNs: plan.thresholdNs, route: "/accuracy")
        var planter = Planter(bench: bench, site: preparation.site)
        var random = SeededGenerator(seed: plan.seed)
        let cells = schedule(preparation.kinds, plan, &random)
        for (index, cell) in cells.enumerated() {
            progress.step(index + 1, of: cells.count)
            // The loop is quiet, just active, or the watchdog sleeps deeply: stalls come in all three.
            let gap = index % 60 == 30 ? 1_200 : Int.random(in: 2...12, using: &random)
            try await Task.sleep(for: .milliseconds(gap))
            try await planter.plant(
                cell.kind, in: cell.place, factor: cell.factor,
                jitter: cell.factor < 1 ? 0 : Double.random(in: 0...0.1, using: &random))
        }
        result.runs = planter.runs
        await bench.finish(&result)
        return result
    }

    private struct Cell {
        var kind: PlantKind
        var place: Place
        var factor: Double
    }

    private static func schedule(
        _ kinds: [PlantKind], _ plan: Plan, _ random: inout SeededGenerator
    ) -> [Cell] {
        let factors: [Double] = plan.isSmoke ? [0.5, 1, 2] : [0.5, 1, 2, 10]
        var cells: [Cell] = []
        for round in 0..<plan.rounds {
            for (index, kind) in kinds.enumerated() {
                for (number, place) in Place.allCases.enumerated() {
                    for (step, factor) in factors.enumerated() {
                        // A smoke run plants each kind at each length once, in changing places.
                        let isChosen = (index + step + round) % Place.allCases.count == number
                        if !plan.isSmoke || isChosen { cells.append(Cell(kind: kind, place: place, factor: factor)) }
                    }
                }
            }
        }
        cells.shuffle(using: &random)
        return cells
    }
}

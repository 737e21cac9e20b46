import CAccuracy
import Loopguard
import LoopguardCore

/// What is kept after many stalls of many places.
extension Scenario {
    static func memory(_ plan: Plan, progress: Progress) async throws -> ChildResult {
        var result = ChildResult(scenario: Scenario.memory.rawValue)
        // Many short stalls: the threshold is as low as it goes.
        let bench = try await GuardedBench(thresholdNs: 1_000_000, route: "/accuracy")
        let preparation = PlantPreparation(kinds: PlantCatalogue.all, directory: plan.directory, coldBytes: 8 << 20)
        let kinds = preparation.kinds.filter { $0.name != "waitpid" && $0.name != "getaddrinfo" && $0.name != "fsync" }
        let half = plan.isSmoke ? 300 : 3_000
        var planted = 0
        var figures = MemoryFigures(points: [])
        for part in 0..<3 {
            for _ in 0..<(part == 0 ? half / 10 : half) {
                let kind = kinds[planted % kinds.count]
                let place = Place.allCases[planted / kinds.count % Place.allCases.count]
                let site = preparation.site
                _ = try await bench.loop.run(place) { kind.plant(ns: 1_500_000, site: site) }
                planted += 1
                if planted % 50 == 0 { progress.step(planted, of: half * 2 + half / 10) }
            }
            await bench.settle(reports: Int(bench.lateTicks))
            let status = bench.runtime.status()
            let bytes = try StallJSON.encode(status)
            figures.points.append(
                MemoryFigures.Point(
                    stalls: planted, residentBytes: acc_resident_bytes(), storeBytes: bytes.count,
                    storedReports: status.stalls.recent.count, sites: status.stalls.sites.count))
            // The recorder of this suite keeps everything, which is not the watchdog's memory.
            bench.recorder.forget()
        }
        result.memory = figures
        await bench.finish(&result)
        result.reports = []
        return result
    }
}

import LoopguardCore
import Testing

@testable import loopguard_server

/// What the supervisor judges a run by survives the workers' ends and restarts.
struct RunBookTests {
    private func status(ticks: UInt64, stalls: Int? = nil, notReady: [String] = []) -> WorkerStatus {
        let loop = LoopStatus(
            name: "loop-0", tid: 1, connections: 0, ticks: ticks, jobs: 0, lateTicks: UInt64(stalls ?? 0),
            lateTotalNs: 0,
            lateMaxNs: 0, lateBuckets: [], busyForNs: 0, stalled: false)
        let tally = stalls.map { count in
            var tally = StallTally(boundsNs: [20_000_000])
            for _ in 0..<count { tally.add(report()) }
            return tally
        }
        return WorkerStatus(
            host: "h", worker: 1, pid: 1, generatedAtUnixNs: 0, startedAtUnixNs: 0, thresholdNs: 1, notReady: notReady,
            degradations: [], loops: [loop], stalls: StallsStatus(), offload: OffloadStatus(), metrics: [], tally: tally
        )
    }

    private func report() -> StallReport {
        StallReport(
            id: "i", host: "h", worker: 1, pid: 1, loop: "loop-0", startedAtUnixNs: 0, durationNs: 30_000_000,
            ongoing: false, thresholdNs: 1, detectionLatencyNs: nil, watchdogLatenessNs: 0, kind: .singleJob,
            cause: StallCause(category: .computing, summary: ""), scope: nil,
            blast: BlastRadius(connections: 0, connectionSeconds: 0), jobsInTick: 1, samples: [], fingerprint: "f",
            remedy: "")
    }

    private func book() throws -> RunBook { RunBook(budget: try StallBudget("p99<20ms")) }

    @Test func theLatestFiguresOfEachWorkerAreAddedUp() throws {
        var book = try book()
        book.connected(process: 1)
        book.connected(process: 2)
        book.heard(process: 1, status: status(ticks: 5, stalls: 1))
        book.heard(process: 1, status: status(ticks: 10, stalls: 2))
        // Nothing new since: the tally is left out.
        book.heard(process: 1, status: status(ticks: 11))
        book.heard(process: 2, status: status(ticks: 7, stalls: 3))
        #expect(book.figures.ticks == 18)
        #expect(book.figures.tally.ticks == 5)
        #expect(book.figures.tally.places.map(\.atLeast) == [[5]])
    }

    @Test func aWorkerThatHasGoneStillCounts() throws {
        var book = try book()
        book.connected(process: 1)
        book.heard(process: 1, status: status(ticks: 5, stalls: 1, notReady: [WorkerReadiness.ended]))
        #expect(book.connected == 1)
        book.disconnected(process: 1)
        book.disconnected(process: 1)
        book.connected(process: 2)
        book.heard(process: 2, status: status(ticks: 7, stalls: 1))
        // Late, of a process that is not known any more.
        book.heard(process: 1, status: status(ticks: 5000, stalls: 100))
        #expect(book.figures.ticks == 12)
        #expect(book.figures.tally.ticks == 2)
        #expect(book.connected == 1)
    }

    @Test func aWorkerThatDidNotTellItsLastFiguresIsNamed() throws {
        var book = try book()
        for process in 1...3 {
            book.connected(process: process)
            book.heard(
                process: process, status: status(ticks: 1, notReady: process == 1 ? [WorkerReadiness.ended] : []))
        }
        book.disconnected(process: 1)
        book.disconnected(process: 2)
        // The second was killed, the third hangs.
        #expect(book.figures.cutShort == 2)
    }
}

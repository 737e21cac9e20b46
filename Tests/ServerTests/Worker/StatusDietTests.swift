import LoopguardCore
import Testing

@testable import loopguard_server

@Suite struct StatusDietTests {
    private func report(_ id: Int) -> StallReport {
        let sample = StackSample(offsetNs: 1, validity: .verified, frames: [])
        return StallReport(
            id: "stall-\(id)", host: "h", worker: 1, pid: 1, loop: "loop-0", startedAtUnixNs: 0, durationNs: 1,
            ongoing: false, thresholdNs: 1, detectionLatencyNs: nil, watchdogLatenessNs: 0, kind: .singleJob,
            cause: StallCause(category: .computing, summary: ""), scope: nil,
            blast: BlastRadius(connections: 0, connectionSeconds: 0), jobsInTick: 1, samples: [sample, sample],
            fingerprint: "f", remedy: "")
    }

    private func status(finished: Int, ongoing: Int = 0) -> WorkerStatus {
        let reports = (0..<finished).reversed().map(report)
        var stalls = StallsStatus(total: UInt64(finished + ongoing))
        stalls.ongoing = (0..<ongoing).map { report(1000 + $0) }
        stalls.recent = reports
        if let worst = reports.first {
            stalls.sites = [
                StallSite(
                    fingerprint: "f", count: UInt64(finished), suppressed: 0, totalNs: 1, maxNs: 1,
                    connectionSeconds: 0, firstSeenUnixNs: 0, lastSeenUnixNs: 0, worst: worst)
            ]
        }
        return WorkerStatus(
            host: "h", worker: 1, pid: 1, generatedAtUnixNs: 0, startedAtUnixNs: 0, thresholdNs: 1, notReady: [],
            degradations: [], loops: [], stalls: stalls, offload: OffloadStatus(), metrics: [])
    }

    @Test func `finished stalls are sent once, and again when there is a new one`() {
        var diet = StatusDiet()
        #expect(!diet.next(status(finished: 1), at: .zero).stalls.isAbridged)
        let second = diet.next(status(finished: 1, ongoing: 1), at: .milliseconds(250)).stalls
        #expect(second.isAbridged && second.recent.isEmpty && second.sites.isEmpty)
        #expect(second.ongoing.count == 1 && second.total == 2)
        #expect(diet.next(status(finished: 2), at: .milliseconds(500)).stalls.recent.count == 2)
    }

    @Test func `many finished stalls are sent at most every two seconds`() {
        var diet = StatusDiet()
        let full = (0..<40).filter {
            !diet.next(status(finished: 60 + $0), at: .milliseconds(250 * $0)).stalls.isAbridged
        }
        #expect(full == [0, 8, 16, 24, 32])
    }

    @Test func `the list of the newest keeps one sample, a place all of its worst`() {
        var diet = StatusDiet()
        let stalls = diet.next(status(finished: 3), at: .zero).stalls
        #expect(stalls.recent.allSatisfy { $0.samples.count == 1 })
        #expect(stalls.sites[0].worst.samples.count == 2)
    }

    @Test func `the supervisor keeps what an abridged status leaves out`() {
        var diet = StatusDiet()
        var book = ClusterBook(workers: 1)
        book.spawned(slot: 1, process: 1, pid: 1, restarts: 0, at: .zero)
        book.heard(process: 1, status: diet.next(status(finished: 2), at: .zero), at: .zero)
        book.heard(process: 1, status: diet.next(status(finished: 2, ongoing: 1), at: .zero), at: .zero)
        let stalls = book.view(at: .zero).workers[0].status?.stalls
        #expect(stalls?.recent.count == 2 && stalls?.sites.count == 1 && stalls?.ongoing.count == 1)
        #expect(stalls?.isAbridged == false)
    }

    @Test func `the timeline is left out and kept like the list of the newest`() {
        var diet = StatusDiet()
        var book = ClusterBook(workers: 1)
        book.spawned(slot: 1, process: 1, pid: 1, restarts: 0, at: .zero)
        var told = status(finished: 2)
        told.stalls.timeline = [StallMark(report(0)), StallMark(report(1))]
        book.heard(process: 1, status: diet.next(told, at: .zero), at: .zero)
        let second = diet.next(told, at: .milliseconds(250))
        #expect(second.stalls.timeline.isEmpty)
        book.heard(process: 1, status: second, at: .zero)
        #expect(book.view(at: .zero).workers[0].status?.stalls.timeline.count == 2)
    }

    @Test func `a status stays within its limit however large its reports are`() throws {
        let name = String(repeating: "n", count: 1_000)
        let frame = StackFrame(function: name, file: name, line: 1, module: name, address: "0x1", kind: .physical)
        var huge = report(0)
        huge.samples = Array(
            repeating: StackSample(
                offsetNs: 1, validity: .verified, frames: Array(repeating: frame, count: 20)), count: 8)
        var told = status(finished: 30, ongoing: 30)
        for index in told.stalls.recent.indices { told.stalls.recent[index].samples = huge.samples }
        for index in told.stalls.ongoing.indices { told.stalls.ongoing[index].samples = huge.samples }
        told.stalls.timeline = Array(repeating: StallMark(huge), count: 512)
        let whole = try StallJSON.encode(told).count
        var sizes: [Int] = []
        for limit in [whole + 1, whole / 2, whole / 10, whole / 40, 100_000] {
            let line = try #require(StatusDiet.line(told, maximumBytes: limit))
            #expect(line.count <= limit)
            let read: WorkerStatus = try StallJSON.decode(from: line.dropLast())
            #expect(read.stalls.total == told.stalls.total)
            #expect(read.stalls.ongoing.count == 30, "what goes on is told in any case")
            sizes.append(line.count)
        }
        #expect(sizes == sizes.sorted(by: >))
        #expect(StatusDiet.line(told, maximumBytes: 10) == nil)
    }

    @Test func theTallyIsSentWhenItHasChanged() {
        var diet = StatusDiet()
        var status = status(finished: 0)
        #expect(diet.next(status, at: .zero).tally == nil)
        status.tally = StallTally()
        #expect(diet.next(status, at: .zero).tally == StallTally())
        #expect(diet.next(status, at: .zero).tally == nil)
        status.tally?.add(report(1))
        #expect(diet.next(status, at: .zero).tally?.ticks == 1)
        #expect(diet.next(status, at: .zero).tally == nil)
    }
}

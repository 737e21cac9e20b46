import LoopguardCore
import LoopguardRedis
import Testing

@testable import loopguard_server

@Suite struct HostBookTests {
    private func status(_ worker: Int = 1, total: UInt64 = 0) -> ClusterStatus {
        ClusterStatus(workers: [
            .init(
                worker: worker, pid: 7, state: "running", silentForNs: 0, restarts: 0,
                status: WorkerStatus(
                    host: "b", worker: worker, pid: 7, generatedAtUnixNs: 1, startedAtUnixNs: 1, thresholdNs: 50,
                    notReady: [], degradations: [], loops: [], stalls: StallsStatus(total: total),
                    offload: OffloadStatus(), metrics: []))
        ])
    }

    private func note(
        host: String = "b", version: String = "v1", beat: String = "1", heard: Int64 = 0, written: Int64 = 0,
        _ text: [UInt8]?
    ) -> RedisBoard.Note {
        .init(
            host: host, version: version, beat: beat, heardMsAgo: heard, writtenMsAgo: written,
            length: text?.count ?? 1 << 30,
            text: text)
    }

    @Test func `a host is shown, grows silent, and is forgotten`() throws {
        var book = HostBook()
        book.heard([note(written: 3_000, try StallJSON.encode(status()))], at: .seconds(100))
        #expect(book.known == ["b": "v1"])
        var view = book.view(at: .seconds(101))
        #expect(view.notes.isEmpty)
        #expect(view.workers.map(\.host) == ["b"] && view.workers.map(\.state) == ["running"])
        #expect(view.workers[0].silentForNs == 4_000_000_000, "its figures are so old")
        // It is not heard again, but Redis still has its note.
        book.heard([note(heard: 20_000, written: 23_000, nil)], at: .seconds(120))
        view = book.view(at: .seconds(120))
        #expect(view.workers.map(\.state) == ["silent"])
        #expect(view.workers[0].silentForNs == 20_000_000_000)
        #expect(view.notes == ["host b is silent for 20 s"])
        book.heard([note(heard: 3_600_000, nil)], at: .seconds(3_700))
        #expect(book.view(at: .seconds(3_700)).workers.isEmpty, "forgotten after an hour")
        // It has said goodbye.
        book.heard([], at: .seconds(3_701))
        #expect(book.known.isEmpty)
    }

    /// By our own clock since its beat has changed: what Redis' clock says counts at the first sight only.
    @Test func `a host is silent when its beat stands still, whatever the clock of Redis does`() throws {
        var book = HostBook()
        let text = try StallJSON.encode(status())
        func state(at seconds: Int) -> String? { book.view(at: .seconds(seconds)).workers.first?.state }
        book.heard([note(beat: "1", text)], at: .seconds(10))
        // A Redis whose clock is an hour ahead takes over: the beat goes on.
        for second in 11...14 {
            book.heard([note(beat: "\(second)", heard: 3_599_000, nil)], at: .seconds(second))
            #expect(state(at: second) == "running")
        }
        // It is killed: the beat stands still, though the clock jumps back and calls it fresh.
        for second in 15...19 {
            book.heard([note(beat: "14", heard: 0, nil)], at: .seconds(second))
            #expect(state(at: second) == (second - 13 <= 3 ? "running" : "silent"), "\(second)")
        }
        #expect(book.view(at: .seconds(19)).notes == ["host b is silent for 6 s"])
        // It is back.
        book.heard([note(beat: "20", heard: 100, nil)], at: .seconds(20))
        #expect(state(at: 20) == "running")
        // One that was dead long before we came is silent at once.
        var late = HostBook()
        late.heard([note(beat: "1", heard: 60_000, text)], at: .seconds(1))
        #expect(late.view(at: .seconds(1)).workers.map(\.state) == ["silent"])
    }

    @Test func `a look that we could not take is no silence of the others`() throws {
        var book = HostBook()
        book.heard([note(beat: "1", try StallJSON.encode(status()))], at: .seconds(1))
        #expect(book.view(at: .seconds(60)).workers.map(\.state) == ["running"])
        book.failed("Redis is away", at: .seconds(60))
        #expect(book.view(at: .seconds(60)).workers.map(\.state) == ["silent"])
    }

    @Test func `without Redis the last that was known is shown with the reason`() throws {
        var book = HostBook()
        book.failed("Redis is away", at: .seconds(1))
        #expect(book.view(at: .seconds(1)).notes == ["other hosts are unknown: Redis is away"])
        book.heard([note(try StallJSON.encode(status()))], at: .seconds(2))
        #expect(book.view(at: .seconds(2)).notes.isEmpty)
        book.failed("Redis is away", at: .seconds(15))
        let view = book.view(at: .seconds(15))
        #expect(view.workers.map(\.state) == ["silent"])
        #expect(view.notes.first == "other hosts are unknown: Redis is away; last heard of them 13 s ago")
        book.failed("Redis is away", at: .seconds(4_000))
        #expect(book.view(at: .seconds(4_000)).workers.isEmpty)
    }

    @Test func `what cannot be read is a line, and the last good status stays`() throws {
        var book = HostBook()
        book.heard([note(try StallJSON.encode(status()))], at: .seconds(1))
        for (version, text) in [("v2", Array("{\"workers\":7}".utf8)), ("v3", [0xFF, 0x00]), ("v4", nil)] {
            book.heard([note(version: version, text)], at: .seconds(2))
            let view = book.view(at: .seconds(2))
            #expect(view.workers.count == 1)
            #expect(view.notes.count == 1 && view.notes[0].hasPrefix("host b: its status "))
            #expect(book.known == ["b": version], "it is not fetched again and again")
        }
        let crowd = ClusterStatus(workers: Array(repeating: status().workers[0], count: 65))
        book.heard([note(version: "v5", try StallJSON.encode(crowd))], at: .seconds(3))
        #expect(book.view(at: .seconds(3)).notes == ["host b: it claims to have 65 workers"])
        book.heard([note(host: "", try StallJSON.encode(status()))], at: .seconds(4))
        #expect(book.view(at: .seconds(4)).workers.isEmpty, "a host without a name is none")
    }

    @Test func `times out of range do no harm`() throws {
        var book = HostBook()
        book.heard(
            [note(heard: .max, written: .max, try StallJSON.encode(status())), note(host: "c", heard: -5, nil)],
            at: .seconds(1))
        #expect(book.view(at: .seconds(1)).workers.isEmpty)
    }
}

@Suite struct HostDietTests {
    private func cluster(total: UInt64, sites: Int = 0) -> ClusterStatus {
        let report = StallReport(
            id: "r", host: "h", worker: 1, pid: 1, loop: "loop-0", startedAtUnixNs: 1, durationNs: 1, ongoing: false,
            thresholdNs: 1, detectionLatencyNs: nil, watchdogLatenessNs: 0, kind: .singleJob,
            cause: StallCause(category: .unknown, summary: String(repeating: "x", count: 1000), evidence: []),
            scope: nil, blast: BlastRadius(connections: 1, connectionSeconds: 1), jobsInTick: 1, samples: [],
            fingerprint: "f", remedy: "")
        let all = (0..<sites).map { index in
            StallSite(
                fingerprint: "\(index)", count: 1, suppressed: 0, totalNs: 1, maxNs: 1, connectionSeconds: 1,
                firstSeenUnixNs: 1, lastSeenUnixNs: 1, worst: report)
        }
        return ClusterStatus(workers: [
            .init(
                worker: 1, pid: 1, state: "running", silentForNs: 0, restarts: 0,
                status: WorkerStatus(
                    host: "h", worker: 1, pid: 1, generatedAtUnixNs: 1, startedAtUnixNs: 1, thresholdNs: 1,
                    notReady: [], degradations: [], loops: [], stalls: StallsStatus(total: total, sites: all),
                    offload: OffloadStatus(), metrics: []))
        ])
    }

    @Test func `it tells at once what is new, else every five seconds`() {
        var diet = HostDiet()
        #expect(diet.next(cluster(total: 0), at: .seconds(0)) != nil)
        #expect(diet.next(cluster(total: 0), at: .seconds(1)) == nil)
        #expect(diet.next(cluster(total: 1), at: .seconds(2)) != nil)
        #expect(diet.next(cluster(total: 1), at: .seconds(3)) == nil)
        #expect(diet.next(cluster(total: 1), at: .seconds(7)) != nil)
        diet.forget()
        #expect(diet.next(cluster(total: 1), at: .seconds(8)) != nil)
    }

    @Test func `a text fits, by fewer places if it must`() throws {
        let full = try #require(HostDiet.text(cluster(total: 9, sites: 60), maximumBytes: 1 << 20))
        let small = try #require(HostDiet.text(cluster(total: 9, sites: 60), maximumBytes: 16 << 10))
        #expect(small.count <= 16 << 10 && small.count < full.count)
        let read: ClusterStatus = try StallJSON.decode(from: small)
        let stalls = try #require(read.workers.first?.status?.stalls)
        #expect(stalls.total == 9 && (1..<60).contains(stalls.sites.count))
        #expect(stalls.sites.first?.fingerprint == "0", "the worst ones stay")
        #expect(HostDiet.text(cluster(total: 9, sites: 60), maximumBytes: 10) == nil)
    }
}

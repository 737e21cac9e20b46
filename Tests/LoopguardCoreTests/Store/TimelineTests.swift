import Testing

@testable import LoopguardCore

@Suite struct TimelineTests {
    @Test func `all stalls are marked, suppressed ones too, those close together as one`() {
        var store = StallStore()
        for index in 0..<9 {
            store.finish(
                .sample(id: "s\(index)", startedMs: Int64(index) * 10_000, durationMs: 60 + UInt64(index)), at: 0)
        }
        let apart = store.status(total: 9)
        #expect(apart.suppressed > 0)
        #expect(apart.timeline.map(\.startedAtUnixNs) == (0..<9).map { $0 * 10_000_000_000 })
        // The last of them ended at 80,068 ms.
        store.finish(.sample(id: "close", startedMs: 81_000, durationMs: 100), at: 0)
        store.finish(.sample(id: "other loop", loop: "loop-1", startedMs: 81_000, durationMs: 100), at: 0)
        store.finish(.sample(id: "closer", startedMs: 81_200, durationMs: 70), at: 0)
        store.finish(.sample(id: "other place", startedMs: 81_300, durationMs: 50, fingerprint: "ffff"), at: 0)
        let marks = store.status(total: 0).timeline.suffix(3)
        #expect(marks.map(\.loop) == ["loop-0", "loop-1", "loop-0"])
        #expect(marks.map(\.count) == [3, 1, 1])
        #expect(marks.first?.stalledNs == 238_000_000)
        #expect(marks.first?.maxNs == 100_000_000)
        #expect(marks.first?.endedAtUnixNs == 81_270_000_000)
    }

    @Test func `the oldest mark makes room`() {
        var options = StallStore.Options()
        options.timeline = 3
        var store = StallStore(options: options)
        for index in 0..<10 { store.finish(.sample(id: "\(index)", startedMs: Int64(index) * 5_000), at: 0) }
        #expect(store.status(total: 0).timeline.map(\.startedAtUnixNs) == [7, 8, 9].map { $0 * 5_000_000_000 })
    }

    @Test func `a document has a lane for each loop, with what goes on`() {
        var store = StallStore()
        store.finish(.sample(id: "a", startedMs: 1_000), at: 0)
        store.begin(.sample(id: "b", loop: "loop-7", startedMs: 9_000, durationMs: 60, ongoing: true))
        let document = StallsDocument(
            .sample([.sample(worker: 2), .sample(worker: 1, stalls: store.status(total: 2))]))
        #expect(document.timeline.map(\.worker) == [1, 1, 2])
        #expect(document.timeline.map(\.loop) == ["loop-0", "loop-7", "loop-0"])
        #expect(document.timeline.map { $0.stalls.map(\.ongoing) } == [[false], [true], []])
    }

    @Test func `a status of a version without timeline is read`() throws {
        let text =
            #"{"total":1,"suppressed":0,"ongoing":[],"recent":[],"sites":[],"evicted_sites":0,"is_abridged":false}"#
        let status = try StallJSON.decode(StallsStatus.self, from: Array(text.utf8))
        #expect(status.timeline.isEmpty && status.total == 1)
    }
}

@Suite struct SiteHistoryTests {
    private static let minute = SiteHistory.minuteNs

    @Test func `minutes are counted, gaps are empty, an hour is kept`() {
        var history = SiteHistory()
        history.add(endedAtUnixNs: 100 * Self.minute + 5, durationNs: 1_500_000)
        history.add(endedAtUnixNs: 100 * Self.minute + 9, durationNs: 2_000_000)
        history.add(endedAtUnixNs: 103 * Self.minute, durationNs: 1)
        #expect(history.counts == [2, 0, 0, 1])
        #expect(history.stalledMs == [4, 0, 0, 1])
        #expect(history.lastMinuteUnixNs == 103 * Self.minute)
        // One that is told late still finds its minute, one of long ago does not.
        history.add(endedAtUnixNs: 98 * Self.minute, durationNs: 7_000_000)
        history.add(endedAtUnixNs: 43 * Self.minute, durationNs: 7_000_000)
        #expect(history.counts == [1, 0, 2, 0, 0, 1])
        history.add(endedAtUnixNs: 1_000 * Self.minute, durationNs: 1)
        #expect(history.counts.count == 60 && history.counts.last == 1)
        #expect(history.counts.dropLast().allSatisfy { $0 == 0 })
    }

    @Test func `columns end at the minute of now`() {
        var history = SiteHistory()
        history.add(endedAtUnixNs: 100 * Self.minute, durationNs: 3_000_000)
        let columns = history.columns(until: 102 * Self.minute + 7)
        #expect(columns.count == 60)
        #expect(columns.map(\.count) == Array(repeating: 0, count: 57) + [1, 0, 0])
        #expect(columns.last?.startUnixNs == 102 * Self.minute)
        #expect(history.columns(until: 300 * Self.minute).allSatisfy { $0.count == 0 })
        #expect(history.columns(until: .max).count == 60)
        #expect(history.columns(until: .min).count == 60)
    }

    @Test func `histories of two workers add up`() {
        var one = SiteHistory()
        var two = SiteHistory()
        one.add(endedAtUnixNs: 10 * Self.minute, durationNs: 1_000_000)
        one.add(endedAtUnixNs: 12 * Self.minute, durationNs: 1_000_000)
        two.add(endedAtUnixNs: 11 * Self.minute, durationNs: 5_000_000)
        two.add(endedAtUnixNs: 12 * Self.minute, durationNs: 5_000_000)
        one.merge(two)
        #expect(one.counts == [1, 1, 2])
        #expect(one.stalledMs == [1, 5, 6])
    }

    @Test func `nothing traps, whatever the clock says`() {
        var history = SiteHistory()
        for time in [Int64.max, .min, 0, -1, 1, .max, .min] {
            history.add(endedAtUnixNs: time, durationNs: .max)
            history.merge(history)
            #expect(history.counts.count <= 60 && history.counts.count == history.stalledMs.count)
        }
    }
}

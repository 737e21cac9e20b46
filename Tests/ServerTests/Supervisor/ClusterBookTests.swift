import LoopguardCore
import Testing

@testable import loopguard_server

struct ClusterBookTests {
    private func status(_ worker: Int, notReady: [String] = []) -> WorkerStatus {
        WorkerStatus(
            host: "h", worker: worker, pid: 1, generatedAtUnixNs: 0, startedAtUnixNs: 0, thresholdNs: 50_000_000,
            notReady: notReady, degradations: [], loops: [], stalls: StallsStatus(), offload: OffloadStatus(),
            metrics: [])
    }

    private func states(_ book: ClusterBook, at now: Duration) -> [String] { book.view(at: now).workers.map(\.state) }

    @Test func aWorkerStartsRunsAndFallsSilent() {
        var book = ClusterBook(workers: 2)
        #expect(states(book, at: .zero) == ["restarting", "restarting"])
        book.spawned(slot: 1, process: 1, pid: 11, restarts: 0, at: .zero)
        book.spawned(slot: 2, process: 2, pid: 12, restarts: 3, at: .zero)
        #expect(states(book, at: .seconds(60)) == ["starting", "starting"])
        book.heard(process: 1, status: status(1), at: .seconds(60))
        #expect(states(book, at: .seconds(62)) == ["running", "starting"])
        #expect(states(book, at: .seconds(63)) == ["silent", "starting"])
        let view = book.view(at: .seconds(63)).workers
        #expect(view[0].silentForNs == 3_000_000_000)
        #expect(view[1].restarts == 3)
        #expect(view[1].pid == 12)
    }

    @Test func silenceIsCountedInChecksAndEndsWithAWord() {
        var book = ClusterBook(workers: 2)
        book.spawned(slot: 1, process: 1, pid: 11, restarts: 0, at: .zero)
        book.spawned(slot: 2, process: 2, pid: 12, restarts: 0, at: .zero)
        book.heard(process: 1, status: status(1), at: .zero)
        #expect(book.checkSilence(limit: 2) == [])
        #expect(book.checkSilence(limit: 2) == [])
        #expect(book.checkSilence(limit: 2) == [1], "whoever starts is not silent")
        book.heard(process: 1, status: status(1), at: .seconds(3_600))
        #expect(book.checkSilence(limit: 2) == [], "however long the clock says it was")
    }

    @Test func oldAndNewAreShownDuringARollingRestart() {
        var book = ClusterBook(workers: 1)
        book.spawned(slot: 1, process: 1, pid: 11, restarts: 0, at: .zero)
        book.heard(process: 1, status: status(1), at: .zero)
        book.spawned(slot: 1, process: 2, pid: 12, restarts: 0, at: .seconds(1))
        #expect(book.view(at: .seconds(1)).workers.map(\.pid) == [12, 11])
        #expect(states(book, at: .seconds(1)) == ["starting", "draining"])
        book.gone(process: 1)
        #expect(book.view(at: .seconds(1)).workers.map(\.pid) == [12])
    }

    @Test func theOldOneIsBackWhenTheNewOneFails() {
        var book = ClusterBook(workers: 1)
        book.spawned(slot: 1, process: 1, pid: 11, restarts: 0, at: .zero)
        book.spawned(slot: 1, process: 2, pid: 12, restarts: 0, at: .zero)
        book.gone(process: 2)
        #expect(book.view(at: .zero).workers.map(\.pid) == [11])
    }

    @Test func drainingAndGarbageAreTold() {
        var book = ClusterBook(workers: 1)
        book.spawned(slot: 1, process: 1, pid: 11, restarts: 0, at: .zero)
        book.heard(process: 1, status: status(1, notReady: [WorkerReadiness.draining]), at: .zero)
        book.heardGarbage(process: 1)
        book.heardGarbage(process: 7)
        let view = book.view(at: .zero).workers[0]
        #expect(view.state == "draining")
        #expect(view.status?.metrics.map(\.value) == [1])
    }
}

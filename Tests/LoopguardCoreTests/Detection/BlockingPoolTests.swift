import LoopguardCore
import Testing

@Suite struct BlockingPoolTests {
    private typealias Job = BlockingPoolDetector.Job
    private typealias Look = BlockingPoolDetector.Look

    private static let second: UInt64 = 1_000_000_000

    private func detector() -> BlockingPoolDetector {
        BlockingPoolDetector(options: .defaults { $0.thresholdNs = Self.second })
    }

    private func job(_ id: UInt64, _ name: String = "load", since: UInt64, origin: UInt64? = nil) -> Job {
        Job(
            id: id, name: name, sinceNs: since * Self.second / 10, correlation: "c\(id)", origin: origin, tid: Int32(id)
        )
    }

    private func names(_ actions: [Detector.Action]) -> [String] {
        actions.map { action in
            switch action {
            case .takeBaseline: "baseline"
            case .capture(let index, _): "capture \(index)"
            case .ended(_, let duration, _): "ended \(duration / (Self.second / 10))"
            case .missed(let tick, _): "missed \(tick.durationNs / (Self.second / 10))"
            }
        }
    }

    /// Times in tenths of a second.
    private func observe(_ detector: inout BlockingPoolDetector, _ now: UInt64, _ look: Look) -> [String] {
        names(detector.observe(now: now * Self.second / 10, look))
    }

    @Test func `a queue that waits while a thread is free is no stall`() {
        var pool = detector()
        for now in stride(from: UInt64(100), to: 200, by: 5) {
            #expect(
                observe(&pool, now, Look(threads: 2, running: [job(1, since: 100)], queued: [job(2, since: 100)])) == []
            )
        }
        #expect(pool.nextDeadline == nil)
    }

    @Test
    func `work that waits for the threshold is one stall, captured at doubling ages, until nothing waits so long`() {
        var pool = detector()
        let full = Look(threads: 1, running: [job(1, since: 90)], queued: [job(2, since: 100), job(3, since: 104)])
        #expect(observe(&pool, 100, full) == [])
        #expect(pool.nextDeadline == 105 * Self.second / 10)
        #expect(observe(&pool, 105, full) == ["baseline"])
        #expect(observe(&pool, 110, full) == ["capture 0"])
        #expect(pool.isStalled)
        // Job 2 has got its thread; job 3 has waited too long as well: the same stall.
        let next = Look(threads: 1, running: [job(2, since: 115)], queued: [job(3, since: 104)])
        #expect(observe(&pool, 120, next) == ["capture 1"])
        #expect(observe(&pool, 125, Look(threads: 1, running: [job(3, since: 124)])) == ["ended 25"])
        #expect(!pool.isStalled)
        #expect(pool.nextDeadline == nil)
    }

    @Test func `jobs that each wait for less than the threshold are no stall, however long the queue is never empty`() {
        var pool = detector()
        for now in stride(from: UInt64(100), to: 300, by: 5) {
            let look = Look(threads: 1, running: [job(now, since: now - 8)], queued: [job(now + 1, since: now - 8)])
            #expect(observe(&pool, now, look).allSatisfy { $0 == "baseline" })
        }
        #expect(!pool.isStalled)
    }

    @Test func `a stall that goes on when the watching ends is over`() {
        var pool = detector()
        let full = Look(threads: 1, running: [job(1, since: 90)], queued: [job(2, since: 100)])
        _ = observe(&pool, 112, full)
        #expect(names(pool.finish(now: 130 * Self.second / 10)) == ["ended 30"])
        #expect(pool.finish(now: 131 * Self.second / 10).isEmpty)
    }

    // MARK: verdicts

    private let now = 200 * BlockingPoolTests.second / 10

    @Test func `the busy jobs and the waiting ones are named with ages and correlation IDs`() {
        let look = Look(
            threads: 3, running: [job(1, since: 150), job(2, "resize", since: 160), job(3, since: 170)],
            queued: [job(4, "mail", since: 180)])
        let verdict = BlockingPoolVerdict(look, now: now, blocked: [1, 2, 3])
        #expect(verdict.kind == .blockingPool)
        #expect(verdict.summary.contains("2 × load, resize"))
        #expect(verdict.evidence.count == 4)
        #expect(verdict.evidence.first == "running: load for 5.00 s, correlation c1")
        #expect(verdict.evidence.last == "queued: mail for 2.00 s, correlation c4")
    }

    @Test func `all threads blocked by jobs whose own work waits is a deadlock`() {
        let look = Look(
            threads: 2, running: [job(1, "outer", since: 150), job(2, "outer", since: 150)],
            queued: [job(3, "inner", since: 151, origin: 1), job(4, "inner", since: 151, origin: 2)])
        let verdict = BlockingPoolVerdict(look, now: now, blocked: [1, 2])
        #expect(verdict.kind == .offloadDeadlock)
        #expect(verdict.summary.contains("2 × outer for 2 × inner"))
    }

    @Test func `one running job that computes, or waits for nothing queued, may free its thread: no deadlock`() {
        var look = Look(
            threads: 2, running: [job(1, "outer", since: 150), job(2, "outer", since: 150)],
            queued: [job(3, "inner", since: 151, origin: 1), job(4, "inner", since: 151, origin: 2)])
        #expect(BlockingPoolVerdict(look, now: now, blocked: [1]).kind == .blockingPool)
        look.queued.removeLast()
        let verdict = BlockingPoolVerdict(look, now: now, blocked: [1, 2])
        #expect(verdict.kind == .blockingPool)
        #expect(verdict.evidence.first?.contains("1 of 2") == true)
    }

    @Test func `an endless list is cut, and says so`() {
        let many = (1...100).map { job(UInt64($0), "job-\($0)", since: 150) }
        let verdict = BlockingPoolVerdict(Look(threads: 100, running: many, queued: many), now: now, blocked: [])
        #expect(verdict.evidence.count == 2 * BlockingPoolVerdict.maximumJobs + 1)
        #expect(verdict.evidence.last == "… and 168 more")
    }
}

import LoopguardCore
import Testing

@testable import Loopguard

@Suite struct OffloadLedgerTests {
    func ledger(threads: Int = 1, queue: Int = 1) -> OffloadLedger {
        OffloadLedger(threads: threads, queueLimit: queue, maximumNames: 2)
    }

    @Test func `lets in as many as run and wait, and counts what it refuses`() {
        var ledger = ledger()
        #expect(ledger.admit(name: "a", now: 0) == .admitted(1))
        #expect(ledger.admit(name: "a", now: 0) == .admitted(2))
        #expect(ledger.admit(name: "a", now: 0) == .full)
        ledger.began(1)
        ledger.finished(1, tookNs: 5, failed: false)
        #expect(ledger.admit(name: "a", now: 0) == .admitted(3))
        #expect(ledger.status(now: 0).rejected == 1)
    }

    @Test func `says how old the oldest waiting job is`() {
        var ledger = ledger(threads: 1, queue: 5)
        _ = ledger.admit(name: "a", now: 100)
        _ = ledger.admit(name: "b", now: 200)
        ledger.began(1)
        let status = ledger.status(now: 1000)
        #expect(status.running == 1)
        #expect(status.queued == 1)
        #expect(status.oldestQueuedNs == 800)
    }

    @Test func `cancelled jobs make room and are counted once`() {
        var ledger = ledger(threads: 1, queue: 0)
        _ = ledger.admit(name: "a", now: 0)
        ledger.cancelled(1)
        ledger.cancelled(1)
        #expect(ledger.status(now: 0).cancelled == 1)
        #expect(ledger.admit(name: "a", now: 0) == .admitted(2))
    }

    @Test func `a job that was given up keeps its place until a thread comes to it`() {
        var ledger = ledger(threads: 1, queue: 0)
        _ = ledger.admit(name: "a", now: 0)
        ledger.cancelled(1, isQueued: true)
        #expect(ledger.status(now: 9).queued == 0)
        #expect(ledger.status(now: 9).oldestQueuedNs == 0)
        #expect(ledger.admit(name: "a", now: 0) == .full)
        ledger.dropped(1)
        #expect(ledger.admit(name: "a", now: 0) == .admitted(2))
        // The thread may come to it before the giving up has been counted.
        ledger.dropped(2)
        ledger.cancelled(2, isQueued: true)
        #expect(ledger.status(now: 0).cancelled == 2)
        #expect(ledger.admit(name: "a", now: 0) == .admitted(3))
    }

    @Test func `a closed pool lets nothing in`() {
        var ledger = ledger()
        ledger.close()
        #expect(ledger.admit(name: "a", now: 0) == .closed)
    }

    @Test func `the number of names is bounded and nothing is uncounted`() {
        var ledger = ledger(threads: 9, queue: 9)
        for (id, name) in ["a", "b", "c", "d"].enumerated() {
            _ = ledger.admit(name: name, now: 0)
            ledger.began(UInt64(id + 1))
            ledger.finished(UInt64(id + 1), tookNs: 10, failed: name == "d")
        }
        let status = ledger.status(now: 0)
        #expect(status.byName.map(\.name) == ["(other)", "a", "b"])
        #expect(status.byName.map(\.completed).reduce(0, +) == 4)
        #expect(status.completed == 4)
        #expect(status.failed == 1)
    }
}

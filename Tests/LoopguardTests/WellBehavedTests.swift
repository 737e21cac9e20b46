import Dispatch
import Foundation
import LoopguardCore
import Synchronization
import Testing

@testable import Loopguard

private actor Ledger {
    var entries: [Int] = []
    func add(_ entry: Int) { entries.append(entry) }
}

/// Ten handlers that do what they should. A report that accuses one of them is a false alarm.
@Suite(.serialized, .timeLimit(.minutes(2))) struct WellBehavedTests {
    @Test func `no well-behaved handler is ever accused`() async throws {
        try await withRuntime(loops: 2, threshold: .milliseconds(100)) { runtime, recorder in
            let pool = runtime.pool
            let ledger = Ledger()
            let shared = Mutex(0)
            let behaved: [@Sendable () async throws -> Void] = [
                { try await pool.offload("sleep") { _ = usleep(300_000) } },
                { try await pool.offload("spin") { Planted.plantedSpin() } },
                { try await pool.offload("pipe") { Planted.plantedPipeRead() } },
                { try await Task.sleep(for: .milliseconds(300)) },
                { for _ in 0..<200 { await Task.yield() } },
                { for number in 0..<200 { await ledger.add(number) } },
                { for _ in 0..<100 { shared.withLock { $0 += 1 } } },
                {
                    await withTaskGroup(of: Void.self) { group in
                        for _ in 0..<50 { group.addTask { await Task.yield() } }
                    }
                },
                {
                    let stream = AsyncStream.makeStream(of: Int.self)
                    DispatchQueue.global().asyncAfter(deadline: .now() + 0.3) {
                        stream.continuation.yield(1)
                        stream.continuation.finish()
                    }
                    for await _ in stream.stream {}
                },
                {
                    var numbers = (0..<2000).map { $0 ^ 0x55 }
                    numbers.sort()
                    Planted.sink.add(numbers[0], ordering: .relaxed)
                },
            ]
            try await withThrowingTaskGroup(of: Void.self) { group in
                for (index, handler) in behaved.enumerated() {
                    let task = runtime.run("/behaved/\(index)", on: index % 2, handler)
                    group.addTask { try await task.value }
                }
                try await group.waitForAll()
            }
            // Idle for a few thresholds: idling must not look like stalling.
            try await Task.sleep(for: .milliseconds(500))
            let accused = (recorder.began + recorder.ended).filter {
                !$0.cause.hostAtFault && $0.cause.category != .unknown
            }
            #expect(accused.isEmpty, "\(accused.map { "\($0.scope?.route ?? "-") \($0.cause) \($0.durationNs)" })")
            #expect(runtime.status().stalls.ongoing.isEmpty)
        }
    }
}

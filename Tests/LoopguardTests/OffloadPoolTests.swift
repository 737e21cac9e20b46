import Dispatch
import Loopguard
import LoopguardCore
import NIOPosix
import Synchronization
import Testing

@Suite(.timeLimit(.minutes(1))) struct OffloadPoolTests {
    func withPool<T>(
        threads: Int = 1, queue: Int = 4, _ body: (OffloadPool) async throws -> T
    ) async throws -> T {
        var configuration = OffloadPool.Configuration.defaults
        configuration.threads = threads
        configuration.queueLimit = queue
        let pool = try OffloadPool(configuration, timers: MultiThreadedEventLoopGroup.singleton.next())
        let result: T
        do { result = try await body(pool) } catch {
            await pool.shutdown()
            throw error
        }
        await pool.shutdown()
        return result
    }

    @Test func `returns what the work returns, and throws what it throws`() async throws {
        struct Planted: Error {}
        try await withPool { pool in
            let answer = try await pool.offload("answer") { 42 }
            #expect(answer == 42)
            await #expect(throws: Planted.self) { try await pool.offload("fails") { throw Planted() } }
            #expect(pool.status.byName.map(\.name) == ["answer", "fails"])
        }
    }

    @Test func `the work sees its caller's correlation ID and scope`() async throws {
        let id = CorrelationID.mint()
        let scope = HandlerScope(route: "r", connection: "c", correlationID: id, remoteAddress: nil)
        try await withPool { pool in
            let seen = try await CorrelationID.$current.withValue(id) {
                try await HandlerScope.$current.withValue(scope) {
                    try await pool.offload("look") { (CorrelationID.current, HandlerScope.current?.connection) }
                }
            }
            #expect(seen.0 == id)
            #expect(seen.1 == "c")
        }
    }

    /// One thread held by a job that waits for `gate`.
    func blocked(_ pool: OffloadPool, _ gate: DispatchSemaphore) async -> Task<Void, any Error> {
        let started = AsyncStream.makeStream(of: Void.self)
        let task = Task {
            try await pool.offload("blocker") {
                started.continuation.yield()
                gate.wait()
            }
        }
        for await _ in started.stream { break }
        return task
    }

    @Test func `a full queue refuses at once and starts nothing`() async throws {
        let gate = DispatchSemaphore(value: 0)
        try await withPool(threads: 1, queue: 0) { pool in
            let blocker = await blocked(pool, gate)
            let error = await #expect(throws: OffloadError.self) {
                try await pool.offload("late") { Issue.record("ran") }
            }
            #expect(error?.code == .overloaded)
            #expect(error?.name == "late")
            gate.signal()
            try await blocker.value
            #expect(pool.status.rejected == 1)
        }
    }

    @Test func `cancelling waiting work means that it never starts`() async throws {
        let gate = DispatchSemaphore(value: 0)
        try await withPool { pool in
            let blocker = await blocked(pool, gate)
            let waiting = Task { try await pool.offload("waiting") { Issue.record("ran") } }
            while pool.status.queued == 0 { await Task.yield() }
            waiting.cancel()
            await #expect(throws: CancellationError.self) { try await waiting.value }
            gate.signal()
            try await blocker.value
            #expect(pool.status.cancelled == 1)
        }
    }

    @Test func `callers that give up do not make the queue longer than its limit`() async throws {
        let gate = DispatchSemaphore(value: 0)
        try await withPool(threads: 1, queue: 3) { pool in
            let blocker = await blocked(pool, gate)
            for _ in 0..<3 {
                await #expect(throws: OffloadError.self) {
                    try await pool.offload("waiting", deadline: .milliseconds(1)) { Issue.record("ran") }
                }
            }
            #expect(pool.status.queued == 0)
            let error = await #expect(throws: OffloadError.self) { try await pool.offload("more") {} }
            #expect(error?.code == .overloaded)
            gate.signal()
            try await blocker.value
            let answer = try await pool.offload("after", deadline: .seconds(Int64.max)) { 1 }
            #expect(answer == 1)
            for _ in 0..<4 { try await pool.offload("room") {} }
            #expect(pool.status.cancelled == 3)
        }
    }

    @Test func `a deadline ends the waiting for queued and for running work`() async throws {
        let gate = DispatchSemaphore(value: 0)
        try await withPool { pool in
            let running = Task { try await pool.offload("running", deadline: .milliseconds(50)) { gate.wait() } }
            while pool.status.running == 0 { await Task.yield() }
            let queued = await #expect(throws: OffloadError.self) {
                try await pool.offload("queued", deadline: .milliseconds(1)) { Issue.record("ran") }
            }
            #expect(queued?.code == .deadlineExceeded)
            let abandoned = await #expect(throws: OffloadError.self) { try await running.value }
            #expect(abandoned?.code == .deadlineExceeded)
            gate.signal()
        }
    }

    @Test func `a pool that has been shut down refuses`() async throws {
        let pool = try OffloadPool(.defaults, timers: MultiThreadedEventLoopGroup.singleton.next())
        await pool.shutdown()
        let error = await #expect(throws: OffloadError.self) { try await pool.offload("late") {} }
        #expect(error?.code == .shutdown)
    }

    @Test func `impossible sizes are refused with the value in the message`() {
        var configuration = OffloadPool.Configuration.defaults
        configuration.threads = 0
        let error = #expect(throws: LoopguardError.self) { try configuration.validate() }
        #expect(error?.message.contains("0") == true)
    }
}

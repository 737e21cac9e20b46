import CLoopguard
import Dispatch
import NIOCore
import Synchronization
import Testing

@testable import Loopguard

private actor Counter {
    var count = 0
    func next(_ check: @Sendable () -> Void) -> Int {
        check()
        count += 1
        return count
    }
}

private final class JobLog: Sendable {
    private let state = Mutex<[Int]>([])
    var numbers: [Int] { state.withLock { $0 } }
    func add(_ number: Int) { state.withLock { $0.append(number) } }
}

/// Calls `body` with a group of two loops and ends it afterwards.
func withGroup<T>(
    loops: Int = 2, threshold: Duration = .seconds(60), _ body: (GuardedEventLoopGroup) async throws -> T
) async throws -> T {
    var configuration = GuardedEventLoopGroup.Configuration.defaults
    configuration.loops = loops
    configuration.threshold = threshold
    let group = try await GuardedEventLoopGroup(configuration)
    let result: T
    do { result = try await body(group) } catch {
        try await group.shutdown()
        throw error
    }
    try await group.shutdown()
    return result
}

func makeScope(_ route: String = "/test", connection: String = "c1") -> HandlerScope {
    HandlerScope(route: route, connection: connection, correlationID: .mint(), remoteAddress: nil)
}

@Suite(.serialized, .timeLimit(.minutes(1))) struct ExecutorTests {
    @Test func `a handler never leaves its loop`() async throws {
        try await withGroup { group in
            let loop = group.loops[1]
            let slot = loop.slot
            let check: @Sendable () -> Void = { #expect(lg_slot_current() == slot.pointer) }
            let stream = AsyncStream.makeStream(of: Int.self)
            let feeder = Task.detached {
                for n in 0..<100 { stream.continuation.yield(n) }
                stream.continuation.finish()
            }
            let executor = ConnectionExecutor(loop: loop, scope: makeScope())
            try await Task(executorPreference: executor) {
                check()
                await Task.yield()
                check()
                try await Task.sleep(for: .milliseconds(1))
                check()
                var seen = 0
                for await _ in stream.stream {
                    check()
                    seen += 1
                }
                #expect(seen == 100)
                async let child: Void = { check() }()
                await child
                await withTaskGroup(of: Void.self) { group in for _ in 0..<10 { group.addTask { check() } } }
                // A default actor called from here runs here: a blocking actor is seen as a stall of this loop.
                #expect(await Counter().next(check) == 1)
                check()
            }.value
            await feeder.value
        }
    }

    @Test func `each job is marked with the connection that it runs for`() async throws {
        try await withGroup(loops: 1) { group in
            let loop = group.loops[0]
            let slot = loop.slot
            await withTaskGroup(of: Void.self) { tasks in
                for number in 0..<20 {
                    let executor = ConnectionExecutor(loop: loop, scope: makeScope(connection: "c\(number)"))
                    tasks.addTask {
                        await Task(executorPreference: executor) {
                            for _ in 0..<50 {
                                #expect(lg_scope(slot.pointer) == executor.scopeID)
                                #expect(ScopeRegistry.shared.scope(lg_scope(slot.pointer))?.connection == "c\(number)")
                                await Task.yield()
                            }
                        }.value
                    }
                }
                await tasks.waitForAll()
            }
            #expect(lg_jobs(slot.pointer) >= 20 * 50)
            try await loop.eventLoop.submit { #expect(lg_scope(slot.pointer) == 0) }.get()
        }
    }

    @Test func `a scope is forgotten when its connection's executor is gone`() async throws {
        try await withGroup(loops: 1) { group in
            var executor: ConnectionExecutor? = ConnectionExecutor(loop: group.loops[0], scope: makeScope())
            let id = executor?.scopeID ?? 0
            #expect(ScopeRegistry.shared.scope(id) != nil)
            await Task(executorPreference: executor) { await Task.yield() }.value
            executor = nil
            // The loop lets go of the last job's executor when its batch is over.
            try await group.loops[0].eventLoop.submit {}.get()
            try await group.loops[0].eventLoop.submit {}.get()
            #expect(ScopeRegistry.shared.scope(id) == nil)
        }
    }

    @Test func `no more jobs run in one go than allowed, and all run in order`() async throws {
        var configuration = GuardedEventLoopGroup.Configuration.defaults
        configuration.loops = 1
        configuration.executor.jobsPerTick = 4
        let group = try await GuardedEventLoopGroup(configuration)
        let loop = group.loops[0]
        let executor = ConnectionExecutor(loop: loop, scope: makeScope())
        let log = JobLog()
        let gate = DispatchSemaphore(value: 0)
        loop.eventLoop.execute { gate.wait() }
        var tasks: [Task<Void, Never>] = []
        for number in 0..<41 {
            tasks.append(Task(executorPreference: executor) { log.add(number) })
        }
        // It stands behind the first drain in the loop's queue.
        let between = loop.eventLoop.submit { (log.numbers.count, loop.executor.queuedJobs) }
        gate.signal()
        let (count, queued) = try await between.get()
        #expect(count == 4)
        #expect(queued == 37)
        for task in tasks { await task.value }
        #expect(log.numbers == Array(0..<41))
        #expect(loop.executor.queuedJobs == 0)
        try await group.shutdown()
        try await group.shutdown()
    }

    @Test func `work for one connection within a job of another does not take the other's mark away`() async throws {
        try await withGroup(loops: 1) { group in
            let loop = group.loops[0]
            let outer = ConnectionExecutor(loop: loop, scope: makeScope(connection: "outer"))
            let inner = ConnectionExecutor(loop: loop, scope: makeScope(connection: "inner"))
            await Task(executorPreference: outer) {
                inner.attributed { #expect(lg_scope(loop.slot.pointer) == inner.scopeID) }
                #expect(lg_scope(loop.slot.pointer) == outer.scopeID)
            }.value
        }
    }

    @Test func `placement prefers the loop with the fewest connections and avoids a stalled one`() async throws {
        try await withGroup(loops: 2, threshold: .milliseconds(5)) { group in
            group.loops[0].connectionOpened()
            #expect(group.place()?.index == 1)
            let gate = Mutex(false)
            let began = AsyncStream.makeStream(of: Void.self)
            group.loops[1].eventLoop.execute {
                began.continuation.yield()
                while !gate.withLock({ $0 }) {}
            }
            for await _ in began.stream { break }
            while !group.loops[1].isStalled {}
            #expect(group.place()?.index == 0)
            gate.withLock { $0 = true }
            try await group.loops[1].eventLoop.submit {}.get()
            #expect(lg_late(group.loops[1].slot.pointer) <= 1)
            group.loops[0].connectionClosed()
        }
    }

    @Test func `impossible configurations are refused with the value in the message`() {
        var configuration = GuardedEventLoopGroup.Configuration.defaults
        configuration.loops = 0
        #expect(throws: LoopguardError.self) { try configuration.validate() }
        configuration = .defaults
        configuration.threshold = .zero
        let error = #expect(throws: LoopguardError.self) { try configuration.validate() }
        #expect(error?.message.contains("1 ms") == true)
    }
}

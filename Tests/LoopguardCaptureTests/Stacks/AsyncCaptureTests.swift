import CLoopguard
import Foundation
import Glibc
import LoopguardCapture
import LoopguardCore
import Synchronization
import Testing

/// Runs jobs on one thread, as an event loop does.
private final class OneThread: TaskExecutor {
    // Not the lock of `Synchronization`, which ThreadSanitizer does not see.
    private let lock = NSLock()
    // SAFETY: only touched while `lock` is held.
    nonisolated(unsafe) private var jobs: [UnownedJob] = []
    private let stopped = Flag()
    private let victim = Mutex<Victim?>(nil)

    init() {
        let victim = Victim { [self] in
            while !stopped.isSet {
                let job = lock.withLock { jobs.isEmpty ? nil : jobs.removeFirst() }
                if let job { job.runSynchronously(on: asUnownedTaskExecutor()) } else { usleep(200) }
            }
        }
        self.victim.withLock { $0 = victim }
    }

    var thread: Victim { victim.withLock { $0! } }

    func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        lock.withLock { jobs.append(job) }
    }

    func stop() {
        stopped.set()
        thread.finish()
        victim.withLock { $0 = nil }
    }
}

enum PlantedAsync {
    static let file = "AsyncCaptureTests.swift"

    @inline(never) static func outer(_ n: Int, _ block: @escaping @Sendable () -> Void) async -> Int {
        let result = await middle(n + 1, block)
        Planted.keep(result)
        return result + 1
    }

    @inline(never) static func middle(_ n: Int, _ block: @escaping @Sendable () -> Void) async -> Int {
        await Task.yield()
        let result = await inner(n * 2, block)
        Planted.keep(result)
        return result + 1
    }

    /// Blocks after its first suspension if `n` is even, else before.
    @inline(never) static func inner(_ n: Int, _ block: @escaping @Sendable () -> Void) async -> Int {
        if n % 2 == 0 { await Task.yield() }
        block()
        await Task.yield()
        Planted.keep(n)
        return n
    }
}

extension RealThreads {
    /// The suspended callers of an async function appear after it, in order.
    @Suite(.serialized) struct AsyncCaptureTests {
        let capturer: StackCapturer
        init() throws { capturer = try StackCapturer() }

        private func check(_ stack: CapturedStack, blocking: String) {
            #expect(stack.validity == .verified || (stack.bySignal && stack.validity == .stale), "\(stack.note ?? "")")
            let frames = Symbolizer().symbolicate(stack.addresses)
            let users = frames.filter { !$0.isRuntime }
            let names = users.compactMap(\.function)
            let inner = names.firstIndex {
                $0.hasPrefix("static PlantedAsync.inner(") || $0.hasPrefix("PlantedAsync.inner(")
            }
            #expect(names.prefix(3).contains { $0.contains(blocking) }, "\(text(frames))")
            #expect(inner != nil, "\(text(frames))")
            let callers = frames.filter { $0.kind == .async }
            let order = callers.compactMap(\.function)
            let middle = order.firstIndex { $0.contains("middle(") }
            let outer = order.firstIndex { $0.contains("outer(") }
            guard let middle, let outer else {
                Issue.record("the async callers are missing:\n\(text(frames))")
                return
            }
            #expect(middle < outer)
            for caller in [callers[middle], callers[outer]] {
                #expect(caller.file?.hasSuffix("/" + PlantedAsync.file) == true)
                #expect(caller.line != nil)
                #expect(!caller.isRuntime)
            }
            // After the async callers come the frames that run the job.
            let lastAsync = frames.lastIndex { $0.kind == .async } ?? 0
            #expect(lastAsync + 1 < frames.count)
            #expect(frames.last?.kind == .physical)
        }

        @Test(arguments: [0, 1]) func blocked(_ parity: Int) async throws {
            let executor = OneThread()
            let pipe = try Pipe()
            let task = Task(executorPreference: executor) {
                await PlantedAsync.outer(parity == 0 ? 1 : 2) { Planted.callsRead(pipe.reader) }
            }
            #expect(executor.thread.waitUntilBlocked(in: "read") != nil)
            let stack = capturer.capture(slot: executor.thread.slot, tick: executor.thread.tick)
            #expect(!stack.bySignal)
            check(stack, blocking: "callsRead")
            pipe.write()
            _ = await task.value
            executor.stop()
        }

        @Test(.disabled(if: Sanitizer.isThread)) func running() async throws {
            let executor = OneThread()
            let flag = Flag()
            let started = Flag()
            let task = Task(executorPreference: executor) {
                await PlantedAsync.outer(1) {
                    started.set()
                    Planted.spins(until: flag)
                }
            }
            while !started.isSet { usleep(500) }
            var stack = CapturedStack(validity: .notCaptured)
            for _ in 0..<50 where !stack.bySignal {
                stack = capturer.capture(
                    slot: executor.thread.slot, tick: executor.thread.tick, timeoutNs: 200_000_000)
            }
            #expect(stack.bySignal)
            check(stack, blocking: "spins")
            flag.set()
            _ = await task.value
            executor.stop()
        }
    }
}

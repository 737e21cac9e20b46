import CLoopguard
import Dispatch
import Glibc
import LoopguardCore
import Synchronization
import Testing

@testable import LoopguardCapture

/// The identifier of a thread, told by itself.
private final class ThreadID: Sendable {
    private let id = Atomic<Int32>(0)
    var value: Int32 { id.load(ordering: .acquiring) }
    func set() { id.store(lg_current_tid(), ordering: .releasing) }
}

/// A thread without a slot.
private final class Stranger: Sendable {
    private let id = Atomic<Int32>(0)
    private let isOver = Atomic<Bool>(false)

    /// - Parameter blocks: whether it keeps the signal mask of the test's own thread, which belongs to libdispatch.
    init(blocks: Bool = false, _ body: @escaping @Sendable () -> Void) {
        spawn { [self] in
            var mask = sigset_t()
            sigemptyset(&mask)
            if !blocks { pthread_sigmask(SIG_SETMASK, &mask, nil) }
            id.store(lg_current_tid(), ordering: .releasing)
            body()
            isOver.store(true, ordering: .releasing)
        }
        while tid == 0 { usleep(100) }
    }

    var tid: Int32 { id.load(ordering: .acquiring) }
    func finish() { while !isOver.load(ordering: .acquiring) { usleep(500) } }

    func waitUntilBlocked(in name: String) -> Bool {
        guard let probe = try? ThreadProbe(tid: tid) else { return false }
        for _ in 0..<20_000 {
            if describe(call: probe.sample().systemCall, tid: tid)?.name == name { return true }
            usleep(500)
        }
        return false
    }
}

extension RealThreads {
    /// Threads that nobody has bound to a slot.
    @Suite(.serialized) struct ThreadCaptureTests {
        let capturer: StackCapturer
        init() throws { capturer = try StackCapturer() }

        @Test func aBlockedStrangerIsReadWithoutASignal() throws {
            let pipe = try Pipe()
            let stranger = Stranger { Planted.callsRead(pipe.reader) }
            #expect(stranger.waitUntilBlocked(in: "read"))
            let before = lg_capture_handler_runs()
            let stack = capturer.capture(thread: stranger.tid)
            #expect(lg_capture_handler_runs() == before)
            #expect(stack.validity == .verified, "\(stack.note ?? "")")
            #expect(!stack.bySignal)
            #expect(stack.costNs > 0)
            expectPlanted("callsRead", lines: Planted.readLines, in: stack)
            #expect(stack.addresses.first?.provenance == .registers)
            #expect(stack.addresses.allSatisfy { $0.provenance != nil })
            let costs = (0..<101).map { _ in capturer.capture(thread: stranger.tid).costNs }.sorted()
            print("cost: capture(thread:) of a blocked thread \(costs[50]) ns p50, \(costs[100]) ns max of 101")
            pipe.write()
            stranger.finish()
        }

        @Test func aRunningStrangerIsAsked() throws {
            let flag = Flag()
            let stranger = Stranger { Planted.spins(until: flag) }
            flag.waitUntilBegun()
            var stack = CapturedStack(validity: .notCaptured)
            for _ in 0..<20 where stack.validity == .notCaptured {
                stack = capturer.capture(thread: stranger.tid, timeoutNs: 200_000_000)
            }
            #expect(stack.bySignal)
            #expect(stack.validity == .verified, "\(stack.note ?? "")")
            expectPlanted("spins", lines: Planted.spinLines, in: stack)
            let costs = (0..<101).map { _ in capturer.capture(thread: stranger.tid).costNs }.sorted()
            print("cost: capture(thread:) of a running thread \(costs[50]) ns p50, \(costs[100]) ns max of 101")
            // A guarded thread is captured the same way when its slot is not at hand.
            let own = Flag()
            let victim = Victim { Planted.spins(until: own) }
            own.waitUntilBegun()
            stack = CapturedStack(validity: .notCaptured)
            for _ in 0..<20 where stack.validity == .notCaptured {
                stack = capturer.capture(thread: victim.tid, timeoutNs: 200_000_000)
            }
            expectPlanted("spins", lines: Planted.spinLines, in: stack)
            own.set()
            flag.set()
            victim.finish()
            stranger.finish()
        }

        @Test func aMaskedSignalIsNotSent() {
            let flag = Flag()
            let stranger = Stranger {
                var mask = sigset_t()
                sigfillset(&mask)
                pthread_sigmask(SIG_BLOCK, &mask, nil)
                Planted.spins(until: flag)
            }
            flag.waitUntilBegun()
            let before = lg_capture_handler_runs()
            var stack = CapturedStack(validity: .verified)
            for _ in 0..<50 where stack.note?.contains("signal mask") != true {
                stack = capturer.capture(thread: stranger.tid, timeoutNs: 1_000_000_000)
            }
            #expect(stack.note?.contains("signal mask") == true)
            #expect(stack.validity == .notCaptured)
            #expect(stack.costNs < 500_000_000, "the watchdog waited for a signal that cannot arrive")
            #expect(lg_capture_handler_runs() == before)
            flag.set()
            stranger.finish()
        }

        /// As a thread of Swift's cooperative pool.
        @Test func aRunningThreadOfLibdispatchIsAskedByTheOtherSignal() async {
            let flag = Flag()
            let id = ThreadID()
            let task = Task.detached { @Sendable in
                id.set()
                Planted.spins(until: flag)
            }
            let stack = await withCheckedContinuation { continuation in
                spawn {
                    flag.waitUntilBegun()
                    var stack = CapturedStack(validity: .notCaptured)
                    let own = try? StackCapturer()
                    for _ in 0..<20 where stack.validity == .notCaptured {
                        stack = own?.capture(thread: id.value, timeoutNs: 200_000_000) ?? stack
                    }
                    continuation.resume(returning: stack)
                    flag.set()
                }
            }
            await task.value
            #expect(stack.bySignal, "\(stack.note ?? "")")
            #expect(stack.validity == .verified, "\(stack.note ?? "")")
            expectPlanted("spins", lines: Planted.spinLines, in: stack)
        }

        @Test func noThread() {
            #expect(capturer.capture(thread: 0).validity == .notCaptured)
            #expect(capturer.capture(thread: -1).validity == .notCaptured)
            #expect(capturer.capture(thread: 1 << 22 + 1).note != nil)
            #expect(capturer.capture(thread: lg_current_tid()).validity == .notCaptured)
        }

        @Test func strangersThatAllocateAndLoad() {
            let flag = Flag()
            let stranger = Stranger {
                flag.begin()
                while !flag.isSet {
                    if let library = dlopen("libBrokenLocale.so.1", RTLD_NOW) { dlclose(library) }
                    free(malloc(100_000))
                }
            }
            flag.waitUntilBegun()
            var captured = 0
            for _ in 0..<500 where capturer.capture(thread: stranger.tid).validity != .notCaptured { captured += 1 }
            #expect(captured > 250, "\(captured) of 500")
            flag.set()
            stranger.finish()
        }

        @Test func mappingsAreFound() {
            let here = withUnsafePointer(to: 0) { UInt64(UInt(bitPattern: $0)) }
            let end = Mappings.end(around: here)
            #expect(end.map { $0 > here } == true)
            #expect(Mappings.end(around: 0) == nil)
            let map = "1000-2000 rw-p 0 00:00 0 \n3000-5000 r-xp 0 08:01 7 /lib/x\nbroken\n"
            map.utf8.withContiguousStorageIfAvailable { bytes in
                let raw = UnsafeRawBufferPointer(bytes)
                #expect(Mappings.search(raw, for: 0x3fff).end == 0x5000)
                #expect(Mappings.search(raw, for: 0x2000).end == nil)
                #expect(Mappings.search(raw, for: 0x2000).isPast)
                #expect(!Mappings.search(raw, for: 0x9000).isPast)
            }
        }
    }
}

import CLoopguard
import Dispatch
import Foundation
import Glibc
import LoopguardCapture
import LoopguardCore
import Synchronization
import Testing

extension RealThreads {
    /// A thread blocked in a system call: verified, complete, the planted function in sight, and never a signal.
    @Suite(.serialized) struct BlockedCaptureTests {
        let capturer: StackCapturer
        let signalsBefore = lg_capture_handler_runs()

        init() throws { capturer = try StackCapturer() }

        private func capture(_ victim: Victim) -> CapturedStack {
            capturer.capture(slot: victim.slot, tick: victim.tick)
        }

        private func check(
            _ stack: CapturedStack, _ function: String, _ lines: ClosedRange<Int>,
            sourceLocation: SourceLocation = #_sourceLocation
        ) {
            #expect(stack.validity == .verified, "\(stack.note ?? "")", sourceLocation: sourceLocation)
            #expect(!stack.bySignal, sourceLocation: sourceLocation)
            #expect(lg_capture_handler_runs() == signalsBefore, "a signal was sent", sourceLocation: sourceLocation)
            #expect(stack.costNs > 0, sourceLocation: sourceLocation)
            expectPlanted(function, lines: lines, in: stack, sourceLocation: sourceLocation)
        }

        @Test func usleepIsReadAndNotShortened() {
            let result = Mutex<(slept: UInt64, asked: UInt64)>((0, 600_000_000))
            let victim = Victim {
                let began = lg_now_ns()
                Planted.callsUsleep(600_000)
                let slept = lg_now_ns() - began
                result.withLock { $0.slept = slept }
            }
            #expect(victim.waitUntilBlocked(in: "clock_nanosleep", "nanosleep") != nil)
            // Looked at first and named afterwards: naming reads debug information, and the sleep does not wait for it.
            let stacks = (0..<20).map { _ in capture(victim) }
            for stack in stacks { check(stack, "callsUsleep", Planted.usleepLines) }
            victim.finish()
            // Interrupted sleeps return early; this one was looked at twenty times.
            result.withLock { #expect($0.slept >= $0.asked) }
        }

        @Test func threadSleep() {
            let victim = Victim { Planted.callsThreadSleep(0.6) }
            #expect(victim.waitUntilBlocked(in: "clock_nanosleep", "nanosleep") != nil)
            check(capture(victim), "callsThreadSleep", Planted.threadSleepLines)
            victim.finish()
        }

        @Test func readOnPipe() throws {
            let pipe = try Pipe()
            let victim = Victim { Planted.callsRead(pipe.reader) }
            let call = victim.waitUntilBlocked(in: "read")
            #expect(call?.target?.hasPrefix("pipe:[") == true)
            check(capture(victim), "callsRead", Planted.readLines)
            pipe.write()
            victim.finish()
        }

        @Test func pollOnPipe() throws {
            let pipe = try Pipe()
            let victim = Victim { Planted.callsPoll(pipe.reader) }
            let call = victim.waitUntilBlocked(in: "poll", "ppoll")
            #expect(call?.target?.hasPrefix("pipe:[") == true)
            check(capture(victim), "callsPoll", Planted.pollLines)
            pipe.write()
            victim.finish()
        }

        @Test func contendedMutexNamesItsOwner() {
            let mutex = SharedMutex()
            let done = Flag()
            let owner = Victim {
                nameThread("lock owner")
                pthread_mutex_lock(mutex.pointer)
                while !done.isSet { usleep(1000) }
                pthread_mutex_unlock(mutex.pointer)
            }
            #expect(owner.waitUntilBlocked(in: "clock_nanosleep", "nanosleep") != nil)
            let victim = Victim { Planted.callsLock(mutex) }
            let call = victim.waitUntilBlocked(in: "futex")
            #expect(call?.lockOwner == "\(owner.tid) (lock owner)")
            #expect(call?.target == "futex 0x" + String(UInt(bitPattern: mutex.pointer), radix: 16))
            check(capture(victim), "callsLock", Planted.lockLines)
            done.set()
            victim.finish()
            owner.finish()
        }

        @Test func dispatchSemaphore() {
            let semaphore = DispatchSemaphore(value: 0)
            let victim = Victim { Planted.callsSemaphore(semaphore) }
            let call = victim.waitUntilBlocked(in: "futex")
            #expect(call?.lockOwner == nil)
            check(capture(victim), "callsSemaphore", Planted.semaphoreLines)
            semaphore.signal()
            victim.finish()
        }

        @Test func flockNamesTheFile() throws {
            let path = "/tmp/loopguard-capture-\(getpid())"
            let holder = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
            let waiter = open(path, O_RDWR | O_CLOEXEC)
            try #require(holder >= 0 && waiter >= 0)
            flock(holder, LOCK_EX)
            let victim = Victim { Planted.callsFlock(waiter) }
            #expect(victim.waitUntilBlocked(in: "flock")?.target == path)
            check(capture(victim), "callsFlock", Planted.flockLines)
            flock(holder, LOCK_UN)
            victim.finish()
            close(holder)
            close(waiter)
            unlink(path)
        }

        @Test func anotherTickIsNotCaptured() throws {
            let pipe = try Pipe()
            let victim = Victim { Planted.callsRead(pipe.reader) }
            #expect(victim.waitUntilBlocked(in: "read") != nil)
            let stack = capturer.capture(slot: victim.slot, tick: victim.tick + 1)
            #expect(stack.validity == .notCaptured)
            #expect(stack.note?.contains("tick ended") == true)
            #expect(stack.addresses.isEmpty)
            pipe.write()
            victim.finish()
        }

        @Test func endedThreadIsNotCaptured() {
            let victim = Victim {}
            let tick = victim.tick
            victim.finish()
            #expect(capturer.capture(slot: victim.slot, tick: tick).validity == .notCaptured)
        }

        @Test func deepStackIsCutAtTheLimitAndSaysSo() throws {
            let pipe = try Pipe()
            let victim = Victim { Planted.keep(Planted.recurses(400) { Planted.callsRead(pipe.reader) }) }
            #expect(victim.waitUntilBlocked(in: "read") != nil)
            let few = try StackCapturer(maxFrames: 50).capture(slot: victim.slot, tick: victim.tick)
            #expect(few.validity == .partial)
            #expect(few.addresses.count == 50)
            #expect(few.note?.contains("limit") == true)
            let small = try StackCapturer(maxStackBytes: 4096).capture(slot: victim.slot, tick: victim.tick)
            #expect(small.validity == .partial)
            #expect(small.note?.contains("larger than the copy") == true)
            expectPlanted("callsRead", lines: Planted.readLines, in: small)
            pipe.write()
            victim.finish()
        }
    }
}

/// A pipe for a victim to wait on.
struct Pipe {
    var reader: Int32
    var writer: Int32

    init() throws {
        var ends: [Int32] = [-1, -1]
        try #require(pipe(&ends) == 0)
        (reader, writer) = (ends[0], ends[1])
    }

    /// Lets the victim go, and closes nothing: a few descriptors more until the process ends.
    func write() {
        var byte: UInt8 = 1
        let count = Glibc.write(writer, &byte, 1)
        #expect(count == 1)
    }
}

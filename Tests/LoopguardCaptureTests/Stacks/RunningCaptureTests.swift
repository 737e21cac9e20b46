import CLoopguard
import Glibc
import LoopguardCore
import Synchronization
import Testing

@testable import LoopguardCapture

extension RealThreads {
    /// A thread that computes: captured by signal. Not under ThreadSanitizer: it delays signals, and its own functions, in which
    /// the thread mostly is, lack unwind information.
    @Suite(.serialized, .disabled(if: Sanitizer.isThread)) struct RunningCaptureTests {
        let capturer: StackCapturer

        init() throws { capturer = try StackCapturer() }

        /// Captures until one is by signal: under load the thread may be seen elsewhere than in its loop.
        private func captureRunning(_ victim: Victim) -> CapturedStack? {
            for _ in 0..<50 {
                let stack = capturer.capture(slot: victim.slot, tick: victim.tick, timeoutNs: 200_000_000)
                if stack.bySignal { return stack }
                usleep(1000)
            }
            return nil
        }

        private func check(
            _ function: String, _ lines: ClosedRange<Int>, sourceLocation: SourceLocation = #_sourceLocation,
            _ body: @escaping @Sendable (Flag) -> Void
        ) throws {
            let flag = Flag()
            let victim = Victim { body(flag) }
            defer {
                flag.set()
                victim.finish()
            }
            flag.waitUntilBegun()
            for _ in 0..<10 {
                let stack = try #require(captureRunning(victim), sourceLocation: sourceLocation)
                #expect(
                    stack.validity == .verified || stack.validity == .stale, "\(stack.note ?? "")",
                    sourceLocation: sourceLocation)
                expectPlanted(function, lines: lines, in: stack, sourceLocation: sourceLocation)
            }
        }

        @Test func spin() throws { try check("spins", Planted.spinLines) { Planted.spins(until: $0) } }
        @Test func sort() throws { try check("sorts", Planted.sortLines) { Planted.sorts(until: $0) } }
        @Test func malloc() throws { try check("allocates", Planted.mallocLines) { Planted.allocates(until: $0) } }
        @Test func vdsoClock() throws { try check("readsClock", Planted.clockLines) { Planted.readsClock(until: $0) } }

        /// Wherever in a short function the signal comes, in its prologue and epilogue too, its caller is in the stack.
        @Test func noCallerIsLost() {
            let flag = Flag()
            let victim = Victim { Planted.callsLeaf(until: flag) }
            flag.waitUntilBegun()
            let symbolizer = Symbolizer()
            var places: Set<UInt64> = []
            for _ in 0..<1500 {
                let stack = capturer.capture(slot: victim.slot, tick: victim.tick)
                guard stack.bySignal, let first = stack.addresses.first else { continue }
                places.insert(first.value)
                let frames = symbolizer.symbolicate(stack.addresses)
                #expect(stack.validity == .verified)
                #expect(frames.contains { $0.function?.contains("callsLeaf") == true }, "\(text(frames))")
                #expect(frames.contains { $0.function?.contains("Victim.init") == true }, "\(text(frames))")
            }
            #expect(places.count > 3)
            flag.set()
            victim.finish()
        }

        @Test func maskedSignalIsNotedAndDoesNotHang() {
            let flag = Flag()
            let ready = Flag()
            let victim = Victim {
                var mask = sigset_t()
                sigemptyset(&mask)
                sigaddset(&mask, StackCapturer.defaultSignal)
                pthread_sigmask(SIG_BLOCK, &mask, nil)
                ready.set()
                Planted.spins(until: flag)
            }
            while !ready.isSet { usleep(500) }
            let before = lg_capture_handler_runs()
            var stack = CapturedStack(validity: .verified)
            for _ in 0..<100 {  // until it is seen running
                stack = capturer.capture(slot: victim.slot, tick: victim.tick, timeoutNs: 5_000_000)
                if stack.note?.contains("signal mask") == true { break }
            }
            #expect(stack.validity == .notCaptured)
            #expect(stack.note?.contains("signal mask") == true, "\(stack.note ?? "")")
            #expect(lg_capture_handler_runs() == before)
            flag.set()
            victim.finish()
        }

        /// The signal comes after the time is up, and again, while another capture uses the same buffer.
        @Test func lateHandlerWritesNothing() throws {
            let flag = Flag()
            let phase = Atomic<Int>(0)
            let late = Victim {
                var mask = sigset_t()
                sigemptyset(&mask)
                sigaddset(&mask, StackCapturer.defaultSignal)
                pthread_sigmask(SIG_BLOCK, &mask, nil)
                phase.store(1, ordering: .releasing)
                while phase.load(ordering: .acquiring) == 1 {}
                pthread_sigmask(SIG_UNBLOCK, &mask, nil)  // the late signal is delivered here
                phase.store(3, ordering: .releasing)
                Planted.spins(until: flag)
            }
            while phase.load(ordering: .acquiring) == 0 { usleep(500) }
            // The capturer itself would not send a signal that is masked.
            #expect(
                lg_capture_by_signal(capturer.capture, late.slot, capturer.signal, late.tick, 2_000_000)
                    == LG_CAPTURE_TIMEOUT)
            let before = lg_capture_handler_runs()
            phase.store(2, ordering: .releasing)
            while phase.load(ordering: .acquiring) != 3 { usleep(100) }
            #expect(lg_capture_handler_runs() == before + 1)
            let stack = try #require(captureRunning(late))
            #expect(stack.validity == .verified)
            expectPlanted("spins", lines: Planted.spinLines, in: stack)
            flag.set()
            late.finish()
        }

        @Test func foreignHandlerIsLeftAlone() throws {
            let own: @convention(c) (Int32) -> Void = { _ in }
            var action = sigaction()
            action.__sigaction_handler.sa_handler = own
            var old = sigaction()
            sigaction(SIGUSR2, &action, &old)
            defer { sigaction(SIGUSR2, &old, nil) }
            let other = try StackCapturer(signal: SIGUSR2)
            #expect(facilities(signal: SIGUSR2).contains { $0.contains("Signal \(SIGUSR2)") })
            #expect(!facilities().contains { $0.contains("Signal") })
            let flag = Flag()
            let victim = Victim { Planted.spins(until: flag) }
            var stack = CapturedStack(validity: .verified)
            for _ in 0..<100 where stack.note?.contains("handled by the program") != true {
                stack = other.capture(slot: victim.slot, tick: victim.tick)
            }
            #expect(stack.note?.contains("handled by the program") == true, "\(stack.note ?? "")")
            #expect(stack.validity == .notCaptured)
            flag.set()
            victim.finish()
        }

        @Test func optionsAreChecked() {
            #expect(throws: CaptureError.self) { try StackCapturer(maxStackBytes: 1) }
            #expect(throws: CaptureError.self) { try StackCapturer(maxFrames: 0) }
            #expect(throws: CaptureError.self) { try StackCapturer(signal: SIGKILL) }
            #expect(throws: CaptureError.self) { try ThreadProbe(tid: -1) }
        }
    }
}

public import CLoopguard
import CUnwind
import Glibc
import LoopguardCore

/// Takes the stack of a stalled thread of this process.
///
/// A thread that is blocked in a system call is only looked at: the kernel tells its registers, the stack is copied, and
/// afterwards the kernel is asked whether the thread has moved. Nothing that it does is disturbed. A running thread gets a
/// signal whose handler copies registers and stack, nothing else (see `lg_capture.h`). In both cases the unwinding happens
/// here, over the copy.
///
/// All buffers are made once. For one thread, the watchdog: no two calls at the same time.
public final class StackCapturer {
    /// SIGURG: ignored by default, so a late one does no harm anywhere, and used by next to no program (Go's runtime uses
    /// it for the same purpose, for the same reasons).
    public static let defaultSignal: Int32 = SIGURG

    /// Threads of libdispatch, and with them those of Swift's cooperative pool and all that they start, block every signal
    /// that they can do without, except this one. It is taken over when the first such thread is captured while it runs, and
    /// only if the program does not handle it.
    public static let poolSignal: Int32 = SIGPROF

    /// The signal that running threads are asked by.
    public let signal: Int32
    /// Most frames of one capture, async ones included.
    public let maxFrames: Int

    let capture: OpaquePointer
    let unwinder: OpaquePointer
    let frames: UnsafeMutableBufferPointer<lg_frame>
    private var probes: [Int32: ThreadProbe] = [:]
    private let handlerError: Int32

    /// Prepares the buffers and installs the signal handler, with `SA_SIGINFO | SA_ONSTACK | SA_RESTART`, once per process.
    ///
    /// When the program has a handler of its own for the signal, that one is left alone and running threads are not
    /// captured; ``facilities(signal:)`` and the note of each such capture say so.
    ///
    /// - Parameters:
    ///   - signal: asks a running thread for its registers. Default SIGURG.
    ///   - maxStackBytes: innermost part of a stack that is copied, 4 KiB…16 MiB. Default 256 KiB. Twice this is allocated.
    ///   - maxFrames: most frames of one capture, 1…4096. Default 256.
    /// - Throws: ``CaptureError/Code/invalidOption``, ``CaptureError/Code/outOfMemory``.
    public init(
        signal: Int32 = StackCapturer.defaultSignal, maxStackBytes: Int = 256 * 1024, maxFrames: Int = 256
    ) throws(CaptureError) {
        guard (4096...16 << 20).contains(maxStackBytes) else {
            throw CaptureError(.invalidOption, "maxStackBytes is \(maxStackBytes); allowed are 4096 to 16777216.")
        }
        guard (1...4096).contains(maxFrames) else {
            throw CaptureError(.invalidOption, "maxFrames is \(maxFrames); allowed are 1 to 4096.")
        }
        guard signal > 0, signal <= 64, signal != SIGKILL, signal != SIGSTOP else {
            throw CaptureError(.invalidOption, "signal is \(signal); allowed are 1 to 64, but not SIGKILL and SIGSTOP.")
        }
        guard let unwinder = lg_unwinder_create() else {
            throw CaptureError(.outOfMemory, "no memory for the unwinder.")
        }
        guard let capture = lg_capture_create(maxStackBytes) else {
            lg_unwinder_destroy(unwinder)
            throw CaptureError(.outOfMemory, "no memory for two stack copies of \(maxStackBytes) bytes.")
        }
        self.signal = signal
        self.maxFrames = maxFrames
        self.unwinder = unwinder
        self.capture = capture
        frames = .allocate(capacity: maxFrames)
        handlerError = lg_capture_install(signal)
    }

    deinit {
        lg_capture_release(capture)
        lg_unwinder_destroy(unwinder)
        frames.deallocate()
    }

    /// Takes the stack of the slot's thread, if it is still in the tick that began at `busySince`.
    ///
    /// Costs 0.1 to 0.3 ms as a rule. Never blocks longer than about twice the timeout.
    ///
    /// - Parameters:
    ///   - slot: a bound slot, not the calling thread's.
    ///   - busySince: what `lg_busy_since(slot)` said when the stall was noticed.
    ///   - timeoutNs: how long to wait for a running thread's signal handler. Default 20 ms.
    /// - Returns: never fails; a capture that did not work has validity `notCaptured` and a note.
    public func capture(
        slot: UnsafeMutablePointer<lg_slot>, tick busySince: UInt64, timeoutNs: UInt64 = 20_000_000
    ) -> CapturedStack {
        let began = lg_now_ns()
        var stack =
            FaultInjection.fails(.capture)
            ? .none("a test made this capture fail") : take(slot: slot, tick: busySince, timeoutNs: timeoutNs)
        stack.costNs = lg_now_ns() &- began
        return stack
    }

    /// Attempts to read a blocked thread that keeps moving from one system call to the next.
    static let attempts = 4

    private func take(slot: UnsafeMutablePointer<lg_slot>, tick: UInt64, timeoutNs: UInt64) -> CapturedStack {
        guard lg_slot_is_bound(slot) else { return .none("the thread has ended") }
        let tid = lg_slot_tid(slot)
        guard tid != lg_current_tid() else { return .none("a thread cannot capture itself") }
        guard let probe = probe(of: tid) else { return .none("the thread has ended, or /proc is missing") }
        var last: CapturedStack?
        for _ in 0..<Self.attempts {
            guard lg_busy_since(slot) == tick else { return last ?? .tickOver }
            let call = probe.systemCall()
            switch call {
            case .blocked(_, _, let stackPointer, let counter), .outsideSystemCall(let stackPointer, let counter):
                let slices = probe.schedstat()?.timeslices
                guard lg_capture_by_copy(capture, slot, stackPointer, counter) == LG_CAPTURE_OK else {
                    return .unsupported
                }
                let hasStayed = Self.hasStayed(probe, in: call, slices: slices)
                guard lg_busy_since(slot) == tick else { return last ?? .tickOver }
                let takenNs = lg_now_ns()
                var stack = unwindCopy(takenNs: takenNs)
                guard lg_busy_since(slot) == tick else { return last ?? .tickOver }
                // Once more, since async contexts lie outside of the copy.
                if hasStayed, Self.hasStayed(probe, in: call, slices: slices) { return stack }
                stack.moved()
                last = stack
            case .running, .unavailable:
                if let refusal = refusal(probe: probe) { return refusal }
                if lg_capture_is_installed(signal), Self.isMasked(signal, tid: tid) { return Self.masked(signal) }
                // The checks took a while. A signal would cut short some calls (EINTR), so a thread that has blocked by now is
                // looked at instead. What is left is the time between this read and the delivery, some microseconds on an idle
                // machine: a thread that enters such a call just then returns early from it.
                guard Self.isOnCPU(probe.systemCall()) else { continue }
                return ask(slot, tid: tid, tick: tick, timeoutNs: timeoutNs)
            }
        }
        // Never a signal here: the thread is blocked more often than not, and the call would return early.
        return last ?? .none("the thread moved each time it was read")
    }

    /// Not blocked, as far as the kernel tells.
    static func isOnCPU(_ call: SystemCallState) -> Bool { call == .running || call == .unavailable }

    /// Whether the thread is in the same system call as before, and has not run since.
    static func hasStayed(_ probe: ThreadProbe, in call: SystemCallState, slices: UInt64?) -> Bool {
        probe.systemCall() == call && probe.schedstat()?.timeslices == slices
    }

    /// A thread that has a CPU answers within microseconds; after this it is worth asking why it does not.
    private static let firstWaitNs: UInt64 = 4_000_000

    /// Captures a running thread by signal.
    private func ask(
        _ slot: UnsafeMutablePointer<lg_slot>, tid: Int32, tick: UInt64, timeoutNs: UInt64
    ) -> CapturedStack {
        var result = lg_capture_by_signal(capture, slot, signal, tick, min(timeoutNs, Self.firstWaitNs))
        if result == LG_CAPTURE_TIMEOUT, timeoutNs > Self.firstWaitNs {
            // A thread that masks the signal will never answer, and the other loops must not wait for it.
            if ThreadName.blocks(signal, tid: tid) == true { return .masked(signal) }
            result = lg_capture_by_signal(capture, slot, signal, tick, timeoutNs - Self.firstWaitNs)
        }
        switch result {
        case LG_CAPTURE_OK:
            let takenNs = lg_now_ns()
            var stack = unwind(lg_capture_signal_snapshot(capture))
            stack.takenNs = takenNs
            stack.bySignal = true
            stack.wasInKernel = cameFromKernel(lg_capture_signal_snapshot(capture))
            if stack.wasInKernel { stack.interruptedCall = interruptedCall(lg_capture_signal_snapshot(capture)) }
            // The stack is of one moment. The async contexts were read later, while the thread ran on: they are of the same
            // moment only if the job is still the same.
            let hasParents = stack.addresses.contains { $0.kind == .asyncResume }
            if hasParents, lg_busy_since(slot) != tick || lg_jobs(slot) != lg_capture_jobs(capture) {
                stack.validity = .stale
                stack.note = "the job ended while its async callers were read"
            }
            return stack
        case let result: return refused(result, signal: signal, tid: tid, timeoutNs: timeoutNs)
        }
    }

    /// Why a thread cannot answer a signal now; nil = it can. A thread that the kernel holds would leave it pending, and the
    /// watchdog would wait for nothing.
    func refusal(probe: ThreadProbe) -> CapturedStack? {
        switch probe.status()?.state {
        case "D": .none("the thread waits inside the kernel (state D), where a signal does not reach it")
        case "T": .none("the thread is stopped by a signal")
        case "t": .none("the thread is held by a debugger")
        case "Z", "X": .none("the thread has ended")
        default: nil
        }
    }

    /// Whether the thread blocks the signal for good. While the handler of an earlier capture is about to return, it blocks all
    /// signals: that is waited for, half a millisecond at most.
    static func isMasked(_ signal: Int32, tid: Int32) -> Bool {
        for _ in 0..<5 {
            if ThreadName.blocks(signal, tid: tid) != true { return false }
            usleep(100)
        }
        return true
    }

    static func masked(_ signal: Int32) -> CapturedStack {
        .none("the thread runs, and blocks signal \(signal), which would ask it, in its signal mask")
    }

    /// A capture by signal that did not work, in words.
    func refused(
        _ result: lg_capture_result, signal: Int32, tid: Int32, timeoutNs: UInt64
    ) -> CapturedStack {
        switch result {
        case LG_CAPTURE_TICK_OVER: return .tickOver
        case LG_CAPTURE_BUSY: return .none("the thread has not finished the copy of an earlier capture: it got no CPU")
        case LG_CAPTURE_NO_THREAD: return .none("the thread has ended")
        case LG_CAPTURE_NO_HANDLER:
            return .none(
                "the thread runs, and signal \(signal) that would ask it for its stack is handled by the program itself"
            )
        case LG_CAPTURE_UNSUPPORTED: return .unsupported
        default:
            let milliseconds = timeoutNs / 1_000_000
            if ThreadName.blocks(signal, tid: tid) == true { return .masked(signal) }
            return .none("the thread did not answer signal \(signal) within \(milliseconds) ms: it got no CPU")
        }
    }

    func probe(of tid: Int32) -> ThreadProbe? {
        if let probe = probes[tid] {
            // An ended thread's files read as nothing; its identifier may belong to a new thread.
            if probe.schedstat() != nil || probe.systemCall() != .unavailable { return probe }
            probes[tid] = nil
        }
        if probes.count >= 128 { probes.removeAll(keepingCapacity: true) }
        guard let probe = try? ThreadProbe(tid: tid) else { return nil }
        probes[tid] = probe
        return probe
    }
}

extension CapturedStack {
    static func none(_ note: String) -> CapturedStack { CapturedStack(validity: .notCaptured, note: note) }
    static func masked(_ signal: Int32) -> CapturedStack {
        .none("the thread blocks signal \(signal) in its signal mask")
    }
    static let unsupported = none("stacks can be captured on x86-64 only")
    /// Marks a stack of a thread that ran while it was read.
    mutating func moved() {
        if validity == .verified { validity = .stale }
        note = "the thread moved while it was read"
    }
    static let tickOver = none("the tick ended before the thread could be read")
}

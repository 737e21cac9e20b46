import CLoopguard
import Glibc
import LoopguardCore

extension StackCapturer {
    // loopguard:blocking
    /// Takes the stack of any other thread of this process, guarded or not: the owner of a lock, a thread of a pool.
    ///
    /// A blocked thread is only looked at, as a guarded one is. A running one is asked by the signal; it has no alternate
    /// signal stack as a rule, so the handler takes about 5 KB of its own. A thread that blocks the signal is asked by
    /// ``poolSignal``. Costs 0.3 to 1 ms as a rule. Never blocks longer than about twice the timeout.
    ///
    /// - Parameters:
    ///   - tid: thread identifier, as gettid(2) returns it. Not the calling thread's.
    ///   - timeoutNs: how long to wait for a running thread's signal handler. Default 20 ms.
    /// - Returns: never fails; a capture that did not work has validity `notCaptured` and a note.
    public func capture(thread tid: Int32, timeoutNs: UInt64 = 20_000_000) -> CapturedStack {
        let began = lg_now_ns()
        var stack = takeThread(tid, timeoutNs: timeoutNs)
        stack.costNs = lg_now_ns() &- began
        return stack
    }

    private func takeThread(_ tid: Int32, timeoutNs: UInt64) -> CapturedStack {
        guard tid != lg_current_tid() else { return .none("a thread cannot capture itself") }
        guard tid > 0, let probe = probe(of: tid) else { return .none("the thread has ended, or /proc is missing") }
        var last: CapturedStack?
        for _ in 0..<Self.attempts {
            let call = probe.systemCall()
            switch call {
            case .blocked(_, _, let stackPointer, let counter), .outsideSystemCall(let stackPointer, let counter):
                let slices = probe.schedstat()?.timeslices
                let high = Mappings.end(around: stackPointer) ?? .max
                guard lg_capture_thread_by_copy(capture, stackPointer, counter, high) == LG_CAPTURE_OK else {
                    return .unsupported
                }
                let hasStayed = Self.hasStayed(probe, in: call, slices: slices)
                var stack = unwindCopy(takenNs: lg_now_ns())
                if hasStayed, Self.hasStayed(probe, in: call, slices: slices) { return stack }
                stack.moved()
                last = stack
            case .running, .unavailable:
                if let refusal = refusal(probe: probe) { return refusal }
                guard let signal = usableSignal(for: tid) else { return Self.masked(signal) }
                // As for guarded threads: see there for what is left of the risk.
                guard Self.isOnCPU(probe.systemCall()) else { continue }
                return confirmed(ask(tid, by: signal, timeoutNs)) { ask(tid, by: signal, timeoutNs) }
            }
        }
        return last ?? .none("the thread moved each time it was read")
    }

    /// A signal that the thread does not block.
    private func usableSignal(for tid: Int32) -> Int32? {
        guard Self.isMasked(signal, tid: tid) else { return signal }
        guard ThreadName.blocks(Self.poolSignal, tid: tid) != true, lg_capture_install_more(Self.poolSignal) == 0 else {
            return nil
        }
        return Self.poolSignal
    }

    private func ask(_ tid: Int32, by signal: Int32, _ timeoutNs: UInt64) -> CapturedStack {
        let result = lg_capture_thread_by_signal(capture, tid, signal, timeoutNs)
        guard result == LG_CAPTURE_OK else {
            return refused(result, signal: signal, tid: tid, timeoutNs: timeoutNs)
        }
        let takenNs = lg_now_ns()
        var stack = unwind(lg_capture_signal_snapshot(capture))
        stack.takenNs = takenNs
        stack.bySignal = true
        stack.wasInKernel = cameFromKernel(lg_capture_signal_snapshot(capture))
        if stack.wasInKernel { stack.interruptedCall = interruptedCall(lg_capture_signal_snapshot(capture)) }
        return stack
    }

    /// The stack is of one moment; the async contexts were read later, while the thread ran on. A second look tells whether
    /// it still worked for the same callers.
    private func confirmed(_ stack: CapturedStack, again: () -> CapturedStack) -> CapturedStack {
        let parents = stack.addresses.filter { $0.kind == .asyncResume }
        guard stack.bySignal, !parents.isEmpty else { return stack }
        guard again().addresses.filter({ $0.kind == .asyncResume }) != parents else { return stack }
        var stale = stack
        stale.validity = .stale
        stale.note = "the job may have ended while its async callers were read"
        return stale
    }
}

/// The memory map of this process, `/proc/self/maps`.
enum Mappings {
    /// One past the end of the mapping that holds `address`; nil when there is none, or the file cannot be read.
    static func end(around address: UInt64) -> UInt64? {
        let descriptor = open("/proc/self/maps", O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return nil }
        defer { close(descriptor) }
        return withUnsafeTemporaryAllocation(byteCount: 16384, alignment: 8) { buffer -> UInt64? in
            guard let base = buffer.baseAddress else { return nil }
            // The kernel hands out whole lines, so no line is cut by the end of the buffer.
            while true {
                let count = read(descriptor, base, buffer.count)
                guard count > 0 else { return nil }
                let (end, isPast) = search(UnsafeRawBufferPointer(rebasing: buffer[..<count]), for: address)
                if end != nil || isPast { return end }
            }
        }
    }

    /// Pure. `isPast`: a mapping beyond the address was seen, so that it is in none.
    static func search(_ lines: UnsafeRawBufferPointer, for address: UInt64) -> (end: UInt64?, isPast: Bool) {
        var start = 0
        while start < lines.count {
            let line = lines[start...]
            let length = line.firstIndex(of: UInt8(ascii: "\n")) ?? lines.count
            if let dash = lines[start..<length].firstIndex(of: UInt8(ascii: "-")),
                let space = lines[dash..<length].firstIndex(of: UInt8(ascii: " ")),
                let low = ProcFields.number(lines[start..<dash], radix: 16),
                let high = ProcFields.number(lines[(dash + 1)..<space], radix: 16)
            {
                if address < low { return (nil, true) }
                if address < high { return (high, false) }
            }
            start = length + 1
        }
        return (nil, false)
    }
}

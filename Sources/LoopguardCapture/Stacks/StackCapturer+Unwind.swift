package import CLoopguard
import LoopguardCore

extension StackCapturer {
    /// What every stack of an async function says: a child task does not tell who waits for it.
    static let chainEnd = "the chain of async callers ends at the task's start"

    /// Names the addresses of the stack that has been copied without the thread's registers.
    func unwindCopy(takenNs: UInt64) -> CapturedStack {
        let snapshot = lg_capture_copy_snapshot(capture)
        setFramePointer(of: snapshot, to: UInt64(LG_UNKNOWN))
        var stack = unwind(snapshot)
        stack.takenNs = takenNs
        return stack
    }

    /// Whether the interrupted instruction follows a `syscall`: signals are delivered on the way out of the kernel.
    func cameFromKernel(_ snapshot: UnsafeMutablePointer<lg_snapshot>) -> Bool {
        let counter = withUnsafeBytes(of: &snapshot.pointee.registers) {
            $0.load(fromByteOffset: Int(LG_RIP) * 8, as: UInt64.self)
        }
        var code: UInt16 = 0
        return counter > 2 && lg_unwinder_read(unwinder, nil, counter - 2, &code, 2) && code == 0x050f
    }

    /// The system call that a thread came out of, as ``cameFromKernel(_:)`` found: the kernel keeps the arguments' registers, but not
    /// the one with the number. The C library loads that just before: `mov $number, %eax; syscall`.
    func interruptedCall(_ snapshot: UnsafeMutablePointer<lg_snapshot>) -> SystemCallState? {
        let (counter, stack, arguments) = withUnsafeBytes(of: &snapshot.pointee.registers) { registers in
            let value = { (index: Int) in registers.load(fromByteOffset: index * 8, as: UInt64.self) }
            // rdi, rsi, rdx, r10, r8, r9 (syscall(2)) by their DWARF numbers (System V ABI, x86-64, figure 3.36).
            return (value(Int(LG_RIP)), value(Int(LG_RSP)), [5, 4, 1, 10, 8, 9].map(value))
        }
        var code = [UInt8](repeating: 0, count: 7)
        guard counter > 7, lg_unwinder_read(unwinder, nil, counter - 7, &code, 7), code[0] == 0xb8, code[3] == 0,
            code[4] == 0, code[5] == 0x0f, code[6] == 0x05
        else { return nil }
        return .blocked(
            number: Int(code[1]) | Int(code[2]) << 8, arguments: arguments, stackPointer: stack, programCounter: counter
        )
    }

    /// Names the addresses of a snapshot's frames.
    package func unwind(_ snapshot: UnsafeMutablePointer<lg_snapshot>) -> CapturedStack {
        lg_unwinder_clear(unwinder)
        var (count, end) = run(snapshot)
        // Frames beyond this one hang on a frame pointer that was worked out from the code.
        var certain = Int.max
        if end == LG_UNWIND_NEEDS_FRAME_POINTER, count > 0,
            let pointer = framePointer(of: frames[count - 1], in: snapshot)
        {
            // Nothing between that function and the innermost one has touched rbp, else it would be on the stack: it holds
            // this value in all of them.
            certain = count
            setFramePointer(of: snapshot, to: pointer)
            (count, end) = run(snapshot)
        }
        var addresses: [CapturedAddress] = []
        addresses.reserveCapacity(min(count + 16, maxFrames))
        var intact = true
        for (index, frame) in frames[..<count].enumerated() where addresses.count < maxFrames {
            let kind: CapturedAddress.Kind = index == 0 || frame.exact ? .programCounter : .returnAddress
            addresses.append(
                CapturedAddress(
                    value: frame.pc, kind: kind, provenance: Self.provenance(frame, isFirstGuess: index == certain)))
            guard let context = asyncContext(of: frame, in: snapshot) else { continue }
            let chain = AsyncChain.walk(
                from: context, limit: maxFrames - addresses.count,
                word: { self.word(at: $0, in: snapshot) }, isCode: isCode)
            addresses.append(
                contentsOf: chain.resumes.map {
                    CapturedAddress(value: $0, kind: .asyncResume, provenance: .asyncContext)
                })
            intact = intact && chain.isIntact
        }
        return Self.judge(addresses, end: end, snapshot: snapshot.pointee, chainIsIntact: intact)
    }

    private static func provenance(_ frame: lg_frame, isFirstGuess: Bool) -> FrameProvenance {
        switch Int(frame.found) {
        case Int(LG_FOUND_REGISTERS): .registers
        case Int(LG_FOUND_INFERRED): .inferred
        case Int(LG_FOUND_FRAME_POINTER): isFirstGuess ? .inferred : .framePointer
        default: isFirstGuess ? .inferred : .unwindInformation
        }
    }

    private static func judge(
        _ addresses: [CapturedAddress], end: lg_unwind_end, snapshot: lg_snapshot, chainIsIntact: Bool
    ) -> CapturedStack {
        guard !addresses.isEmpty else { return .none("the thread's registers lead nowhere") }
        var stack = CapturedStack(validity: .partial, addresses: addresses)
        switch end {
        case LG_UNWIND_COMPLETE where chainIsIntact:
            stack.validity = .verified
            if addresses.contains(where: { $0.kind == .asyncResume }) { stack.note = Self.chainEnd }
        case LG_UNWIND_COMPLETE:
            stack.validity = .stale
            stack.note = "the chain of async callers was changing while it was read"
        case LG_UNWIND_LIMIT: stack.note = "the stack has more frames than the limit"
        case LG_UNWIND_NO_INFORMATION: stack.note = "the outermost function shown has no unwind information"
        case _ where snapshot.stack_length == 0: stack.note = "the thread runs on a stack that is not its own"
        case _ where snapshot.stack_base &+ UInt64(snapshot.stack_length) < snapshot.stack_high:
            stack.note = "the stack is larger than the copy (\(snapshot.stack_capacity) bytes)"
        case LG_UNWIND_NEEDS_FRAME_POINTER:
            stack.note = "the frame pointer of the outermost function shown could not be found"
        default: stack.note = "the stack could not be followed further"
        }
        return stack
    }

    private func run(_ snapshot: UnsafeMutablePointer<lg_snapshot>) -> (count: Int, end: lg_unwind_end) {
        guard let base = frames.baseAddress else { return (0, LG_UNWIND_LIMIT) }
        var end = LG_UNWIND_BROKEN
        let count = lg_unwind(unwinder, snapshot, base, Int32(maxFrames), &end)
        return (Int(count), end)
    }

    private func setFramePointer(of snapshot: UnsafeMutablePointer<lg_snapshot>, to value: UInt64) {
        withUnsafeMutableBytes(of: &snapshot.pointee.registers) {
            $0.storeBytes(of: value, toByteOffset: Int(LG_RBP) * 8, as: UInt64.self)
        }
    }

    private func word(at address: UInt64, in snapshot: UnsafePointer<lg_snapshot>) -> UInt64? {
        var value: UInt64 = 0
        return lg_unwinder_read(unwinder, snapshot, address, &value, 8) ? value : nil
    }

    private func isCode(_ address: UInt64) -> Bool { lg_unwinder_is_code(unwinder, address) }

    /// The frame's own async context, if its function is async and has a frame.
    private func asyncContext(of frame: lg_frame, in snapshot: UnsafePointer<lg_snapshot>) -> UInt64? {
        guard frame.function_start != 0, frame.rbp != UInt64(LG_UNKNOWN), frame.rbp >= 8 else { return nil }
        // In its first instructions the function has not stored the context yet.
        guard frame.pc &- frame.function_start >= UInt64(AsyncChain.prologue.count) else { return nil }
        return withUnsafeTemporaryAllocation(byteCount: AsyncChain.prologue.count, alignment: 8) { code in
            guard let base = code.baseAddress,
                lg_unwinder_read(unwinder, nil, frame.function_start, base, code.count),
                code.elementsEqual(AsyncChain.prologue)
            else { return nil }
            guard let context = word(at: frame.rbp - 8, in: snapshot), context != 0 else { return nil }
            return context
        }
    }

    /// Where rbp must point in a function that set it up itself, given only rsp.
    private func framePointer(of frame: lg_frame, in snapshot: UnsafePointer<lg_snapshot>) -> UInt64? {
        let start = frame.function_start != 0 ? frame.function_start : likelyStart(of: frame.pc)
        guard let start, frame.pc > start else { return nil }
        let length = Int(min(frame.pc - start, 128))
        let decoded = withUnsafeTemporaryAllocation(byteCount: length, alignment: 8) { code -> Prologue? in
            guard let base = code.baseAddress, lg_unwinder_read(unwinder, nil, start, base, length) else { return nil }
            return Prologue.decode(code)
        }
        guard let prologue = decoded else { return nil }
        let expected = frame.sp &+ prologue.frameSize
        // Without unwind information the start is a guess, which a call of this very address confirms.
        let needed: ReturnQuality = frame.function_start != 0 ? .plausible : .proven
        for offset in stride(from: 0, to: prologue.alignment, by: 8)
        where returnQuality(at: expected &+ offset, callee: start, in: snapshot) >= needed {
            return expected &+ offset
        }
        // A variable-sized array, or arguments pushed on the stack. Take only a frame whose return address follows a call
        // of this very function: stale frames of other functions lie around there.
        for offset in stride(from: UInt64(8), to: 4096, by: 8)
        where returnQuality(at: expected &+ offset, callee: start, in: snapshot) == .proven {
            return expected &+ offset
        }
        return nil
    }

    /// The nearest place before `counter` that looks like the beginning of a function with a frame pointer.
    private func likelyStart(of counter: UInt64) -> UInt64? {
        var start = counter & ~15
        for _ in 0..<256 where start >= 16 {
            var word: UInt32 = 0
            guard lg_unwinder_read(unwinder, nil, start, &word, 4) else { return nil }
            if word == 0xe589_4855, start < counter { return start }  // push rbp; mov rbp, rsp
            start -= 16
        }
        return nil
    }

    private enum ReturnQuality: Comparable { case none, plausible, proven }

    /// Whether a frame of `callee` may be at `pointer`: there is a return address behind it, and a call before that.
    private func returnQuality(
        at pointer: UInt64, callee: UInt64, in snapshot: UnsafePointer<lg_snapshot>
    ) -> ReturnQuality {
        guard let address = word(at: pointer &+ 8, in: snapshot), address > 7, isCode(address) else {
            return .none
        }
        return withUnsafeTemporaryAllocation(byteCount: 7, alignment: 8) { code in
            guard let base = code.baseAddress, lg_unwinder_read(unwinder, nil, address - 7, base, 7) else {
                return .none
            }
            switch Prologue.call(before: code) {
            case .none: return .none
            case .indirect: return .plausible
            case .direct(let displacement):
                return address &+ UInt64(bitPattern: Int64(displacement)) == callee ? .proven : .plausible
            }
        }
    }
}

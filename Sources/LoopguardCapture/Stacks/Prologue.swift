/// What the first instructions of an x86-64 function say about its frame. Pure.
///
/// The kernel tells rsp and rip of a blocked thread, but not rbp. A function that needs rbp has set it up itself, at a
/// distance from rsp that its prologue tells.
struct Prologue: Equatable {
    /// rbp minus rsp in the function's body, before alignment.
    var frameSize: UInt64
    /// Rsp was rounded down to a multiple of this (1 = it was not): the distance is larger by less than this.
    var alignment: UInt64

    /// Nil when the function does not begin with a frame pointer, or `code` is too short to tell.
    static func decode(_ code: some RandomAccessCollection<UInt8>) -> Prologue? {
        var rest = code[...]
        func starts(_ bytes: [UInt8]) -> Bool { rest.starts(with: bytes) }
        // endbr64
        if starts([0xf3, 0x0f, 0x1e, 0xfa]) { rest = rest.dropFirst(4) }
        // `push rbp; mov rbp, rsp` may come after a fast path without a frame.
        var skipped = 0
        while !starts([0x55, 0x48, 0x89, 0xe5]), !starts(AsyncChain.prologue) {
            guard skipped < 64, !rest.isEmpty else { return nil }
            rest = rest.dropFirst()
            skipped += 1
        }
        var prologue = Prologue(frameSize: 0, alignment: 1)
        if starts(AsyncChain.prologue) {
            prologue.frameSize = 8  // r14 lies below rbp
            rest = rest.dropFirst(AsyncChain.prologue.count)
        } else {
            rest = rest.dropFirst(4)
        }
        while let first = rest.first {
            // push, and with the prefix 0x41 of r8 to r15
            if (0x50...0x57).contains(first) {
                prologue.frameSize += 8
                rest = rest.dropFirst()
            } else if first == 0x41, let second = rest.dropFirst().first, (0x50...0x57).contains(second) {
                prologue.frameSize += 8
                rest = rest.dropFirst(2)
            } else if starts([0x48, 0x83, 0xec]), let size = rest.dropFirst(3).first, size < 0x80 {  // sub rsp, imm8
                prologue.frameSize += UInt64(size)
                rest = rest.dropFirst(4)
            } else if starts([0x48, 0x81, 0xec]), let size = immediate(rest.dropFirst(3)) {  // sub rsp, imm32
                prologue.frameSize += UInt64(size)
                rest = rest.dropFirst(7)
            } else if starts([0x48, 0x83, 0xe4]), let mask = rest.dropFirst(3).first, mask >= 0x80 {  // and rsp, imm8
                prologue.alignment = 256 - UInt64(mask)
                rest = rest.dropFirst(4)
            } else if starts([0x48, 0x81, 0xe4]), let mask = immediate(rest.dropFirst(3)), mask > 0xffff_0000 {
                prologue.alignment = 1 << 32 - UInt64(mask)
                rest = rest.dropFirst(7)
            } else {
                break
            }
        }
        return prologue
    }

    /// Whether the instruction that ends right before a return address is a call, and of what.
    enum Call: Equatable {
        /// Of a fixed address, relative to the return address.
        case direct(displacement: Int32)
        /// Of an address in a register or in memory.
        case indirect
        case none
    }

    /// - Parameter before: the 7 bytes that precede a return address.
    static func call(before bytes: some RandomAccessCollection<UInt8>) -> Call {
        let b = Array(bytes)
        guard b.count == 7 else { return .none }
        if b[2] == 0xe8, let displacement = immediate(b[3...]) {
            return .direct(displacement: Int32(bitPattern: displacement))
        }
        // call r/m64 is `ff /2`, 2 to 7 bytes long: ModRM with 010 in the middle.
        for length in [2, 3, 4, 6, 7] {
            let start = 7 - length
            guard b[start] == 0xff, b[start + 1] & 0x38 == 0x10 else { continue }
            let mode = b[start + 1] >> 6
            let base = b[start + 1] & 7
            let sib = mode != 3 && base == 4 ? 1 : 0
            let displacement = mode == 1 ? 1 : mode == 2 || (mode == 0 && base == 5) ? 4 : 0
            let sibDisplacement = sib == 1 && mode == 0 && b[min(start + 2, 6)] & 7 == 5 ? 4 : 0
            if length == 2 + sib + displacement + sibDisplacement { return .indirect }
        }
        return .none
    }

    private static func immediate(_ bytes: some Collection<UInt8>) -> UInt32? {
        var value: UInt32 = 0
        var count = 0
        for byte in bytes.prefix(4) {
            value |= UInt32(byte) << UInt32(8 * count)
            count += 1
        }
        return count == 4 ? value : nil
    }
}

/// Takes the mask off a payload (RFC 6455 §5.3), eight bytes at a time.
enum Masking {
    /// Copies `source` to `target` and unmasks on the way: one pass instead of a copy and an in-place pass. (In place would
    /// copy as well: NIO keeps a reference to its receive buffer, so writing to it makes a copy of all of it.)
    ///
    /// - Parameters:
    ///   - mask: as it lies in memory.
    ///   - offset: position of `source` in the frame's payload: which byte of the mask comes first.
    static func unmask(
        _ source: UnsafeRawBufferPointer, into target: UnsafeMutableRawBufferPointer, mask: UInt32, offset: Int
    ) {
        let count = min(source.count, target.count)
        guard count > 0, let from = source.baseAddress, let to = target.baseAddress else { return }
        let rotated = rotate(mask, by: offset)
        let wide = UInt64(rotated) | UInt64(rotated) << 32
        var index = 0
        while index &+ 8 <= count {
            let word = from.loadUnaligned(fromByteOffset: index, as: UInt64.self)
            to.storeBytes(of: word ^ wide, toByteOffset: index, as: UInt64.self)
            index &+= 8
        }
        while index < count {
            let key = UInt8(truncatingIfNeeded: rotated >> (UInt32(index & 3) &* 8))
            to.storeBytes(
                of: from.load(fromByteOffset: index, as: UInt8.self) ^ key, toByteOffset: index, as: UInt8.self)
            index &+= 1
        }
    }

    /// The mask that begins at byte `offset` of the payload. Little-endian machines only, as the rest of Loopguard.
    static func rotate(_ mask: UInt32, by offset: Int) -> UInt32 {
        let bits = UInt32(offset & 3) &* 8
        return bits == 0 ? mask : mask >> bits | mask << (32 &- bits)
    }
}

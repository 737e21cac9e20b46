import CLoopguard

/// Typed reads of our own memory at addresses that may be garbage.
enum FaultSafe {
    static func bytes(at address: UInt64, count: Int) -> [UInt8] {
        guard count > 0 else { return [] }
        // SAFETY: lg_read_memory initialises exactly as many bytes as it returns.
        return [UInt8](unsafeUninitializedCapacity: count) { buffer, initialized in
            initialized = buffer.baseAddress.map { lg_read_memory(address, $0, count) } ?? 0
        }
    }

    static func word32(at address: UInt64) -> UInt32? {
        var value: UInt32 = 0
        return lg_read_memory(address, &value, 4) == 4 ? value : nil
    }

    /// A C string of at most `limit` bytes; nil when there is none, or it is empty.
    static func string(at address: UInt64, limit: Int = 4096) -> String? {
        guard address != 0 else { return nil }
        let bytes = bytes(at: address, count: limit).prefix { $0 != 0 }
        return bytes.isEmpty ? nil : String(decoding: bytes, as: UTF8.self)
    }
}

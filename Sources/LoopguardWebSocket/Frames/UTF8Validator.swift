/// Validates UTF-8 piece by piece: code points may be split anywhere, and the first wrong byte is noticed at once.
///
/// Follows Unicode 16 table 3-7: no over-long forms, no surrogates, nothing above U+10FFFF.
struct UTF8Validator: Sendable, Equatable {
    /// Continuation bytes that the running code point still needs.
    private var remaining: UInt8 = 0
    /// Bounds of the next continuation byte; narrower than 80…BF only after E0, ED, F0 and F4.
    private var lower: UInt8 = 0x80
    private var upper: UInt8 = 0xBF

    init() {}

    /// True between code points; at the end of a text it must be.
    var isComplete: Bool { remaining == 0 }

    /// Takes the next piece. False = not UTF-8, whatever follows.
    mutating func consume(_ bytes: UnsafeRawBufferPointer) -> Bool {
        let count = bytes.count
        guard let base = bytes.baseAddress else { return true }
        var index = 0
        while index < count {
            if remaining == 0 {
                // Most text is ASCII: look at eight bytes at a time until one has its top bit set.
                while index &+ 8 <= count,
                    base.loadUnaligned(fromByteOffset: index, as: UInt64.self) & 0x8080_8080_8080_8080 == 0
                {
                    index &+= 8
                }
                guard index < count else { break }
            }
            guard step(base.load(fromByteOffset: index, as: UInt8.self)) else { return false }
            index &+= 1
        }
        return true
    }

    /// Whether the whole is UTF-8.
    static func isValid(_ bytes: [UInt8]) -> Bool {
        var validator = UTF8Validator()
        // SAFETY: the pointer is used inside the closure only.
        return bytes.withUnsafeBytes { validator.consume($0) } && validator.isComplete
    }

    @inline(__always)
    private mutating func step(_ byte: UInt8) -> Bool {
        if remaining > 0 {
            guard byte >= lower, byte <= upper else { return false }
            remaining &-= 1
            lower = 0x80
            upper = 0xBF
            return true
        }
        switch byte {
        case 0x00...0x7F: return true
        case 0xC2...0xDF: remaining = 1
        case 0xE0:
            remaining = 2
            lower = 0xA0
        case 0xED:
            remaining = 2
            upper = 0x9F
        case 0xE1...0xEF: remaining = 2
        case 0xF0:
            remaining = 3
            lower = 0x90
        case 0xF4:
            remaining = 3
            upper = 0x8F
        case 0xF1...0xF3: remaining = 3
        default: return false
        }
        return true
    }
}

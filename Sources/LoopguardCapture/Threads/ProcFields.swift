/// Reads the fields of a `/proc` file, byte by byte and without allocation. Pure.
///
/// The kernel writes these files, but the format differs between versions, and a sandbox may write its own: nothing in
/// here trusts a byte.
struct ProcFields {
    private let bytes: UnsafeRawBufferPointer
    private var position = 0

    init(_ bytes: UnsafeRawBufferPointer) { self.bytes = bytes }

    /// The next word, or nil at the end.
    mutating func word() -> UnsafeRawBufferPointer? {
        while position < bytes.count, Self.isSpace(bytes[position]) { position += 1 }
        let start = position
        while position < bytes.count, !Self.isSpace(bytes[position]) { position += 1 }
        return start == position ? nil : UnsafeRawBufferPointer(rebasing: bytes[start..<position])
    }

    /// The next word as a decimal number.
    mutating func decimal() -> UInt64? {
        guard let word = word() else { return nil }
        return Self.number(word[...], radix: 10)
    }

    /// The next word as a number after `0x`.
    mutating func hexadecimal() -> UInt64? {
        guard let word = word(), word.count > 2, word[0] == UInt8(ascii: "0"), word[1] == UInt8(ascii: "x") else {
            return nil
        }
        return Self.number(word[2...], radix: 16)
    }

    /// Skips `count` words. False when there are fewer.
    mutating func skip(_ count: Int) -> Bool {
        for _ in 0..<count where word() == nil { return false }
        return true
    }

    static func number(_ digits: Slice<UnsafeRawBufferPointer>, radix: UInt64) -> UInt64? {
        guard !digits.isEmpty else { return nil }
        var value: UInt64 = 0
        for byte in digits {
            let digit: UInt64
            switch byte {
            case UInt8(ascii: "0")...UInt8(ascii: "9"): digit = UInt64(byte - UInt8(ascii: "0"))
            case UInt8(ascii: "a")...UInt8(ascii: "f"): digit = UInt64(byte - UInt8(ascii: "a")) + 10
            default: return nil
            }
            guard digit < radix else { return nil }
            let (product, overflow) = value.multipliedReportingOverflow(by: radix)
            let (sum, carry) = product.addingReportingOverflow(digit)
            guard !overflow, !carry else { return nil }
            value = sum
        }
        return value
    }

    private static func isSpace(_ byte: UInt8) -> Bool {
        byte == UInt8(ascii: " ") || byte == UInt8(ascii: "\n") || byte == UInt8(ascii: "\t")
    }
}

/// Names the place of a stall, so that reports of one place are counted together: the same for every build of the same
/// source, on every machine.
public enum Fingerprint {
    /// User frames that go into the hash, innermost first. More would split one place by who called it.
    static let userFrames = 12
    /// Frames that go in when none is the user's.
    static let runtimeFrames = 6

    /// 16 hexadecimal digits.
    ///
    /// Addresses, lines, closure numbers, private discriminators and compiler suffixes do not go in; a recursion counts
    /// as one frame. Kind and cause go in only when there are no frames: both settle while a stall goes on, and a place stays
    /// the same place however it holds the loop. A blocking call is another place than the stall that it causes: one happening
    /// would be counted twice.
    /// - Parameters:
    ///   - frames: innermost first, names demangled.
    ///   - route: of the handler, if known. It goes in only when there are no frames: then it is all that tells places
    ///     apart, while one place is the same whichever route leads to it.
    public static func make(
        frames: [StackFrame], kind: StallKind, category: CauseCategory, route: String? = nil
    ) -> String {
        let user = frames.lazy.filter { !$0.isRuntime }.prefix(userFrames)
        let chosen = user.isEmpty ? Array(frames.prefix(runtimeFrames)) : Array(user)
        var hash = FNV1a()
        if kind == .blockingCall { hash.combine(kind.rawValue) }
        if frames.isEmpty {
            hash.combine(kind.rawValue)
            hash.combine(category.rawValue)
            if let route { hash.combine(route) }
        }
        var previous: String?
        for frame in chosen {
            let name = frame.function.map(FunctionName.stable) ?? "?\(frame.module ?? "")"
            if name != previous { hash.combine(name) }
            previous = name
        }
        let text = String(hash.value, radix: 16)
        return String(repeating: "0", count: 16 - text.utf8.count) + text
    }
}

/// The 64-bit Fowler–Noll–Vo hash, variant 1a: stable across processes, which `Hasher` is not.
struct FNV1a {
    private(set) var value: UInt64 = 0xcbf2_9ce4_8422_2325

    /// Adds `text` and a separator that no text contains.
    mutating func combine(_ text: String) {
        for byte in text.utf8 { combine(byte) }
        combine(0xff)
    }

    private mutating func combine(_ byte: UInt8) {
        value ^= UInt64(byte)
        value = value &* 0x0000_0100_0000_01b3
    }
}

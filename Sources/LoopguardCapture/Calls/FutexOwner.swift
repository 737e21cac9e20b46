/// Who holds the lock that a thread waits for in futex(2). Pure.
enum FutexOwner {
    /// Bits of a futex word that hold a thread identifier, by the kernel's convention (`FUTEX_TID_MASK`).
    private static let tidMask: UInt32 = 0x3fff_ffff
    /// Set when others wait (`FUTEX_WAITERS`).
    private static let waiters: UInt32 = 0x8000_0000
    private static let wait: UInt64 = 0
    private static let waitBitset: UInt64 = 9
    private static let lockPI: Set<UInt64> = [6, 13]

    /// - Parameters:
    ///   - arguments: of the system call: address, operation, expected value, …
    ///   - word: reads 4 bytes, nil when unreadable.
    ///   - isThread: whether a number is the identifier of a thread of this process.
    /// - Returns: nil when the word is no lock that names its owner (a condition, a semaphore), or the lock was freed.
    static func find(
        arguments: [UInt64], waiter: Int32, word: (UInt64) -> UInt32?, isThread: (Int32) -> Bool
    ) -> Int32? {
        guard arguments.count >= 3, let value = word(arguments[0]) else { return nil }
        let operation = arguments[1] & 0x7f
        let expected = UInt32(truncatingIfNeeded: arguments[2])
        func thread(_ bits: UInt32) -> Int32? {
            let tid = Int32(truncatingIfNeeded: bits & tidMask)
            return tid > 0 && tid != waiter && isThread(tid) ? tid : nil
        }
        // Swift's Mutex and priority-inheriting pthread mutexes: the word is the owner.
        if lockPI.contains(operation) { return thread(value) }
        guard operation == wait || operation == waitBitset else { return nil }
        // A pthread mutex (glibc): the waiters wait for the value 2; lock, count and owner follow each other.
        if expected == 2, value == 2, let owner = word(arguments[0] &+ 8) { return thread(owner & tidMask) }
        // libdispatch's locks and robust mutexes: owner and the waiters' bit in the word.
        if value == expected, value & waiters != 0 { return thread(value) }
        return nil
    }
}

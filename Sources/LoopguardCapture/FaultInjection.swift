#if DEBUG
    import CLoopguard
    import Synchronization
#endif

/// Lets tests of debug builds make the N-th use of a facility fail. Release builds have none of it: ``fails(_:)`` is the
/// constant false there, and the branch behind it is not compiled.
enum FaultInjection {
    /// What can be made to fail.
    enum Point: Int, CaseIterable {
        /// Taking a stack.
        case capture
        /// Opening a file of `/proc`.
        case procOpen
        /// Reading a file of `/proc`.
        case procRead
        /// A fault-safe read of our own memory: of unwind tables, async contexts, link maps. Counted in C.
        case memoryRead
        /// Finding the module of an address.
        case moduleLookUp
        /// Opening an ELF file for its symbols.
        case debugFile
        /// Reading a compile unit's debug information.
        case compileUnit
    }

    #if DEBUG
        /// How many more uses succeed; negative: all do.
        private final class Countdown: Sendable {
            let left = Atomic<Int>(-1)
            let isForGood = Atomic<Bool>(false)
        }
        private static let countdowns = Point.allCases.map { _ in Countdown() }

        /// The `number`-th use from now on fails, counted from 1; with `forGood`, all later ones as well. For one test at a time.
        static func arm(_ point: Point, number: Int, forGood: Bool = false) {
            if point == .memoryRead {
                lg_memory_fail(number, forGood)
            } else {
                countdowns[point.rawValue].isForGood.store(forGood, ordering: .relaxed)
                countdowns[point.rawValue].left.store(number, ordering: .releasing)
            }
        }

        /// Ends it. Returns whether the use that was to fail has happened.
        static func disarm(_ point: Point) -> Bool {
            if point == .memoryRead { return lg_memory_fail(0, false) <= 0 }
            return countdowns[point.rawValue].left.exchange(-1, ordering: .acquiringAndReleasing) <= 0
        }
    #endif

    /// Whether this use must fail.
    @inline(__always) static func fails(_ point: Point) -> Bool {
        #if DEBUG
            let countdown = countdowns[point.rawValue]
            guard countdown.left.load(ordering: .relaxed) >= 0 else { return false }
            let before = countdown.left.subtract(1, ordering: .relaxed).oldValue
            if before == 1 { return true }
            guard before < 1 else { return false }
            countdown.left.store(0, ordering: .relaxed)
            return countdown.isForGood.load(ordering: .relaxed)
        #else
            return false
        #endif
    }
}

import CLoopguard
import Dispatch
import Foundation
import Glibc
import Synchronization

/// Functions that misbehave, for the tests to find in a stack. Each calls ``keep(_:)`` last, so that the optimiser does not
/// turn the call that blocks into a tail call.
enum Planted {
    static let file = "Planted.swift"

    @inline(never) @_optimize(none) static func keep(_ value: some Any) {}

    static let usleepLines = lines()
    @inline(never) static func callsUsleep(_ microseconds: UInt32) {
        let result = usleep(microseconds)
        keep(result)
    }

    static let threadSleepLines = lines()
    @inline(never) static func callsThreadSleep(_ seconds: Double) {
        Thread.sleep(forTimeInterval: seconds)
        keep(seconds)
    }

    static let readLines = lines()
    @inline(never) static func callsRead(_ descriptor: Int32) {
        var byte: UInt8 = 0
        let result = read(descriptor, &byte, 1)
        keep(result)
    }

    static let pollLines = lines()
    @inline(never) static func callsPoll(_ descriptor: Int32) {
        var entry = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
        let result = poll(&entry, 1, 20_000)
        keep(result)
    }

    static let lockLines = lines()
    @inline(never) static func callsLock(_ mutex: SharedMutex) {
        pthread_mutex_lock(mutex.pointer)
        pthread_mutex_unlock(mutex.pointer)
        keep(1)
    }

    static let semaphoreLines = lines()
    @inline(never) static func callsSemaphore(_ semaphore: DispatchSemaphore) {
        semaphore.wait()
        keep(2)
    }

    static let flockLines = lines()
    @inline(never) static func callsFlock(_ descriptor: Int32) {
        let result = flock(descriptor, LOCK_EX)
        keep(result)
    }

    static let spinLines = lines()
    @inline(never) static func spins(until flag: Flag) {
        flag.begin()
        var x: UInt64 = 1
        while !flag.isSet { x = x &* 6_364_136_223_846_793_005 &+ 1 }
        keep(x)
    }

    static let sortLines = lines()
    @inline(never) static func sorts(until flag: Flag) {
        flag.begin()
        while !flag.isSet {
            let sorted = Array((0..<5000).map { $0 &* 7919 % 5003 }).sorted { $0 > $1 }
            keep(sorted)
        }
    }

    static let mallocLines = lines()
    @inline(never) static func allocates(until flag: Flag) {
        flag.begin()
        while !flag.isSet {
            for size in 1..<200 {
                let p = malloc(size * 97)
                keep(p as Any)
                free(p)
            }
        }
    }

    @inline(never) @_optimize(none) static func callsLeaf(until flag: Flag) {
        flag.begin()
        var x = 1
        while !flag.isSet { for _ in 0..<1000 { x = leaf(x) } }
        keep(x)
    }

    @inline(never) @_optimize(none) private static func leaf(_ x: Int) -> Int { x &+ 1 }

    static let clockLines = lines()
    @inline(never) static func readsClock(until flag: Flag) {
        flag.begin()
        var time = timespec()
        while !flag.isSet { for _ in 0..<1000 { clock_gettime(CLOCK_MONOTONIC, &time) } }
        keep(time)
    }

    @inline(never) static func recurses(_ depth: Int, _ body: () -> Void) -> Int {
        if depth == 0 {
            body()
            return 1
        }
        let result = recurses(depth - 1, body)
        keep(result)
        return result + 1
    }

    /// The 14 lines after the caller's.
    private static func lines(_ line: Int = #line) -> ClosedRange<Int> { line...(line + 14) }
}

/// Set by one thread, read by another.
final class Flag: Sendable {
    private let value = Atomic<Bool>(false)
    var isSet: Bool { value.load(ordering: .relaxed) }
    func set() { value.store(true, ordering: .relaxed) }

    private let begun = Atomic<Bool>(false)
    /// Called by the thread that reads the flag, when it is where the test wants it.
    func begin() { begun.store(true, ordering: .releasing) }
    /// Waits for ``begin()``, at most 10 s.
    func waitUntilBegun() {
        for _ in 0..<20_000 where !begun.load(ordering: .acquiring) { usleep(500) }
    }
}

/// A pthread mutex at a fixed address.
final class SharedMutex: Sendable {
    // SAFETY: a mutex is made to be used by several threads; it lives as long as this object.
    nonisolated(unsafe) let pointer: UnsafeMutablePointer<pthread_mutex_t>

    init() {
        pointer = .allocate(capacity: 1)
        pointer.initialize(to: pthread_mutex_t())
        pthread_mutex_init(pointer, nil)
    }

    deinit {
        pthread_mutex_destroy(pointer)
        pointer.deallocate()
    }
}

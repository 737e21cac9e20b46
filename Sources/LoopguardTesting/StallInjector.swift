import Glibc
public import NIOCore
import Synchronization

/// Stalls a thread on purpose: to try an alarm, or what a program does when one of its loops is stuck.
public enum StallInjector {
    /// How the thread is held.
    public struct Way: Sendable, Hashable {
        enum Kind { case sleep, spin, lock, read }
        let kind: Kind

        /// In `nanosleep(2)`: cause `blockedInSystemCall`.
        public static let sleep = Way(kind: .sleep)
        /// Computes: cause `computing`.
        public static let spin = Way(kind: .spin)
        /// Waits for a mutex that another thread holds: cause `lockWait`.
        public static let lock = Way(kind: .lock)
        /// In `read(2)` on a pipe that is written to late: cause `blockedInSystemCall`.
        public static let read = Way(kind: .read)
    }

    /// Holds an event loop, and returns when it turns again.
    ///
    /// - Parameters:
    ///   - duration: at least so long; up to an hour.
    ///   - loop: any event loop. Not awaited from a task that runs on it.
    /// - Throws: when the loop has been shut down.
    public static func stall(_ way: Way, for duration: Duration, on loop: any EventLoop) async throws {
        try await loop.submit { block(way, for: duration) }.get()
    }

    /// Holds the calling thread: inside a handler, that is its event loop.
    ///
    /// - Parameter duration: at least so long; up to an hour.
    public static func block(_ way: Way, for duration: Duration) {
        let (seconds, attoseconds) = min(max(duration, .zero), .seconds(3600)).components
        let nanoseconds = UInt64(seconds) * 1_000_000_000 + UInt64(attoseconds / 1_000_000_000)
        switch way.kind {
        case .sleep: injectedSleep(nanoseconds)
        case .spin: injectedSpin(nanoseconds)
        case .lock: injectedLockWait(nanoseconds)
        case .read: injectedPipeRead(nanoseconds)
        }
    }
}

// Their names are what tests look for in stacks: not inlined, and with a statement after the blocking call, since a tail call
// would take the frame off the stack.

private let sink = Atomic<UInt64>(0)

@inline(never) private func injectedSleep(_ nanoseconds: UInt64) {
    pause(nanoseconds)
    sink.add(1, ordering: .relaxed)
}

@inline(never) private func injectedSpin(_ nanoseconds: UInt64) {
    let end = ContinuousClock.now + .nanoseconds(Int64(nanoseconds))
    var state: UInt64 = 1
    while ContinuousClock.now < end {
        for _ in 0..<1_000 { state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407 }
    }
    sink.add(state, ordering: .relaxed)
}

@inline(never) private func injectedLockWait(_ nanoseconds: UInt64) {
    let mutex = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
    pthread_mutex_init(mutex, nil)
    defer {
        pthread_mutex_destroy(mutex)
        mutex.deallocate()
    }
    let shared = SharedMutex(pointer: mutex)
    let isHeld = Flag()
    let holder = startThread {
        pthread_mutex_lock(shared.pointer)
        isHeld.raise()
        pause(nanoseconds)
        pthread_mutex_unlock(shared.pointer)
    }
    guard let holder else { return pause(nanoseconds) }
    while !isHeld.isRaised { sched_yield() }
    pthread_mutex_lock(mutex)
    sink.add(1, ordering: .relaxed)
    pthread_mutex_unlock(mutex)
    pthread_join(holder, nil)
}

@inline(never) private func injectedPipeRead(_ nanoseconds: UInt64) {
    var ends: [Int32] = [-1, -1]
    guard pipe(&ends) == 0 else { return pause(nanoseconds) }
    let writeEnd = ends[1]
    let feeder = startThread {
        pause(nanoseconds)
        close(writeEnd)
    }
    guard let feeder else {
        close(writeEnd)
        close(ends[0])
        return pause(nanoseconds)
    }
    var byte: UInt8 = 0
    let count = read(ends[0], &byte, 1)
    sink.add(UInt64(max(0, count)), ordering: .relaxed)
    close(ends[0])
    pthread_join(feeder, nil)
}

private func pause(_ nanoseconds: UInt64) {
    var wanted = timespec(tv_sec: Int(nanoseconds / 1_000_000_000), tv_nsec: Int(nanoseconds % 1_000_000_000))
    var rest = timespec()
    while nanosleep(&wanted, &rest) != 0 && errno == EINTR { wanted = rest }
}

// SAFETY: a pthread mutex is made for use by several threads; the pointer outlives the thread that gets it, which is joined.
private struct SharedMutex: @unchecked Sendable { let pointer: UnsafeMutablePointer<pthread_mutex_t> }

private final class Flag: Sendable {
    private let value = Atomic<Bool>(false)
    func raise() { value.store(true, ordering: .releasing) }
    var isRaised: Bool { value.load(ordering: .acquiring) }
}

private final class ThreadBody: Sendable {
    let run: @Sendable () -> Void
    init(_ run: @escaping @Sendable () -> Void) { self.run = run }
}

/// Nil when the system refuses.
private func startThread(_ run: @escaping @Sendable () -> Void) -> pthread_t? {
    var thread = pthread_t()
    let body = Unmanaged.passRetained(ThreadBody(run))
    let status = pthread_create(
        &thread, nil,
        { argument in
            guard let argument else { return nil }
            Unmanaged<ThreadBody>.fromOpaque(argument).takeRetainedValue().run()
            return nil
        }, body.toOpaque())
    guard status == 0 else {
        body.release()
        return nil
    }
    return thread
}

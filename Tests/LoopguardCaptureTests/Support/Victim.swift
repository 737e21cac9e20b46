import CLoopguard
import Glibc
import LoopguardCapture
import LoopguardCore
import Synchronization

/// A thread with a slot, which does what a test tells it to, for the test to capture.
final class Victim: Sendable {
    // SAFETY: slots are never freed, and their fields are atomics or written once before `bound` is set.
    nonisolated(unsafe) let slot: UnsafeMutablePointer<lg_slot>
    private let isOver = Atomic<Bool>(false)
    private let mayUnbind = Atomic<Bool>(false)

    /// Starts the thread. Returns when its slot is bound.
    init(_ body: @escaping @Sendable () -> Void) {
        guard let slot = lg_slot_create("victim", 50_000_000) else { preconditionFailure("no memory") }
        self.slot = slot
        spawn { [self] in
            let slot = self.slot
            let error = lg_slot_bind(slot)
            precondition(error == 0, "lg_slot_bind: \(error)")
            body()
            isOver.store(true, ordering: .releasing)
            while !mayUnbind.load(ordering: .acquiring) { usleep(500) }
            lg_slot_unbind(slot)
        }
        while !lg_slot_is_bound(slot) { usleep(100) }
    }

    var tid: Int32 { lg_slot_tid(slot) }
    var tick: UInt64 { lg_busy_since(slot) }
    var isFinished: Bool { isOver.load(ordering: .acquiring) }

    /// Waits for the body's end, then for the slot's.
    func finish() {
        while !isFinished { usleep(500) }
        mayUnbind.store(true, ordering: .releasing)
        while lg_slot_is_bound(slot) { usleep(200) }
    }

    /// Waits until the thread is blocked in one of the system calls. Nil when it takes more than 10 s.
    func waitUntilBlocked(in names: String...) -> BlockedCall? {
        guard let probe = try? ThreadProbe(tid: tid) else { return nil }
        for _ in 0..<20_000 {
            if let call = describe(call: probe.sample().systemCall, tid: tid), names.contains(call.name) { return call }
            usleep(500)
        }
        return nil
    }
}

/// Names the calling thread.
func nameThread(_ name: String) {
    let descriptor = open("/proc/thread-self/comm", O_WRONLY | O_CLOEXEC)
    _ = name.withCString { write(descriptor, $0, strlen($0)) }
    close(descriptor)
}

/// Runs `body` on a new detached thread.
func spawn(_ body: @escaping @Sendable () -> Void) {
    final class Box: Sendable {
        let body: @Sendable () -> Void
        init(_ body: @escaping @Sendable () -> Void) { self.body = body }
    }
    var thread = pthread_t()
    var attributes = pthread_attr_t()
    pthread_attr_init(&attributes)
    pthread_attr_setdetachstate(&attributes, Int32(PTHREAD_CREATE_DETACHED))
    let error = pthread_create(
        &thread, &attributes,
        { argument in
            guard let argument else { return nil }
            Unmanaged<Box>.fromOpaque(argument).takeRetainedValue().body()
            return nil
        }, Unmanaged.passRetained(Box(body)).toOpaque())
    precondition(error == 0, "pthread_create: \(error)")
    pthread_attr_destroy(&attributes)
}

import CLoopguard
import Glibc
import Synchronization

/// A named thread that can be joined. For the few threads that must not share a pool with anything: the watchdog must run
/// when every pool is stuck.
package final class PlainThread: Sendable {
    private final class Body {
        let name: String
        let run: @Sendable () -> Void
        init(name: String, run: @escaping @Sendable () -> Void) {
            self.name = name
            self.run = run
        }
    }

    private let handle: Mutex<pthread_t?>

    /// Starts the thread.
    ///
    /// - Parameter name: shown by `top -H` and in stall reports; at most 15 bytes.
    /// - Throws: ``LoopguardError`` with code `.resources` when the system refuses.
    package init(name: String, _ run: @escaping @Sendable () -> Void) throws(LoopguardError) {
        var thread = pthread_t()
        let body = Unmanaged.passRetained(Body(name: name, run: run))
        let status = pthread_create(
            &thread, nil,
            { argument in
                guard let argument else { return nil }
                let body = Unmanaged<Body>.fromOpaque(argument).takeRetainedValue()
                lg_thread_set_name(body.name)
                body.run()
                return nil
            }, body.toOpaque())
        guard status == 0 else {
            body.release()
            throw LoopguardError(.resources, "cannot start the thread \(name): errno \(status).")
        }
        handle = Mutex(thread)
    }

    /// Nobody will join it: its resources are freed when it ends. Idempotent.
    package func detach() {
        let thread = handle.withLock { handle in
            defer { handle = nil }
            return handle
        }
        if let thread { pthread_detach(thread) }
    }

    // loopguard:blocking
    /// Waits for the end of the thread. Idempotent; not from the thread itself.
    package func join() {
        let thread = handle.withLock { handle in
            defer { handle = nil }
            return handle
        }
        // loopguard:allow(blocking-join) reason: once, at the end; the thread has been told to end and wakes at once
        if let thread { pthread_join(thread, nil) }
    }
}

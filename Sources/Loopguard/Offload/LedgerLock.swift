import Synchronization

#if LOOPGUARD_THREAD_SANITIZER
    import Glibc

    /// The lock around the ledger in builds for ThreadSanitizer: see Tools/Sanitize/README.md.
    ///
    /// That of `Synchronization` is taken by code that is not instrumented, so that every access under it looks like a race, and a
    /// real race like all the others. This one the sanitizer knows.
    // SAFETY: `value` is only touched while `mutex` is held; both are freed with the object, when nobody can hold it any more.
    final class LedgerLock: @unchecked Sendable {
        private let mutex = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
        private var value: OffloadLedger

        init(_ value: OffloadLedger) {
            self.value = value
            mutex.initialize(to: pthread_mutex_t())
            pthread_mutex_init(mutex, nil)
        }

        deinit {
            pthread_mutex_destroy(mutex)
            mutex.deallocate()
        }

        func withLock<T>(_ body: (inout OffloadLedger) -> T) -> T {
            pthread_mutex_lock(mutex)
            defer { pthread_mutex_unlock(mutex) }
            return body(&value)
        }
    }
#else
    typealias LedgerLock = Mutex<OffloadLedger>
#endif

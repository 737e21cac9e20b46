import Dispatch
import Glibc
import Synchronization

extension Offence {
    /// Waits for other threads. Locks are held for far longer than the grace.
    static let threads: [Offence] = [
        Offence("pthread_mutex_lock") {
            let locks = Locks()
            locks.hold(milliseconds: 30) {
                pthread_mutex_lock($0.mutex)
            } release: {
                pthread_mutex_unlock($0.mutex)
            }
            pthread_mutex_lock(locks.mutex)
            pthread_mutex_unlock(locks.mutex)
        },
        Offence("pthread_rwlock_rdlock") {
            let locks = Locks()
            locks.hold(milliseconds: 30) {
                pthread_rwlock_wrlock($0.rwlock)
            } release: {
                pthread_rwlock_unlock($0.rwlock)
            }
            pthread_rwlock_rdlock(locks.rwlock)
            pthread_rwlock_unlock(locks.rwlock)
        },
        Offence("pthread_rwlock_wrlock") {
            let locks = Locks()
            locks.hold(milliseconds: 30) {
                pthread_rwlock_rdlock($0.rwlock)
            } release: {
                pthread_rwlock_unlock($0.rwlock)
            }
            pthread_rwlock_wrlock(locks.rwlock)
            pthread_rwlock_unlock(locks.rwlock)
        },
        Offence("pthread_cond_wait") {
            let locks = Locks()
            pthread_mutex_lock(locks.mutex)
            later(5) {
                pthread_mutex_lock(locks.mutex)
                pthread_cond_signal(locks.condition)
                pthread_mutex_unlock(locks.mutex)
            }
            pthread_cond_wait(locks.condition, locks.mutex)
            pthread_mutex_unlock(locks.mutex)
        },
        Offence("pthread_cond_timedwait") {
            let locks = Locks()
            var until = timespec()
            clock_gettime(CLOCK_REALTIME, &until)
            until.tv_nsec += 1_000_000
            if until.tv_nsec >= 1_000_000_000 {
                until.tv_sec += 1
                until.tv_nsec -= 1_000_000_000
            }
            pthread_mutex_lock(locks.mutex)
            pthread_cond_timedwait(locks.condition, locks.mutex, &until)
            pthread_mutex_unlock(locks.mutex)
        },
        Offence("sem_wait") {
            let locks = Locks()
            later(5) { sem_post(locks.semaphore) }
            sem_wait(locks.semaphore)
        },
        Offence("pthread_join") {
            var thread = pthread_t()
            pthread_create(
                &thread, nil,
                { _ in
                    usleep(10_000)
                    return nil
                }, nil)
            pthread_join(thread, nil)
        },
        // Reaches us through libdispatch.
        Offence("sem_timedwait") { _ = DispatchSemaphore(value: 0).wait(timeout: .now() + .milliseconds(10)) },
        Offence("futex") {
            let group = DispatchGroup()
            group.enter()
            later(40) { group.leave() }
            group.wait()
        },
    ]
}

/// One of each, shared between threads.
private final class Locks: @unchecked Sendable {
    // SAFETY: the pointers never change, and what they point to is made for use by many threads.
    let mutex = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
    let rwlock = UnsafeMutablePointer<pthread_rwlock_t>.allocate(capacity: 1)
    let condition = UnsafeMutablePointer<pthread_cond_t>.allocate(capacity: 1)
    let semaphore = UnsafeMutablePointer<sem_t>.allocate(capacity: 1)

    init() {
        pthread_mutex_init(mutex, nil)
        pthread_rwlock_init(rwlock, nil)
        pthread_cond_init(condition, nil)
        sem_init(semaphore, 0, 0)
    }

    /// Another thread takes a lock, and gives it back later. Returns when it has it; polls, as a wait would be an offence.
    func hold(
        milliseconds: Int, _ take: @escaping @Sendable (Locks) -> Void, release: @escaping @Sendable (Locks) -> Void
    ) {
        let flag = Flag()
        DispatchQueue.global().async {
            take(self)
            flag.value.store(true, ordering: .releasing)
            usleep(UInt32(milliseconds) * 1000)
            release(self)
        }
        while !flag.value.load(ordering: .acquiring) { sched_yield() }
    }

    private final class Flag: Sendable {
        let value = Atomic(false)
    }

    deinit {
        mutex.deallocate()
        rwlock.deallocate()
        condition.deallocate()
        semaphore.deallocate()
    }
}

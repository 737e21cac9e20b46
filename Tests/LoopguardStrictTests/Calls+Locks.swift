import Dispatch
import Foundation
import Glibc
import Synchronization

extension WrappedCall {
    /// Locks that somebody else holds until the caller is known to wait for longer than the grace; free ones are harmless.
    static let locks: [WrappedCall] = [
        WrappedCall("pthread_mutex_lock") {
            let held = Held {
                pthread_mutex_lock($0.mutex)
            } give: {
                pthread_mutex_unlock($0.mutex)
            }
            return Attempt(release: { held.release() }) {
                defer { pthread_mutex_unlock(held.locks.mutex) }
                return made { pthread_mutex_lock(held.locks.mutex) }
            }
        } harmless: {
            let locks = Locks()
            return [
                Attempt {
                    defer { pthread_mutex_unlock(locks.mutex) }
                    return made { pthread_mutex_lock(locks.mutex) }
                }
            ]
        },
        WrappedCall("pthread_rwlock_rdlock") {
            let held = Held {
                pthread_rwlock_wrlock($0.rwlock)
            } give: {
                pthread_rwlock_unlock($0.rwlock)
            }
            return Attempt(release: { held.release() }) {
                defer { pthread_rwlock_unlock(held.locks.rwlock) }
                return made { pthread_rwlock_rdlock(held.locks.rwlock) }
            }
        } harmless: {
            let shared = Held {
                pthread_rwlock_rdlock($0.rwlock)
            } give: {
                pthread_rwlock_unlock($0.rwlock)
            }
            return [
                Attempt {
                    defer { pthread_rwlock_unlock(shared.locks.rwlock) }
                    return made { pthread_rwlock_rdlock(shared.locks.rwlock) }
                }
            ]
        },
        WrappedCall("pthread_rwlock_wrlock") {
            let held = Held {
                pthread_rwlock_rdlock($0.rwlock)
            } give: {
                pthread_rwlock_unlock($0.rwlock)
            }
            return Attempt(release: { held.release() }) {
                defer { pthread_rwlock_unlock(held.locks.rwlock) }
                return made { pthread_rwlock_wrlock(held.locks.rwlock) }
            }
        } harmless: {
            let locks = Locks()
            return [
                Attempt {
                    defer { pthread_rwlock_unlock(locks.rwlock) }
                    return made { pthread_rwlock_wrlock(locks.rwlock) }
                }
            ]
        },
        WrappedCall("syscall", as: "futex", helper: "Word.futex") {
            let word = Word()
            return Attempt(release: { word.wake() }) { made { word.wait() } }
        } harmless: {
            let word = Word()
            return [
                // The value has changed already; nobody waits; another call; the caller's own limit is shorter than the grace.
                Attempt { made { word.futex(operation: 0, value: 1) } },
                Attempt { made { word.futex(operation: 1, value: 1) } },
                Attempt { made { function("syscall", as: SystemCall.self)(-1, 0, 0, 0, 0, 0, 0) } },
                Attempt { made { word.futex(operation: 0, value: 0, limit: timespec(tv_sec: 0, tv_nsec: 1000)) } },
            ]
        },
    ]
}

#if arch(x86_64)
    private let futexNumber = 202
#else
    private let futexNumber = 98
#endif
private typealias SystemCall = @convention(c) (Int, Int, Int, Int, Int, Int, Int) -> Int

/// `clock` in so many seconds.
func moment(_ clock: clockid_t, in seconds: Int) -> timespec {
    var now = timespec()
    clock_gettime(clock, &now)
    now.tv_sec += seconds
    return now
}

/// One of each, shared between threads.
final class Locks: @unchecked Sendable {
    // SAFETY: the pointers never change, and what they point to is made for use by many threads.
    let mutex = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
    let rwlock = UnsafeMutablePointer<pthread_rwlock_t>.allocate(capacity: 1)
    let condition = UnsafeMutablePointer<pthread_cond_t>.allocate(capacity: 1)
    let semaphore = UnsafeMutablePointer<sem_t>.allocate(capacity: 1)

    init(semaphore value: UInt32 = 0) {
        pthread_mutex_init(mutex, nil)
        pthread_rwlock_init(rwlock, nil)
        pthread_cond_init(condition, nil)
        sem_init(semaphore, 0, value)
    }

    deinit {
        mutex.deallocate()
        rwlock.deallocate()
        condition.deallocate()
        semaphore.deallocate()
    }
}

/// A lock that a thread of its own holds until it is told to give it back.
final class Held: Sendable {
    let locks = Locks()
    private let isWanted = DispatchSemaphore(value: 0)

    /// Returns when the thread has it.
    init(
        _ take: @escaping @Sendable (Locks) -> Int32, give: @escaping @Sendable (Locks) -> Int32
    ) {
        let isTaken = DispatchSemaphore(value: 0)
        let (locks, isWanted) = (locks, isWanted)
        Thread.detachNewThread {
            precondition(take(locks) == 0)
            isTaken.signal()
            isWanted.wait()
            _ = give(locks)
        }
        isTaken.wait()
    }

    func release() { isWanted.signal() }
    deinit { isWanted.signal() }
}

/// A word that threads wait for.
private final class Word: @unchecked Sendable {
    // SAFETY: the pointer never changes; the word is written once, by `wake`, and read by the kernel.
    private let word = UnsafeMutablePointer<UInt32>.allocate(capacity: 1)

    init() { word.initialize(to: 0) }
    deinit { word.deallocate() }

    /// Waits for `wake`. 0, or -1 when it had come already: as good.
    func wait() -> Int {
        let result = futex(operation: 0, value: 0)
        guard result == -1, errno == EAGAIN else { return result }
        errno = Outcome.untouched
        return 0
    }

    func wake() {
        word.pointee = 1
        _ = futex(operation: 1, value: 1)
    }

    func futex(operation: Int, value: Int, limit: timespec? = nil) -> Int {
        let call = function("syscall", as: SystemCall.self)
        guard var limit else { return call(futexNumber, Int(bitPattern: word), operation, value, 0, 0, 0) }
        return withUnsafePointer(to: &limit) {
            call(futexNumber, Int(bitPattern: word), operation, value, Int(bitPattern: $0), 0, 0)
        }
    }
}

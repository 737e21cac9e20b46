import Foundation
import Glibc
import Synchronization

extension WrappedCall {
    /// Conditions, which always wait; semaphores and threads, which are harmless when they can be had.
    static let events: [WrappedCall] = [
        WrappedCall("pthread_cond_wait") {
            let locks = Locks()
            return Attempt(release: { pthread_cond_signal(locks.condition) }) {
                pthread_mutex_lock(locks.mutex)
                defer { pthread_mutex_unlock(locks.mutex) }
                return made { pthread_cond_wait(locks.condition, locks.mutex) }
            }
        },
        WrappedCall("pthread_cond_timedwait", result: Int(ETIMEDOUT)) {
            let locks = Locks()
            return Attempt {
                var limit = moment(CLOCK_REALTIME, in: 0)
                pthread_mutex_lock(locks.mutex)
                defer { pthread_mutex_unlock(locks.mutex) }
                return made { pthread_cond_timedwait(locks.condition, locks.mutex, &limit) }
            }
        },
        WrappedCall("pthread_cond_clockwait", result: Int(ETIMEDOUT)) {
            let locks = Locks()
            return Attempt {
                var limit = moment(CLOCK_MONOTONIC, in: 0)
                pthread_mutex_lock(locks.mutex)
                defer { pthread_mutex_unlock(locks.mutex) }
                return made { waitByClock(locks.condition, locks.mutex, CLOCK_MONOTONIC, &limit) }
            }
        },
        WrappedCall("sem_wait") {
            let locks = Locks()
            return Attempt(release: { sem_post(locks.semaphore) }) { made { sem_wait(locks.semaphore) } }
        } harmless: {
            let locks = Locks(semaphore: 1)
            return [Attempt { made { sem_wait(locks.semaphore) } }]
        },
        WrappedCall("sem_timedwait") {
            let locks = Locks()
            return Attempt(release: { sem_post(locks.semaphore) }) {
                var limit = moment(CLOCK_REALTIME, in: 100)
                return made { sem_timedwait(locks.semaphore, &limit) }
            }
        } harmless: {
            let locks = Locks(semaphore: 1)
            let empty = Locks()
            return [
                Attempt {
                    var limit = moment(CLOCK_REALTIME, in: 100)
                    return made { sem_timedwait(locks.semaphore, &limit) }
                },
                Attempt {
                    var limit = moment(CLOCK_REALTIME, in: -100)
                    return made { sem_timedwait(empty.semaphore, &limit) }
                },
            ]
        },
        WrappedCall("sem_clockwait") {
            let locks = Locks()
            return Attempt(release: { sem_post(locks.semaphore) }) {
                var limit = moment(CLOCK_MONOTONIC, in: 100)
                return made { takeByClock(locks.semaphore, CLOCK_MONOTONIC, &limit) }
            }
        } harmless: {
            let locks = Locks(semaphore: 1)
            let empty = Locks()
            return [
                Attempt {
                    var limit = moment(CLOCK_MONOTONIC, in: 100)
                    return made { takeByClock(locks.semaphore, CLOCK_MONOTONIC, &limit) }
                },
                Attempt {
                    var limit = moment(CLOCK_MONOTONIC, in: -100)
                    return made { takeByClock(empty.semaphore, CLOCK_MONOTONIC, &limit) }
                },
            ]
        },
        WrappedCall("pthread_join") {
            let ending = Ending()
            return Attempt(release: { ending.end() }) { made { pthread_join(ending.thread, nil) } }
        } harmless: {
            let ending = Ending()
            ending.end()
            ending.waitUntilGone()
            return [Attempt { made { pthread_join(ending.thread, nil) } }]
        },
    ]
}

/// A thread that ends when it is told to, to be joined by somebody.
private final class Ending: @unchecked Sendable {
    // SAFETY: written before `init` returns; what the thread reads is atomic or a semaphore.
    private(set) var thread = pthread_t()
    private let box = Box()

    private final class Box: Sendable {
        let locks = Locks()
        /// Of the thread, below /proc.
        let place = Mutex<String?>(nil)
    }

    init() {
        pthread_create(
            &thread, nil,
            { argument in
                let box = Unmanaged<Box>.fromOpaque(argument!).takeRetainedValue()
                box.place.withLock {
                    $0 = (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/thread-self"))
                }
                sem_wait(box.locks.semaphore)
                return nil
            }, Unmanaged.passRetained(box).toOpaque())
    }

    func end() { sem_post(box.locks.semaphore) }

    /// The kernel has forgotten it.
    func waitUntilGone() {
        var place: String?
        while place == nil {
            place = box.place.withLock { $0 }
            sched_yield()
        }
        while access("/proc/\(place ?? "")", F_OK) == 0 { usleep(500) }
    }
}

private typealias WaitByClock =
    @convention(c) (
        UnsafeMutableRawPointer, UnsafeMutableRawPointer, clockid_t, UnsafeRawPointer
    ) -> Int32
private typealias TakeByClock = @convention(c) (UnsafeMutableRawPointer, clockid_t, UnsafeRawPointer) -> Int32

private var waitByClock: WaitByClock { function("pthread_cond_clockwait", as: WaitByClock.self) }
private var takeByClock: TakeByClock { function("sem_clockwait", as: TakeByClock.self) }

import Glibc

extension WrappedCall {
    /// As ``locks``, with time limits. Harmless when free, and when the limit comes before the grace ends.
    static let timedLocks: [WrappedCall] = [
        WrappedCall("pthread_mutex_timedlock") {
            let held = Held {
                pthread_mutex_lock($0.mutex)
            } give: {
                pthread_mutex_unlock($0.mutex)
            }
            return Attempt(release: { held.release() }) {
                defer { pthread_mutex_unlock(held.locks.mutex) }
                var limit = moment(CLOCK_REALTIME, in: 100)
                return made { pthread_mutex_timedlock(held.locks.mutex, &limit) }
            }
        } harmless: {
            let locks = Locks()
            let held = Held {
                pthread_mutex_lock($0.mutex)
            } give: {
                pthread_mutex_unlock($0.mutex)
            }
            return [
                Attempt {
                    var limit = moment(CLOCK_REALTIME, in: 100)
                    defer { pthread_mutex_unlock(locks.mutex) }
                    return made { pthread_mutex_timedlock(locks.mutex, &limit) }
                },
                // Somebody holds it, but the time is over.
                Attempt {
                    var limit = moment(CLOCK_REALTIME, in: -100)
                    return made { pthread_mutex_timedlock(held.locks.mutex, &limit) }
                },
            ]
        },
        WrappedCall("pthread_mutex_clocklock") {
            let held = Held {
                pthread_mutex_lock($0.mutex)
            } give: {
                pthread_mutex_unlock($0.mutex)
            }
            return Attempt(release: { held.release() }) {
                defer { pthread_mutex_unlock(held.locks.mutex) }
                var limit = moment(CLOCK_MONOTONIC, in: 100)
                return made { byClock("pthread_mutex_clocklock")(held.locks.mutex, CLOCK_MONOTONIC, &limit) }
            }
        } harmless: {
            let locks = Locks()
            let held = Held {
                pthread_mutex_lock($0.mutex)
            } give: {
                pthread_mutex_unlock($0.mutex)
            }
            return [
                Attempt {
                    var limit = moment(CLOCK_MONOTONIC, in: 100)
                    defer { pthread_mutex_unlock(locks.mutex) }
                    return made { byClock("pthread_mutex_clocklock")(locks.mutex, CLOCK_MONOTONIC, &limit) }
                },
                // Somebody holds it, but the time is over.
                Attempt {
                    var limit = moment(CLOCK_MONOTONIC, in: -100)
                    return made { byClock("pthread_mutex_clocklock")(held.locks.mutex, CLOCK_MONOTONIC, &limit) }
                },
            ]
        },
        WrappedCall("pthread_rwlock_timedrdlock") {
            let held = Held {
                pthread_rwlock_wrlock($0.rwlock)
            } give: {
                pthread_rwlock_unlock($0.rwlock)
            }
            return Attempt(release: { held.release() }) {
                defer { pthread_rwlock_unlock(held.locks.rwlock) }
                var limit = moment(CLOCK_REALTIME, in: 100)
                return made { timed("pthread_rwlock_timedrdlock")(held.locks.rwlock, &limit) }
            }
        } harmless: {
            let locks = Locks()
            let held = Held {
                pthread_rwlock_wrlock($0.rwlock)
            } give: {
                pthread_rwlock_unlock($0.rwlock)
            }
            return [
                Attempt {
                    var limit = moment(CLOCK_REALTIME, in: 100)
                    defer { pthread_rwlock_unlock(locks.rwlock) }
                    return made { timed("pthread_rwlock_timedrdlock")(locks.rwlock, &limit) }
                },
                // Somebody holds it, but the time is over.
                Attempt {
                    var limit = moment(CLOCK_REALTIME, in: -100)
                    return made { timed("pthread_rwlock_timedrdlock")(held.locks.rwlock, &limit) }
                },
            ]
        },
        WrappedCall("pthread_rwlock_clockrdlock") {
            let held = Held {
                pthread_rwlock_wrlock($0.rwlock)
            } give: {
                pthread_rwlock_unlock($0.rwlock)
            }
            return Attempt(release: { held.release() }) {
                defer { pthread_rwlock_unlock(held.locks.rwlock) }
                var limit = moment(CLOCK_MONOTONIC, in: 100)
                return made { byClock("pthread_rwlock_clockrdlock")(held.locks.rwlock, CLOCK_MONOTONIC, &limit) }
            }
        } harmless: {
            let locks = Locks()
            let held = Held {
                pthread_rwlock_wrlock($0.rwlock)
            } give: {
                pthread_rwlock_unlock($0.rwlock)
            }
            return [
                Attempt {
                    var limit = moment(CLOCK_MONOTONIC, in: 100)
                    defer { pthread_rwlock_unlock(locks.rwlock) }
                    return made { byClock("pthread_rwlock_clockrdlock")(locks.rwlock, CLOCK_MONOTONIC, &limit) }
                },
                // Somebody holds it, but the time is over.
                Attempt {
                    var limit = moment(CLOCK_MONOTONIC, in: -100)
                    return made { byClock("pthread_rwlock_clockrdlock")(held.locks.rwlock, CLOCK_MONOTONIC, &limit) }
                },
            ]
        },
        WrappedCall("pthread_rwlock_timedwrlock") {
            let held = Held {
                pthread_rwlock_rdlock($0.rwlock)
            } give: {
                pthread_rwlock_unlock($0.rwlock)
            }
            return Attempt(release: { held.release() }) {
                defer { pthread_rwlock_unlock(held.locks.rwlock) }
                var limit = moment(CLOCK_REALTIME, in: 100)
                return made { timed("pthread_rwlock_timedwrlock")(held.locks.rwlock, &limit) }
            }
        } harmless: {
            let locks = Locks()
            let held = Held {
                pthread_rwlock_rdlock($0.rwlock)
            } give: {
                pthread_rwlock_unlock($0.rwlock)
            }
            return [
                Attempt {
                    var limit = moment(CLOCK_REALTIME, in: 100)
                    defer { pthread_rwlock_unlock(locks.rwlock) }
                    return made { timed("pthread_rwlock_timedwrlock")(locks.rwlock, &limit) }
                },
                // Somebody holds it, but the time is over.
                Attempt {
                    var limit = moment(CLOCK_REALTIME, in: -100)
                    return made { timed("pthread_rwlock_timedwrlock")(held.locks.rwlock, &limit) }
                },
            ]
        },
        WrappedCall("pthread_rwlock_clockwrlock") {
            let held = Held {
                pthread_rwlock_rdlock($0.rwlock)
            } give: {
                pthread_rwlock_unlock($0.rwlock)
            }
            return Attempt(release: { held.release() }) {
                defer { pthread_rwlock_unlock(held.locks.rwlock) }
                var limit = moment(CLOCK_MONOTONIC, in: 100)
                return made { byClock("pthread_rwlock_clockwrlock")(held.locks.rwlock, CLOCK_MONOTONIC, &limit) }
            }
        } harmless: {
            let locks = Locks()
            let held = Held {
                pthread_rwlock_rdlock($0.rwlock)
            } give: {
                pthread_rwlock_unlock($0.rwlock)
            }
            return [
                Attempt {
                    var limit = moment(CLOCK_MONOTONIC, in: 100)
                    defer { pthread_rwlock_unlock(locks.rwlock) }
                    return made { byClock("pthread_rwlock_clockwrlock")(locks.rwlock, CLOCK_MONOTONIC, &limit) }
                },
                // Somebody holds it, but the time is over.
                Attempt {
                    var limit = moment(CLOCK_MONOTONIC, in: -100)
                    return made { byClock("pthread_rwlock_clockwrlock")(held.locks.rwlock, CLOCK_MONOTONIC, &limit) }
                },
            ]
        },
    ]
}

private typealias Timed = @convention(c) (UnsafeMutableRawPointer, UnsafeRawPointer) -> Int32
private typealias ByClock = @convention(c) (UnsafeMutableRawPointer, clockid_t, UnsafeRawPointer) -> Int32

private func timed(_ name: String) -> Timed { function(name, as: Timed.self) }
private func byClock(_ name: String) -> ByClock { function(name, as: ByClock.self) }

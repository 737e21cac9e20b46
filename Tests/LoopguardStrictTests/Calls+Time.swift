import Glibc

extension WrappedCall {
    /// Sleeps and polls: the harmless form has a time limit of zero.
    static let time: [WrappedCall] = [
        WrappedCall("usleep") {
            Attempt { made { usleep(500) } }
        } harmless: {
            [Attempt { made { usleep(0) } }]
        },
        // Whole seconds only: a signal ends it, and it tells how many were left.
        WrappedCall("sleep", result: 1, error: EINTR) {
            let sleeper = Interruptible()
            return Attempt(release: { sleeper.interrupt() }) {
                sleeper.run { made { sleep(1000) > 900 ? 1 : 0 } }
            }
        } harmless: {
            [Attempt { made { sleep(0) } }]
        },
        WrappedCall("nanosleep") {
            Attempt {
                var time = timespec(tv_sec: 0, tv_nsec: 1000)
                return made { nanosleep(&time, nil) }
            }
        } harmless: {
            [
                Attempt {
                    var time = timespec()
                    return made { nanosleep(&time, nil) }
                },
                Attempt { made { function("nanosleep", as: TimePointers.self)(nil, nil) } },
            ]
        },
        WrappedCall("clock_nanosleep") {
            Attempt {
                var time = timespec(tv_sec: 0, tv_nsec: 1000)
                return made { clock_nanosleep(CLOCK_MONOTONIC, 0, &time, nil) }
            }
        } harmless: {
            [
                Attempt {
                    var time = timespec()
                    return made { clock_nanosleep(CLOCK_MONOTONIC, 0, &time, nil) }
                }
            ]
        },
        WrappedCall("poll") {
            Attempt { made { poll(nil, 0, 1) } }
        } harmless: {
            [Attempt { made { poll(nil, 0, 0) } }]
        },
        WrappedCall("__poll_chk", as: "poll") {
            Attempt { made { function("__poll_chk", as: CheckedPoll.self)(nil, 0, 1, 0) } }
        } harmless: {
            [Attempt { made { function("__poll_chk", as: CheckedPoll.self)(nil, 0, 0, 0) } }]
        },
        WrappedCall("ppoll") {
            Attempt {
                var time = timespec(tv_sec: 0, tv_nsec: 1000)
                return made { pollPrecisely(nil, 0, &time, nil) }
            }
        } harmless: {
            [
                Attempt {
                    var time = timespec()
                    return made { pollPrecisely(nil, 0, &time, nil) }
                }
            ]
        },
        WrappedCall("select") {
            Attempt {
                var time = timeval(tv_sec: 0, tv_usec: 100)
                return made { select(0, nil, nil, nil, &time) }
            }
        } harmless: {
            [
                Attempt {
                    var time = timeval()
                    return made { select(0, nil, nil, nil, &time) }
                }
            ]
        },
        WrappedCall("pselect") {
            Attempt {
                var time = timespec(tv_sec: 0, tv_nsec: 1000)
                return made { pselect(0, nil, nil, nil, &time, nil) }
            }
        } harmless: {
            [
                Attempt {
                    var time = timespec()
                    return made { pselect(0, nil, nil, nil, &time, nil) }
                }
            ]
        },
    ]
}

private typealias TimePointers = @convention(c) (UnsafeRawPointer?, UnsafeMutableRawPointer?) -> Int32
private typealias CheckedPoll = @convention(c) (UnsafeMutableRawPointer?, UInt, Int32, Int) -> Int32
private typealias PrecisePoll =
    @convention(c) (UnsafeMutableRawPointer?, UInt, UnsafeRawPointer?, UnsafeRawPointer?) -> Int32

private var pollPrecisely: PrecisePoll { function("ppoll", as: PrecisePoll.self) }

// Locks, conditions, semaphores, threads and futexes. Included by the one file of wrappers.
//
// A lock is tried first. When somebody holds it, it is waited for with a time limit, the grace: NIO, the Swift runtime and
// libdispatch share short critical sections with other threads, and two that meet there are no offence.
#include <linux/futex.h>
#include <pthread.h>
#include <semaphore.h>

static inline struct timespec after_grace(clockid_t clock) {
    struct timespec t = {0, 0}; // stays so for a clock that does not exist: the original says so
    clock_gettime(clock, &t);
    uint64_t ns = (uint64_t)t.tv_nsec + lg_gate_lock_grace_ns();
    t.tv_sec += (time_t)(ns / 1000000000ull);
    t.tv_nsec = (long)(ns % 1000000000ull);
    return t;
}

static inline bool earlier(const struct timespec *a, const struct timespec *b) {
    return a->tv_sec != b->tv_sec ? a->tv_sec < b->tv_sec : a->tv_nsec < b->tv_nsec;
}

// MARK: mutexes and read-write locks

LG_NEXT(int, pthread_mutex_lock, (pthread_mutex_t * m), (m), ENOSYS)
LG_NEXT(int, pthread_mutex_timedlock, (pthread_mutex_t * m, const struct timespec *until), (m, until), ENOSYS)

static LG_COLD int guarded_mutex_lock(pthread_mutex_t *m) {
    int r = pthread_mutex_trylock(m);
    if (r != EBUSY) return r;
    // CLOCK_REALTIME: priority-inheriting mutexes take no other clock. Set back by an hour, it makes a grace too long.
    struct timespec until = after_grace(CLOCK_REALTIME);
    r = next(pthread_mutex_timedlock)(m, &until);
    if (r != ETIMEDOUT) {
        if (r == 0) lg_gate_count_short_wait();
        return r;
    }
    LG_BLOCK(int, pthread_mutex_lock, SYS_futex, (uintptr_t)m, FUTEX_WAIT, 0, next(pthread_mutex_lock)(m));
}

LG_WHOLE int pthread_mutex_lock(pthread_mutex_t *m) {
    if (LG_LIKELY_OFF() || !lg_gate_enters(LG_CALL_pthread_mutex_lock)) return next(pthread_mutex_lock)(m);
    return guarded_mutex_lock(m);
}

// With a time limit: one that ends within the grace is no offence, whoever has the lock then.
#define LG_TIMED_LOCK(name, clock, params, args, at_once, for_grace)                                             \
    static LG_COLD int guarded_##name params {                                                                         \
        int r = at_once;                                                                                               \
        if (r != EBUSY) return r;                                                                                      \
        struct timespec grace = after_grace(clock);                                                                    \
        bool is_short = earlier(until, &grace);                                                                        \
        const struct timespec *limit = is_short ? until : &grace;                                                      \
        r = for_grace;                                                                                                 \
        if (r != ETIMEDOUT || is_short) {                                                                              \
            if (r == 0) lg_gate_count_short_wait();                                                                    \
            return r;                                                                                                  \
        }                                                                                                              \
        LG_BLOCK(int, name, SYS_futex, (uintptr_t)l, FUTEX_WAIT, 0, next(name) args);                                  \
    }                                                                                                                  \
    LG_WHOLE int name params {                                                                                         \
        if (LG_LIKELY_OFF() || !lg_gate_enters(LG_CALL_##name)) return next(name) args;                                \
        return guarded_##name args;                                                                                    \
    }

LG_TIMED_LOCK(pthread_mutex_timedlock, CLOCK_REALTIME,
              (pthread_mutex_t * l, const struct timespec *until), (l, until), pthread_mutex_trylock(l),
              next(pthread_mutex_timedlock)(l, limit))
LG_NEXT(int, pthread_mutex_clocklock, (pthread_mutex_t * l, clockid_t clock, const struct timespec *until),
        (l, clock, until), ENOSYS)
LG_TIMED_LOCK(pthread_mutex_clocklock, clock,
              (pthread_mutex_t * l, clockid_t clock, const struct timespec *until), (l, clock, until),
              pthread_mutex_trylock(l), next(pthread_mutex_clocklock)(l, clock, limit))

#define LG_RWLOCK(kind)                                                                                                \
    LG_NEXT(int, pthread_rwlock_##kind, (pthread_rwlock_t * l), (l), ENOSYS)                                           \
    LG_NEXT(int, pthread_rwlock_timed##kind, (pthread_rwlock_t * l, const struct timespec *until), (l, until), ENOSYS) \
    LG_NEXT(int, pthread_rwlock_clock##kind, (pthread_rwlock_t * l, clockid_t clock, const struct timespec *until),    \
            (l, clock, until), ENOSYS)                                                                                 \
    static LG_COLD int guarded_##kind(pthread_rwlock_t *l) {                                                           \
        int r = pthread_rwlock_try##kind(l);                                                                           \
        if (r != EBUSY) return r;                                                                                      \
        struct timespec until = after_grace(CLOCK_REALTIME);                                                           \
        r = next(pthread_rwlock_timed##kind)(l, &until);                                                               \
        if (r != ETIMEDOUT) {                                                                                          \
            if (r == 0) lg_gate_count_short_wait();                                                                    \
            return r;                                                                                                  \
        }                                                                                                              \
        LG_BLOCK(int, pthread_rwlock_##kind, SYS_futex, (uintptr_t)l, FUTEX_WAIT, 0, next(pthread_rwlock_##kind)(l));  \
    }                                                                                                                  \
    LG_WHOLE int pthread_rwlock_##kind(pthread_rwlock_t *l) {                                                          \
        if (LG_LIKELY_OFF() || !lg_gate_enters(LG_CALL_pthread_rwlock_##kind)) return next(pthread_rwlock_##kind)(l);  \
        return guarded_##kind(l);                                                                                      \
    }                                                                                                                  \
    LG_TIMED_LOCK(pthread_rwlock_timed##kind, CLOCK_REALTIME,                                                          \
                  (pthread_rwlock_t * l, const struct timespec *until), (l, until), pthread_rwlock_try##kind(l),       \
                  next(pthread_rwlock_timed##kind)(l, limit))                                                          \
    LG_TIMED_LOCK(pthread_rwlock_clock##kind, clock,                                                                   \
                  (pthread_rwlock_t * l, clockid_t clock, const struct timespec *until), (l, clock, until),            \
                  pthread_rwlock_try##kind(l), next(pthread_rwlock_clock##kind)(l, clock, limit))
LG_RWLOCK(rdlock)
LG_RWLOCK(wrlock)

// MARK: events

#define LG_CONDITION(name, params, args)                                                                               \
    LG_NEXT_OF(int, name, #name, "GLIBC_2.3.2", params, args, ENOSYS)                                                  \
    LG_WHOLE int name params {                                                                                         \
        if (LG_LIKELY_OFF() || !lg_gate_enters(LG_CALL_##name)) return next(name) args;                                \
        LG_BLOCK(int, name, SYS_futex, (uintptr_t)c, FUTEX_WAIT, 0, next(name) args);                                  \
    }
LG_CONDITION(pthread_cond_wait, (pthread_cond_t * c, pthread_mutex_t *m), (c, m))
LG_CONDITION(pthread_cond_timedwait, (pthread_cond_t * c, pthread_mutex_t *m, const struct timespec *until),
             (c, m, until))
LG_CONDITION(pthread_cond_clockwait,
             (pthread_cond_t * c, pthread_mutex_t *m, clockid_t clock, const struct timespec *until),
             (c, m, clock, until))

// A semaphore that can be had at once is no wait.
static bool cannot_have(sem_t *s, int *result) {
    int saved = errno;
    *result = sem_trywait(s);
    if (*result == 0 || errno != EAGAIN) return false;
    errno = saved;
    return true;
}

// A time that has passed is a way to try (`DispatchSemaphore.wait(timeout: .now())`).
static bool has_passed(clockid_t clock, const struct timespec *until) {
    struct timespec now;
    return clock_gettime(clock, &now) == 0 && earlier(until, &now);
}

#define LG_SEMAPHORE(name, params, args, passed)                                                                       \
    LG_NEXT(int, name, params, args, -1)                                                                               \
    LG_WHOLE int name params {                                                                                         \
        if (LG_LIKELY_OFF() || !lg_gate_enters(LG_CALL_##name)) return next(name) args;                                \
        int r;                                                                                                         \
        if (!cannot_have(s, &r)) return r;                                                                             \
        if (passed) return next(name) args;                                                                            \
        LG_BLOCK(int, name, SYS_futex, (uintptr_t)s, FUTEX_WAIT, 0, next(name) args);                                  \
    }
LG_SEMAPHORE(sem_wait, (sem_t * s), (s), false)
LG_SEMAPHORE(sem_timedwait, (sem_t * s, const struct timespec *until), (s, until), has_passed(CLOCK_REALTIME, until))
LG_SEMAPHORE(sem_clockwait, (sem_t * s, clockid_t clock, const struct timespec *until), (s, clock, until),
             has_passed(clock, until))

LG_NEXT(int, pthread_join, (pthread_t thread, void **value), (thread, value), ENOSYS)
LG_WHOLE int pthread_join(pthread_t thread, void **value) {
    if (LG_LIKELY_OFF() || !lg_gate_enters(LG_CALL_pthread_join)) return next(pthread_join)(thread, value);
    int r = pthread_tryjoin_np(thread, value);
    if (r != EBUSY) return r;
    LG_BLOCK(int, pthread_join, SYS_futex, 0, FUTEX_WAIT, 0, next(pthread_join)(thread, value));
}

// MARK: futexes through syscall(2)

// Swift's Mutex, DispatchGroup.wait and DispatchQueue.sync make their waits by `syscall`. It is variadic; a fixed list of
// seven words receives exactly what the original's assembly takes (registers, then one word on the stack).
long lg_syscall(long number, long a, long b, long c, long d, long e, long f) __asm__("syscall");
LG_NEXT_OF(long, lg_syscall, "syscall", NULL, (long number, long a, long b, long c, long d, long e, long f),
           (number, a, b, c, d, e, f), -1)

static bool futex_waits(long b) {
    long operation = b & FUTEX_CMD_MASK;
    return operation == FUTEX_WAIT || operation == FUTEX_WAIT_BITSET || operation == FUTEX_LOCK_PI ||
           operation == FUTEX_LOCK_PI2;
}

// Waits for at most the grace. True when that, and not the caller's own time limit, ended it.
static bool outlasts_grace(long a, long b, long c, long d, long e, long f, long *result) {
    long operation = b & FUTEX_CMD_MASK;
    const struct timespec *limit = (const struct timespec *)d;
    struct timespec grace;
    bool relative = operation == FUTEX_WAIT;
    if (relative) {
        uint64_t ns = lg_gate_lock_grace_ns();
        grace = (struct timespec){.tv_sec = (time_t)(ns / 1000000000ull), .tv_nsec = (long)(ns % 1000000000ull)};
    } else {
        bool real = operation == FUTEX_LOCK_PI || (b & FUTEX_CLOCK_REALTIME);
        grace = after_grace(real ? CLOCK_REALTIME : CLOCK_MONOTONIC);
    }
    bool own = limit && earlier(limit, &grace);
    *result = next(lg_syscall)(SYS_futex, a, b, c, own ? d : (long)&grace, e, f);
    if (*result == 0) lg_gate_count_short_wait();
    return !own && *result == -1 && errno == ETIMEDOUT;
}

static LG_COLD long guarded_futex(long a, long b, long c, long d, long e, long f) {
    int saved = errno;
    long result;
    if (!outlasts_grace(a, b, c, d, e, f, &result)) return result;
    errno = saved;
    struct timespec rest;
    if ((b & FUTEX_CMD_MASK) == FUTEX_WAIT && d) {
        // A relative limit: the grace has been used up. It is larger, else the wait would be over.
        const struct timespec *limit = (const struct timespec *)d;
        int64_t ns = (int64_t)limit->tv_sec * 1000000000 + limit->tv_nsec - (int64_t)lg_gate_lock_grace_ns();
        if (ns < 0) ns = 0;
        rest = (struct timespec){.tv_sec = (time_t)(ns / 1000000000), .tv_nsec = (long)(ns % 1000000000)};
        d = (long)&rest;
    }
    LG_BLOCK(long, futex, SYS_futex, a, b, c, next(lg_syscall)(SYS_futex, a, b, c, d, e, f));
}

LG_WHOLE long lg_syscall(long number, long a, long b, long c, long d, long e, long f) {
    if (LG_LIKELY_OFF() || number != SYS_futex || !futex_waits(b) || !lg_gate_enters(LG_CALL_futex))
        return next(lg_syscall)(number, a, b, c, d, e, f);
    return guarded_futex(a, b, c, d, e, f);
}

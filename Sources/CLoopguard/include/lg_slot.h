// Thread slots: what a guarded thread says about itself, in plain stores, for the watchdog to read.
//
// One slot per guarded event-loop thread, allocated once and never freed, so the watchdog and the signal handler can
// always dereference it. All fields are written by the owning thread unless the comment says otherwise.
#pragma once

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>
#include <time.h>

#ifdef __cplusplus
extern "C" {
#endif

#pragma clang assume_nonnull begin

/// Late ticks kept for the watchdog until it drains them; older ones stay counted but lose their details.
#define LG_LATE_RING 64
/// Buckets of the late-tick histogram: bucket i holds ticks of at least threshold * 2^i.
#define LG_LATE_BUCKETS 16

/// One tick that was longer than the threshold.
typedef struct lg_late_tick {
    uint64_t began_ns;     // CLOCK_MONOTONIC
    uint64_t duration_ns;
    uint64_t scope;        // whose jobs took most of the tick, 0 = not known for sure
    uint64_t jobs;         // jobs run in the tick
} lg_late_tick;

struct lg_capture;
struct lg_monitor;

/// What wakes one watchdog: an eventfd that loops ring when a late tick ends, and when they wake while the watchdog
/// sleeps deeply. Recycled, never freed: a loop may be about to ring it when its watchdog ends.
typedef struct lg_bell lg_bell;

typedef struct lg_slot {
    // Hot: written every tick or every job.
    _Atomic uint64_t busy_since;              // start of the running tick, 0 while the thread waits in epoll_wait
    _Atomic uint64_t ticks;                   // ticks begun
    _Atomic uint64_t jobs;                    // executor jobs begun, all ticks
    _Atomic uint64_t tick_first_job;          // `jobs` when the running tick began
    _Atomic uint64_t scope;                   // who the running job works for, 0 = nobody known
    _Atomic uint64_t threshold_ns;            // set once, at creation
    _Atomic uint64_t tick_scope;              // whose jobs alone took a threshold in the running tick, 0 = nobody's
    _Atomic(struct lg_bell *_Nullable) bell;  // of the watchdog that looks after this thread; null = nobody does
    // The hot part fills a cache line of its own; `_Alignas(64)` would hide the type from Swift.

    // Cold: written when a tick was late.
    _Atomic uint64_t late;                    // ticks over the threshold, exact
    _Atomic uint64_t late_total_ns;
    _Atomic uint64_t late_max_ns;
    _Atomic uint64_t late_buckets[LG_LATE_BUCKETS];
    lg_late_tick late_ring[LG_LATE_RING];     // entry i of the n-th late tick is n % LG_LATE_RING; valid once late > n

    // Identity, set once by lg_slot_bind.
    pid_t tid;
    pthread_t thread;
    uintptr_t stack_low;                      // lowest usable address of the thread's stack
    uintptr_t stack_high;                     // one past the highest
    char name[32];
    _Atomic bool bound;

    // Written by the watchdog around a capture by signal, read by the signal handler; see lg_capture.h.
    _Atomic(struct lg_capture *_Nullable) capture;

    // Who is told of the thread's blocking calls (strict mode), null = nobody. Any thread writes it; see lg_strict.h.
    _Atomic(struct lg_monitor *_Nullable) monitor;
} lg_slot;

/// CLOCK_MONOTONIC in nanoseconds.
static inline uint64_t lg_now_ns(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000000000ull + (uint64_t)t.tv_nsec;
}

/// A new slot, zeroed, never freed. Null when out of memory. Any thread.
lg_slot *_Nullable lg_slot_create(const char *name, uint64_t threshold_ns);

/// Makes `slot` the calling thread's slot: records thread and stack bounds, installs an alternate signal stack,
/// unblocks the capture's signal, touches the thread-local storage that the signal handler reads. Call on the loop's own
/// thread, whose end unbinds the slot. Returns 0 or an errno.
int lg_slot_bind(lg_slot *slot);

/// Takes the slot off the calling thread again (before the thread ends). The running tick ends with it, and is counted
/// if it was late.
void lg_slot_unbind(lg_slot *slot);

/// The calling thread's slot, or null.
lg_slot *_Nullable lg_slot_current(void);

/// Whether our epoll_wait is the one that the program uses: true once it has been called on a guarded thread.
static inline bool lg_slot_heartbeat_seen(const lg_slot *s) {
    return atomic_load_explicit(&s->ticks, memory_order_relaxed) > 0;
}

/// Marks the beginning of a job for `scope`. Owning thread only. Two plain stores.
static inline void lg_job_begin(lg_slot *s, uint64_t scope) {
    atomic_store_explicit(&s->scope, scope, memory_order_relaxed);
    atomic_store_explicit(&s->jobs, atomic_load_explicit(&s->jobs, memory_order_relaxed) + 1, memory_order_relaxed);
}

/// The finest step of CLOCK_MONOTONIC_COARSE, nanoseconds: 4 ms at 250 Hz. Set before main.
extern uint64_t lg_coarse_step_ns;  // written once, before any thread

/// CLOCK_MONOTONIC_COARSE in nanoseconds: behind lg_now_ns by less than a step, at a quarter of its price.
static inline uint64_t lg_coarse_now_ns(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC_COARSE, &t);
    return (uint64_t)t.tv_sec * 1000000000ull + (uint64_t)t.tv_nsec;
}

/// When a run of jobs begins, for lg_jobs_end. With a threshold of many steps of the coarse clock it may be up to a step too
/// late, so that the run looks shorter than it was and nobody is blamed wrongly.
static inline uint64_t lg_jobs_began(const lg_slot *s) {
    uint64_t step = lg_coarse_step_ns;
    if (atomic_load_explicit(&s->threshold_ns, memory_order_relaxed) / 8 < step) return lg_now_ns();
    return lg_coarse_now_ns() + step;
}

/// Marks the end of a run of jobs. `began_ns`: what lg_jobs_began said when the first of them began. `sole_scope`: the scope of them all, or 0 when
/// they were for several. Only when these jobs alone were late are they, and not the I/O around them, to blame.
/// Owning thread only.
static inline void lg_jobs_end(lg_slot *s, uint64_t began_ns, uint64_t sole_scope) {
    uint64_t late = began_ns + atomic_load_explicit(&s->threshold_ns, memory_order_relaxed);
    // The exact clock is asked only when the coarse one leaves it open.
    if (__builtin_expect(lg_coarse_now_ns() + lg_coarse_step_ns >= late, 0) && lg_now_ns() >= late)
        atomic_store_explicit(&s->tick_scope, sole_scope, memory_order_relaxed);
    atomic_store_explicit(&s->scope, 0, memory_order_relaxed);
}

/// Says for whom the thread works from now on (a channel handler, outside any job). Owning thread only.
static inline void lg_scope_set(lg_slot *s, uint64_t scope) {
    atomic_store_explicit(&s->scope, scope, memory_order_relaxed);
}

// What the watchdog reads. Any thread.
static inline uint64_t lg_busy_since(const lg_slot *s) {
    return atomic_load_explicit(&s->busy_since, memory_order_acquire);
}
static inline uint64_t lg_ticks(const lg_slot *s) { return atomic_load_explicit(&s->ticks, memory_order_relaxed); }
static inline uint64_t lg_jobs(const lg_slot *s) { return atomic_load_explicit(&s->jobs, memory_order_relaxed); }
static inline uint64_t lg_tick_first_job(const lg_slot *s) {
    return atomic_load_explicit(&s->tick_first_job, memory_order_relaxed);
}
static inline uint64_t lg_scope(const lg_slot *s) { return atomic_load_explicit(&s->scope, memory_order_relaxed); }
static inline uint64_t lg_late(const lg_slot *s) { return atomic_load_explicit(&s->late, memory_order_acquire); }
static inline uint64_t lg_late_total_ns(const lg_slot *s) {
    return atomic_load_explicit(&s->late_total_ns, memory_order_relaxed);
}
static inline uint64_t lg_late_max_ns(const lg_slot *s) {
    return atomic_load_explicit(&s->late_max_ns, memory_order_relaxed);
}
static inline uint64_t lg_late_bucket(const lg_slot *s, int i) {
    return atomic_load_explicit(&s->late_buckets[i], memory_order_relaxed);
}
static inline bool lg_slot_is_bound(const lg_slot *s) { return atomic_load_explicit(&s->bound, memory_order_acquire); }
static inline uint64_t lg_threshold_ns(const lg_slot *s) {
    return atomic_load_explicit(&s->threshold_ns, memory_order_relaxed);
}

/// What a loop says about its running tick.
typedef struct lg_marks {
    uint64_t busy_since;
    uint64_t jobs;
    uint64_t tick_first_job;
    uint64_t scope;
} lg_marks;

/// The marks, all of one tick: read apart, the scope could be the next tick's, and a connection would be blamed for what
/// another one did. Any thread.
lg_marks lg_marks_read(const lg_slot *s);

/// Stalls so far: late ticks that have ended, and the running one if it is late already. Never goes back, as the sum of
/// two separate readings would. Any thread.
uint64_t lg_stalls(const lg_slot *s);

/// Copies the n-th late tick (0-based) into `out`. False when it has been overwritten, or has not happened. Any thread.
bool lg_late_read(const lg_slot *s, uint64_t n, lg_late_tick *out);

// The watchdog's bell.

/// A bell that nobody rings yet. Null, with errno set, when the system refuses memory or a descriptor.
lg_bell *_Nullable lg_bell_create(void);
/// Gives a bell back; no slot may have it any more. It is kept for the next watchdog.
void lg_bell_release(lg_bell *bell);
/// The bell's eventfd.
int lg_bell_fd(const lg_bell *bell);
/// Rings the bell. Async-signal-safe. Any thread.
void lg_bell_ring(lg_bell *bell);
/// From now on the thread rings `bell`; null = none. Any thread.
static inline void lg_slot_set_bell(lg_slot *s, lg_bell *_Nullable bell) {
    atomic_store_explicit(&s->bell, bell, memory_order_release);
}
/// The bell's watchdog only: from now on the first of its loops that wakes rings the bell. Issues a process-wide memory
/// barrier, so that afterwards either the loop has seen the flag, or the caller sees its `busy_since`. Returns false when
/// the kernel cannot do that (membarrier(2) missing): then do not sleep without a time limit.
bool lg_deep_sleep_enter(lg_bell *bell);
void lg_deep_sleep_leave(lg_bell *bell);
/// Whether the kernel has the membarrier(2) that lg_deep_sleep_enter needs.
bool lg_membarrier_is_there(void);

#pragma clang assume_nonnull end

#ifdef __cplusplus
}
#endif

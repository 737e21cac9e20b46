#define _GNU_SOURCE
#include "lg_slot.h"

#include "lg_capture.h"

#include <errno.h>
#include <linux/membarrier.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <signal.h>
#include <unistd.h>

// initial-exec: the signal handler may read it, and the dynamic TLS model may allocate at first use.
static __thread lg_slot *tls_slot __attribute__((tls_model("initial-exec")));

struct lg_bell {
    int fd;
    _Atomic bool deep_sleep;
    struct lg_bell *next;
};

static pthread_mutex_t bell_lock = PTHREAD_MUTEX_INITIALIZER;
static lg_bell *free_bells;

// MARK: slots

uint64_t lg_coarse_step_ns;

__attribute__((constructor)) static void ask_coarse_step(void) {
    struct timespec step;
    // A kernel that does not know the clock never says that a run was short.
    lg_coarse_step_ns = clock_getres(CLOCK_MONOTONIC_COARSE, &step) == 0 && step.tv_sec == 0 ? (uint64_t)step.tv_nsec
                                                                                            : UINT64_MAX / 4;
}

lg_slot *lg_slot_create(const char *name, uint64_t threshold_ns) {
    lg_slot *s = aligned_alloc(64, (sizeof(lg_slot) + 63) / 64 * 64);
    if (!s) return NULL;
    memset(s, 0, sizeof *s);
    snprintf(s->name, sizeof s->name, "%s", name);
    atomic_store(&s->threshold_ns, threshold_ns);
    return s;
}

// A stalled handler may be deep in recursion with little stack left, and an AVX-512 signal frame alone takes 3 KB: the
// handler runs on a stack of its own. Never unmapped: loop threads live as long as the program.
static int install_alternate_stack(void) {
    stack_t old;
    if (sigaltstack(NULL, &old) == 0 && !(old.ss_flags & SS_DISABLE)) return 0;
    const size_t size = 64 * 1024;
    void *p = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_STACK, -1, 0);
    if (p == MAP_FAILED) return errno;
    stack_t st = {.ss_sp = p, .ss_size = size, .ss_flags = 0};
    return sigaltstack(&st, NULL) == 0 ? 0 : errno;
}

// A loop that somebody else owns may end while it is marked: its mark would stay "busy" for ever.
static pthread_key_t end_of_thread;
static int end_of_thread_status;

static void thread_ends(void *slot) { lg_slot_unbind(slot); }

static void make_end_of_thread(void) { end_of_thread_status = pthread_key_create(&end_of_thread, thread_ends); }

static int watch_end_of_thread(lg_slot *slot) {
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, make_end_of_thread);
    return end_of_thread_status ? end_of_thread_status : pthread_setspecific(end_of_thread, slot);
}

static inline void begin_tick(lg_slot *s) {
    atomic_store_explicit(&s->scope, 0, memory_order_relaxed);
    atomic_store_explicit(&s->tick_scope, 0, memory_order_relaxed);
    atomic_store_explicit(&s->tick_first_job, lg_jobs(s), memory_order_relaxed);
    atomic_store_explicit(&s->busy_since, lg_now_ns(), memory_order_release);
}

int lg_slot_bind(lg_slot *slot) {
    pthread_attr_t attr;
    int e = pthread_getattr_np(pthread_self(), &attr);
    if (e) return e;
    void *low;
    size_t size;
    e = pthread_attr_getstack(&attr, &low, &size);
    pthread_attr_destroy(&attr);
    if (e) return e;
    slot->stack_low = (uintptr_t)low;
    slot->stack_high = (uintptr_t)low + size;
    slot->tid = (pid_t)syscall(SYS_gettid);
    slot->thread = pthread_self();
    e = install_alternate_stack();
    if (e) return e;
    // A thread inherits the signal mask of the one that made it, and libdispatch's threads, on which Swift's tasks run, mask
    // everything: loops made in a task could never be captured while they compute.
    sigset_t mask;
    sigemptyset(&mask);
    sigaddset(&mask, lg_capture_signal());
    e = pthread_sigmask(SIG_UNBLOCK, &mask, NULL);
    if (e) return e;
    e = watch_end_of_thread(slot);
    if (e) return e;
    begin_tick(slot);
    atomic_store_explicit(&slot->bound, true, memory_order_release);
    tls_slot = slot;
    return 0;
}

lg_slot *lg_slot_current(void) { return tls_slot; }

lg_marks lg_marks_read(const lg_slot *s) {
    lg_marks m;
    do {
        m = (lg_marks){lg_busy_since(s), lg_jobs(s), lg_tick_first_job(s), lg_scope(s)};
        atomic_thread_fence(memory_order_acquire);
        // Reading takes nanoseconds: ticks that turn so fast that this repeats often are not stalls.
    } while (lg_busy_since(s) != m.busy_since);
    return m;
}

uint64_t lg_stalls(const lg_slot *s) {
    for (;;) {
        uint64_t late = lg_late(s);
        uint64_t since = lg_busy_since(s);
        uint64_t now = lg_now_ns();
        bool running = since != 0 && now > since && now - since >= lg_threshold_ns(s);
        if (running && late > 0) {
            // The tick has been recorded, and its begin mark is about to go.
            lg_late_tick last;
            if (lg_late_read(s, late - 1, &last) && last.began_ns == since) running = false;
        }
        // A tick that ended meanwhile is in neither figure. It happens once a threshold at most.
        if (lg_late(s) == late) return late + (running ? 1 : 0);
    }
}

bool lg_late_read(const lg_slot *s, uint64_t n, lg_late_tick *out) {
    uint64_t count = lg_late(s);
    if (n >= count || count - n > LG_LATE_RING) return false;
    *out = s->late_ring[n % LG_LATE_RING];
    atomic_thread_fence(memory_order_acquire);
    // The writer fills entry `late` before it publishes late + 1: anything within LG_LATE_RING - 1 was stable.
    return lg_late(s) - n < LG_LATE_RING;
}

static void record_late(lg_slot *s, uint64_t began, uint64_t duration) {
    uint64_t n = atomic_load_explicit(&s->late, memory_order_relaxed);
    uint64_t jobs = lg_jobs(s) - lg_tick_first_job(s);
    uint64_t scope = lg_scope(s);
    if (scope == 0) scope = atomic_load_explicit(&s->tick_scope, memory_order_relaxed);
    s->late_ring[n % LG_LATE_RING] = (lg_late_tick){began, duration, scope, jobs};
    uint64_t threshold = lg_threshold_ns(s);
    int bucket = 0;
    for (uint64_t q = threshold ? duration / threshold : 1; q > 1 && bucket < LG_LATE_BUCKETS - 1; q >>= 1) bucket++;
    atomic_fetch_add_explicit(&s->late_buckets[bucket], 1, memory_order_relaxed);
    atomic_fetch_add_explicit(&s->late_total_ns, duration, memory_order_relaxed);
    if (duration > lg_late_max_ns(s)) atomic_store_explicit(&s->late_max_ns, duration, memory_order_relaxed);
    atomic_store_explicit(&s->late, n + 1, memory_order_release);
    lg_bell *bell = atomic_load_explicit(&s->bell, memory_order_acquire);
    if (bell) lg_bell_ring(bell);
}

// The record is published before the mark goes: whoever sees that the tick is over finds its record.
static inline void end_tick(lg_slot *s) {
    uint64_t began = atomic_load_explicit(&s->busy_since, memory_order_relaxed);
    if (began) {
        uint64_t duration = lg_now_ns() - began;
        if (__builtin_expect(duration >= lg_threshold_ns(s), 0)) record_late(s, began, duration);
    }
    atomic_store_explicit(&s->busy_since, 0, memory_order_release);
}

void lg_slot_unbind(lg_slot *slot) {
    if (tls_slot != slot) return;
    tls_slot = NULL;
    pthread_setspecific(end_of_thread, NULL);
    end_tick(slot);
    atomic_store_explicit(&slot->bound, false, memory_order_release);
}

// MARK: bell and deep sleep

lg_bell *lg_bell_create(void) {
    pthread_mutex_lock(&bell_lock);
    lg_bell *b = free_bells;
    if (b) free_bells = b->next;
    pthread_mutex_unlock(&bell_lock);
    if (b) return b;
    b = calloc(1, sizeof *b);
    if (!b) return NULL;
    b->fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (b->fd < 0) {
        int e = errno;
        free(b);
        errno = e;
        return NULL;
    }
    syscall(SYS_membarrier, MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED, 0, 0);
    return b;
}

void lg_bell_release(lg_bell *bell) {
    lg_deep_sleep_leave(bell);
    pthread_mutex_lock(&bell_lock);
    bell->next = free_bells;
    free_bells = bell;
    pthread_mutex_unlock(&bell_lock);
}

int lg_bell_fd(const lg_bell *bell) { return bell->fd; }

void lg_bell_ring(lg_bell *bell) {
    int e = errno;
    uint64_t one = 1;
    ssize_t r = write(bell->fd, &one, sizeof one);
    (void)r; // full counter = the bell is ringing already
    errno = e;
}

bool lg_membarrier_is_there(void) {
    long commands = syscall(SYS_membarrier, MEMBARRIER_CMD_QUERY, 0, 0);
    return commands > 0 && (commands & MEMBARRIER_CMD_PRIVATE_EXPEDITED) != 0;
}

bool lg_deep_sleep_enter(lg_bell *bell) {
    atomic_store_explicit(&bell->deep_sleep, true, memory_order_seq_cst);
    if (syscall(SYS_membarrier, MEMBARRIER_CMD_PRIVATE_EXPEDITED, 0, 0) == 0) return true;
    atomic_store_explicit(&bell->deep_sleep, false, memory_order_seq_cst);
    return false;
}

void lg_deep_sleep_leave(lg_bell *bell) { atomic_store_explicit(&bell->deep_sleep, false, memory_order_relaxed); }

// MARK: heartbeat

// The program's own epoll_wait: NIO is linked statically, so the linker binds it to this definition. A raw system call
// needs no dlsym and works in every link mode; 8 is the size of the kernel's signal set.
int epoll_wait(int ep, struct epoll_event *events, int max, int timeout) {
    lg_slot *s = tls_slot;
    if (!s) return (int)syscall(SYS_epoll_pwait, ep, events, max, timeout, NULL, 8);
    end_tick(s);
    int r = (int)syscall(SYS_epoll_pwait, ep, events, max, timeout, NULL, 8);
    int e = errno;
    atomic_store_explicit(&s->ticks, lg_ticks(s) + 1, memory_order_relaxed);
    begin_tick(s);
    // Order against the watchdog's membarrier in lg_deep_sleep_enter: only the compiler must not swap these two.
    atomic_signal_fence(memory_order_seq_cst);
    lg_bell *bell = atomic_load_explicit(&s->bell, memory_order_acquire);
    if (bell && __builtin_expect(atomic_load_explicit(&bell->deep_sleep, memory_order_relaxed), 0)) {
        atomic_store_explicit(&bell->deep_sleep, false, memory_order_relaxed);
        lg_bell_ring(bell);
    }
    errno = e;
    return r;
}

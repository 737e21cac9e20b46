// The gate of the preload library: which threads are event loops, and where offences are written.
//
// A thread that waits for events again and again (epoll_wait) is an event loop; what it does between two waits is a tick.
#define _GNU_SOURCE
#include "lg_preload.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "../CLoopguardStrict/lg_gate.h"
#include "../CLoopguardStrict/lg_site.h"
#include "lg_trace.h"

/// Waits after which a thread counts as a loop.
#define LOOP_AFTER 2
#define SITES 4096

static struct {
    uint64_t threshold_ns; // calls shorter than this are not reported
    uint64_t grace_ns;
    uint64_t burst;
    uint64_t max_lines;
    bool files;
    int out;
} options = {.grace_ns = 1000000, .burst = 8, .max_lines = 1000, .out = STDERR_FILENO};

static lg_site site_entries[SITES];
static lg_site_table sites = {.entries = site_entries, .capacity = SITES};
static _Atomic uint64_t calls, blocked_ns, lines, suppressed, short_waits;

_Atomic uint32_t lg_gate_on;

static __thread struct {
    uint64_t tick;        // number of the running tick, 0 = waiting for events
    uint64_t inside_tick; // a wrapper has been entered in this tick
    uint64_t waits;
    uintptr_t stack_low, stack_high;
    bool busy; // in our own code
} self __attribute__((tls_model("initial-exec")));

static uint64_t now_ns(clockid_t clock) {
    struct timespec t;
    clock_gettime(clock, &t);
    return (uint64_t)t.tv_sec * 1000000000ull + (uint64_t)t.tv_nsec;
}

unsigned long long lg_preload_calls(void) { return atomic_load_explicit(&calls, memory_order_relaxed); }

// MARK: loops

static void find_stack(void) {
    pthread_attr_t attributes;
    void *low;
    size_t size;
    if (pthread_getattr_np(pthread_self(), &attributes) != 0) return;
    if (pthread_attr_getstack(&attributes, &low, &size) == 0) {
        self.stack_low = (uintptr_t)low;
        self.stack_high = self.stack_low + size;
    }
    pthread_attr_destroy(&attributes);
}

// The thread waits no longer: a tick begins. Keeps errno.
static void end_wait(void) {
    int saved = errno;
    if (++self.waits == LOOP_AFTER) {
        self.busy = true;
        find_stack();
        self.busy = false;
    }
    if (self.waits >= LOOP_AFTER && self.stack_high) self.tick = self.waits;
    errno = saved;
}

static int wait_for_events(int ep, struct epoll_event *events, int max, int timeout, const sigset_t *mask) {
    self.tick = 0;
    int r = (int)syscall(SYS_epoll_pwait, ep, events, max, timeout, mask, 8);
    end_wait();
    return r;
}

int epoll_wait(int ep, struct epoll_event *events, int max, int timeout) {
    return wait_for_events(ep, events, max, timeout, NULL);
}

int epoll_pwait(int ep, struct epoll_event *events, int max, int timeout, const sigset_t *mask) {
    return wait_for_events(ep, events, max, timeout, mask);
}

int epoll_pwait2(int ep, struct epoll_event *events, int max, const struct timespec *timeout, const sigset_t *mask) {
    self.tick = 0;
    int r = (int)syscall(SYS_epoll_pwait2, ep, events, max, timeout, mask, 8);
    end_wait();
    return r;
}

// MARK: the gate

bool lg_gate_enters(lg_call call) {
    (void)call;
    return self.tick != 0 && self.inside_tick != self.tick && !self.busy;
}

bool lg_gate_files(void) { return options.files; }
uint64_t lg_gate_lock_grace_ns(void) { return options.grace_ns; }
void lg_gate_count_short_wait(void) { atomic_fetch_add_explicit(&short_waits, 1, memory_order_relaxed); }

void lg_offence_begin(lg_offence *o, void *frame) {
    o->frame = frame;
    o->tick = self.tick;
    self.inside_tick = self.tick;
    o->began_ns = now_ns(CLOCK_MONOTONIC);
}

// Reported when it is over: the stack is still the same then, and its length is known. A call that never returns is not
// reported; the program hangs, and a debugger shows where.
void lg_offence_end(lg_offence *o) {
    int saved = errno;
    uint64_t duration = now_ns(CLOCK_MONOTONIC) - o->began_ns;
    if (duration >= options.threshold_ns) {
        self.busy = true;
        atomic_fetch_add_explicit(&calls, 1, memory_order_relaxed);
        atomic_fetch_add_explicit(&blocked_ns, duration, memory_order_relaxed);
        lg_site *site = lg_site_find(&sites, o->call, o->frame, self.stack_low, self.stack_high);
        lg_site_turn turn = lg_site_count(site, options.burst);
        lg_site_end(site, duration);
        if (turn.isDue && atomic_fetch_add_explicit(&lines, 1, memory_order_relaxed) < options.max_lines) {
            lg_trace trace = {.out = options.out,
                              .call = lg_trace_call_name(o->call),
                              .duration_ns = duration,
                              .ended_unix_ns = now_ns(CLOCK_REALTIME),
                              .number = turn.calls,
                              .total_ns = turn.total_ns + duration,
                              .frame = o->frame};
            lg_trace_write(&trace);
        } else {
            atomic_fetch_add_explicit(&suppressed, 1, memory_order_relaxed);
        }
        self.busy = false;
    }
    self.inside_tick = 0;
    errno = saved;
}

// MARK: start and end

static uint64_t number(const char *name, uint64_t otherwise, uint64_t largest) {
    const char *text = getenv(name);
    if (!text || *text < '0' || *text > '9') return otherwise;
    char *end;
    errno = 0;
    unsigned long long value = strtoull(text, &end, 10);
    return errno || *end || value > largest ? otherwise : value;
}

__attribute__((constructor)) static void start(void) {
    int saved = errno;
    options.threshold_ns = number("LOOPGUARD_PRELOAD_THRESHOLD_MS", 0, 3600000) * 1000000;
    options.grace_ns = number("LOOPGUARD_PRELOAD_LOCK_GRACE_US", 1000, 60000000) * 1000;
    options.burst = number("LOOPGUARD_PRELOAD_PER_SITE", 8, 1000000);
    options.max_lines = number("LOOPGUARD_PRELOAD_MAX", 1000, 10000000);
    options.files = number("LOOPGUARD_PRELOAD_FILES", 0, 1) == 1;
    const char *out = getenv("LOOPGUARD_PRELOAD_OUT");
    if (out && *out) {
        int fd = open(out, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
        if (fd >= 0) {
            options.out = fd;
        } else {
            dprintf(STDERR_FILENO, "loopguard-preload: cannot open %s: %s; writing to standard error\n", out,
                    strerror(errno));
        }
    }
    lg_trace_prepare();
    atomic_store(&lg_gate_on, number("LOOPGUARD_PRELOAD_OFF", 0, 1) == 1 ? 0 : 1);
    errno = saved;
}

__attribute__((destructor)) static void finish(void) {
    atomic_store(&lg_gate_on, 0);
    uint64_t n = atomic_load(&calls);
    // A program without an event loop, such as a child that inherited the variable, is not worth a line.
    if (n == 0) return;
    dprintf(options.out,
            "{\"type\":\"summary\",\"pid\":%d,\"calls\":%llu,\"blocked_ns\":%llu,\"sites\":%llu,\"suppressed\":%llu,"
            "\"short_lock_waits\":%llu}\n",
            (int)getpid(), (unsigned long long)n, (unsigned long long)atomic_load(&blocked_ns),
            (unsigned long long)atomic_load(&sites.used), (unsigned long long)atomic_load(&suppressed),
            (unsigned long long)atomic_load(&short_waits));
}

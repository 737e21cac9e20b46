#define _GNU_SOURCE
#include "lg_capture.h"

#include <errno.h>
#include <linux/futex.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <ucontext.h>
#include <unistd.h>

#include "lg_memory.h"

enum phase { IDLE = 0, REQUESTED = 1, CLAIMED = 2, DONE = 3 };

struct lg_capture {
    _Atomic uint64_t state;
    _Atomic(lg_slot *) slot;     // of the request; atomic because a late handler may read it while it is rewritten
    _Atomic uint64_t tick;
    _Atomic int32_t tid;         // of a request for a thread without slot; 0 = the request is for `slot`
    lg_capture_result result;    // the rest is written by whoever claimed, read by the watchdog when done
    uint64_t jobs;
    lg_snapshot by_signal;
    lg_snapshot by_copy;
    struct lg_capture *next;
};

static _Atomic uint64_t handler_runs;
static _Atomic int installed_signal = SIGURG;
static pthread_mutex_t free_lock = PTHREAD_MUTEX_INITIALIZER;
static lg_capture *free_list;
// The one request for a thread that has no slot to find it in. Null = none.
static _Atomic(lg_capture *) foreign;

pid_t lg_current_tid(void) { return (pid_t)syscall(SYS_gettid); }

static uint8_t *map_stack(size_t bytes) {
    // Populated now, so that the handler of a stalled loop does not pay the page faults.
    void *p = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
    return p == MAP_FAILED ? NULL : p;
}

lg_capture *lg_capture_create(size_t stack_bytes) {
    if (stack_bytes < 4096) stack_bytes = 4096;
    stack_bytes = (stack_bytes + 4095) / 4096 * 4096;
    pthread_mutex_lock(&free_lock);
    for (lg_capture **p = &free_list; *p; p = &(*p)->next) {
        if ((*p)->by_signal.stack_capacity != stack_bytes) continue;
        lg_capture *found = *p;
        *p = found->next;
        pthread_mutex_unlock(&free_lock);
        return found;
    }
    pthread_mutex_unlock(&free_lock);
    lg_capture *c = calloc(1, sizeof *c);
    if (!c) return NULL;
    c->by_signal.stack = map_stack(stack_bytes);
    c->by_copy.stack = map_stack(stack_bytes);
    c->by_signal.stack_capacity = c->by_copy.stack_capacity = stack_bytes;
    if (!c->by_signal.stack || !c->by_copy.stack) {
        if (c->by_signal.stack) munmap(c->by_signal.stack, stack_bytes);
        if (c->by_copy.stack) munmap(c->by_copy.stack, stack_bytes);
        free(c);
        return NULL;
    }
    return c;
}

// Takes an unanswered request back, or an answer. False while a handler holds the buffer.
static bool settle(lg_capture *c) {
    uint64_t s = atomic_load_explicit(&c->state, memory_order_acquire);
    while (s % 4 != IDLE) {
        if (s % 4 == CLAIMED) return false;
        if (atomic_compare_exchange_weak_explicit(&c->state, &s, s - s % 4, memory_order_acq_rel,
                                                  memory_order_acquire))
            return true;
    }
    return true;
}

void lg_capture_release(lg_capture *capture) {
    if (!settle(capture)) return; // a handler may still write: better lost than reused
    pthread_mutex_lock(&free_lock);
    capture->next = free_list;
    free_list = capture;
    pthread_mutex_unlock(&free_lock);
}

lg_snapshot *lg_capture_signal_snapshot(lg_capture *capture) { return &capture->by_signal; }
lg_snapshot *lg_capture_copy_snapshot(lg_capture *capture) { return &capture->by_copy; }
uint64_t lg_capture_jobs(const lg_capture *capture) { return capture->jobs; }
int lg_capture_signal(void) { return atomic_load_explicit(&installed_signal, memory_order_relaxed); }
uint64_t lg_capture_handler_runs(void) { return atomic_load_explicit(&handler_runs, memory_order_relaxed); }

#if defined(__x86_64__)

// Sets everything of the snapshot that follows from the stack pointer. Returns how much stack there is to copy.
static size_t frame_stack(lg_snapshot *s, const lg_slot *slot, uint64_t stack_pointer) {
    s->stack_low = slot->stack_low;
    s->stack_high = slot->stack_high;
    s->stack_base = stack_pointer;
    s->stack_length = 0;
    // On an alternate signal stack, or a stack of a foreign coroutine library: we do not know its bounds.
    if (stack_pointer < slot->stack_low || stack_pointer >= slot->stack_high) return 0;
    uint64_t base = stack_pointer - slot->stack_low < LG_RED_ZONE ? slot->stack_low : stack_pointer - LG_RED_ZONE;
    s->stack_base = base & ~(uint64_t)7;
    uint64_t length = slot->stack_high - s->stack_base;
    return length < s->stack_capacity ? (size_t)length & ~(size_t)7 : s->stack_capacity;
}

static void copy_registers(lg_snapshot *s, const ucontext_t *u) {
    static const int order[LG_REGISTERS] = {REG_RAX, REG_RDX, REG_RCX, REG_RBX, REG_RSI, REG_RDI,
                                            REG_RBP, REG_RSP, REG_R8,  REG_R9,  REG_R10, REG_R11,
                                            REG_R12, REG_R13, REG_R14, REG_R15, REG_RIP};
    for (int i = 0; i < LG_REGISTERS; i++) s->registers[i] = (uint64_t)u->uc_mcontext.gregs[order[i]];
}

// Copies a stack whose bounds nobody has written down, up to `high` or to the first page that cannot be read. Goes
// through the kernel, which cannot fault; async-signal-safe.
static void copy_unbounded(lg_snapshot *s, uint64_t stack_pointer, uint64_t high) {
    uint64_t base = stack_pointer < LG_RED_ZONE ? 0 : (stack_pointer - LG_RED_ZONE) & ~(uint64_t)7;
    size_t wanted = base < high ? (size_t)(high - base < s->stack_capacity ? high - base : s->stack_capacity) : 0;
    s->stack_base = s->stack_low = base;
    s->stack_length = wanted == 0 ? 0 : lg_read_memory(base, s->stack, wanted) & ~(size_t)7;
    // What lies further out is not known to be stack, so it may be read from memory; one byte more than was copied says
    // that the copy was too small.
    s->stack_high = base + s->stack_length + (s->stack_length == s->stack_capacity ? 1 : 0);
}

// Whether the request is taken by this thread. The check of `slot` and `tid` holds for this generation, since the fields
// change only with the state, and the swap fails if the state has changed.
static bool claim(lg_capture *c, lg_slot *slot, int32_t tid, uint64_t *state) {
    *state = atomic_load_explicit(&c->state, memory_order_acquire);
    if (*state % 4 != REQUESTED || atomic_load_explicit(&c->slot, memory_order_relaxed) != slot ||
        atomic_load_explicit(&c->tid, memory_order_relaxed) != tid)
        return false;
    return atomic_compare_exchange_strong_explicit(&c->state, state, *state - REQUESTED + CLAIMED,
                                                   memory_order_acq_rel, memory_order_relaxed);
}

static void handler(int signo, siginfo_t *info, void *context) {
    (void)signo;
    (void)info;
    int saved = errno;
    atomic_fetch_add_explicit(&handler_runs, 1, memory_order_relaxed);
    uint64_t state = 0;
    lg_slot *slot = lg_slot_current();
    lg_capture *c = slot ? atomic_load_explicit(&slot->capture, memory_order_acquire) : NULL;
    if (!c || !claim(c, slot, 0, &state)) {
        // Not asked as a guarded thread: perhaps as any other.
        c = atomic_load_explicit(&foreign, memory_order_acquire);
        if (!c || !claim(c, NULL, lg_current_tid(), &state)) goto out;
        copy_registers(&c->by_signal, context);
        copy_unbounded(&c->by_signal, c->by_signal.registers[LG_RSP], UINT64_MAX);
        c->jobs = 0;
        c->result = LG_CAPTURE_OK;
    } else if (lg_busy_since(slot) != atomic_load_explicit(&c->tick, memory_order_relaxed)) {
        c->result = LG_CAPTURE_TICK_OVER;
    } else {
        copy_registers(&c->by_signal, context);
        size_t length = frame_stack(&c->by_signal, slot, c->by_signal.registers[LG_RSP]);
        // Not memcpy: a sanitizer or a debugging library may have put its own in place.
        void *to = c->by_signal.stack;
        const void *from = (const void *)(uintptr_t)c->by_signal.stack_base;
        size_t words = length / 8;
        __asm__ volatile("rep movsq" : "+D"(to), "+S"(from), "+c"(words) : : "memory");
        c->by_signal.stack_length = length;
        c->jobs = lg_jobs(slot);
        c->result = LG_CAPTURE_OK;
    }
    atomic_store_explicit(&c->state, state - REQUESTED + DONE, memory_order_release);
    // The low half of the state is what the watchdog waits on (little-endian).
    syscall(SYS_futex, (uint32_t *)&c->state, FUTEX_WAKE_PRIVATE, 1, NULL, NULL, 0);
out:
    errno = saved;
}

int lg_capture_install(int signo) {
    int error = lg_capture_install_more(signo);
    if (error == 0) atomic_store_explicit(&installed_signal, signo, memory_order_relaxed);
    return error;
}

int lg_capture_install_more(int signo) {
    struct sigaction old;
    if (sigaction(signo, NULL, &old) != 0) return errno;
    if ((old.sa_flags & SA_SIGINFO) && old.sa_sigaction == handler) return 0;
    if ((old.sa_flags & SA_SIGINFO) || (old.sa_handler != SIG_DFL && old.sa_handler != SIG_IGN)) return EBUSY;
    struct sigaction new = {.sa_sigaction = handler, .sa_flags = SA_SIGINFO | SA_ONSTACK | SA_RESTART};
    sigfillset(&new.sa_mask);
    return sigaction(signo, &new, NULL) == 0 ? 0 : errno;
}

bool lg_capture_signal_is_free(int signo) {
    struct sigaction now;
    if (sigaction(signo, NULL, &now) != 0) return false;
    if (now.sa_flags & SA_SIGINFO) return now.sa_sigaction == handler;
    return now.sa_handler == SIG_DFL || now.sa_handler == SIG_IGN;
}

bool lg_capture_is_installed(int signo) {
    struct sigaction now;
    return sigaction(signo, NULL, &now) == 0 && (now.sa_flags & SA_SIGINFO) && now.sa_sigaction == handler;
}

// Waits until the state is no longer `state`, or the time is up.
static uint64_t wait_change(lg_capture *c, uint64_t state, uint64_t deadline) {
    for (;;) {
        uint64_t s = atomic_load_explicit(&c->state, memory_order_acquire);
        if (s != state) return s;
        uint64_t now = lg_now_ns();
        if (now >= deadline) return s;
        struct timespec left = {.tv_sec = (time_t)((deadline - now) / 1000000000ull),
                                .tv_nsec = (long)((deadline - now) % 1000000000ull)};
        syscall(SYS_futex, (uint32_t *)&c->state, FUTEX_WAIT_PRIVATE, (uint32_t)state, &left, NULL, 0);
    }
}

// Sends the signal for a request that has been prepared in `c`, whose state was `idle`, and waits for the answer.
static lg_capture_result ask(lg_capture *c, uint64_t idle, pid_t tid, int signo, uint64_t timeout_ns) {
    if (syscall(SYS_tgkill, getpid(), tid, signo) != 0) {
        settle(c);
        return LG_CAPTURE_NO_THREAD;
    }
    uint64_t requested = idle + 4 + REQUESTED;
    uint64_t claimed = idle + 4 + CLAIMED;
    uint64_t now = lg_now_ns();
    uint64_t deadline = now > UINT64_MAX - timeout_ns ? UINT64_MAX : now + timeout_ns;
    uint64_t s = wait_change(c, requested, deadline);
    // The request is taken back or, in the same step, found claimed: then the copy is under way.
    if (s == requested && !atomic_compare_exchange_strong_explicit(&c->state, &s, idle + 4, memory_order_acq_rel,
                                                                   memory_order_acquire) && s == claimed)
        deadline = lg_now_ns() + timeout_ns;
    if (s == claimed) s = wait_change(c, claimed, deadline);
    if (s % 4 != DONE) return LG_CAPTURE_TIMEOUT;
    lg_capture_result result = c->result;
    atomic_store_explicit(&c->state, idle + 4, memory_order_release);
    return result;
}

// Writes a request and makes it visible. Returns the state before.
static uint64_t request(lg_capture *c, lg_slot *slot, uint64_t tick, int32_t tid) {
    uint64_t idle = atomic_load_explicit(&c->state, memory_order_relaxed);
    atomic_store_explicit(&c->slot, slot, memory_order_relaxed);
    atomic_store_explicit(&c->tick, tick, memory_order_relaxed);
    atomic_store_explicit(&c->tid, tid, memory_order_relaxed);
    atomic_store_explicit(&c->state, idle + 4 + REQUESTED, memory_order_release);
    return idle;
}

lg_capture_result lg_capture_by_signal(lg_capture *c, lg_slot *slot, int signo, uint64_t tick, uint64_t timeout_ns) {
    // A foreign handler, or the default action of some signals, would do harm.
    if (!lg_capture_is_installed(signo)) return LG_CAPTURE_NO_HANDLER;
    if (!settle(c)) return LG_CAPTURE_BUSY;
    if (lg_busy_since(slot) != tick) return LG_CAPTURE_TICK_OVER;
    uint64_t idle = request(c, slot, tick, 0);
    atomic_store_explicit(&slot->capture, c, memory_order_release);
    lg_capture_result result = ask(c, idle, slot->tid, signo, timeout_ns);
    atomic_store_explicit(&slot->capture, NULL, memory_order_release);
    return result;
}

lg_capture_result lg_capture_thread_by_signal(lg_capture *c, pid_t tid, int signo, uint64_t timeout_ns) {
    if (!lg_capture_is_installed(signo)) return LG_CAPTURE_NO_HANDLER;
    if (!settle(c)) return LG_CAPTURE_BUSY;
    lg_capture *none = NULL;
    uint64_t idle = request(c, NULL, 0, tid);
    if (!atomic_compare_exchange_strong(&foreign, &none, c)) {
        settle(c);
        return LG_CAPTURE_BUSY;
    }
    lg_capture_result result = ask(c, idle, tid, signo, timeout_ns);
    atomic_store(&foreign, NULL);
    return result;
}

lg_capture_result lg_capture_thread_by_copy(lg_capture *c, uint64_t sp, uint64_t pc, uint64_t high) {
    lg_snapshot *s = &c->by_copy;
    memset(s->registers, 0, sizeof s->registers);
    s->registers[LG_RSP] = sp;
    s->registers[LG_RIP] = pc;
    copy_unbounded(s, sp, high);
    return LG_CAPTURE_OK;
}

lg_capture_result lg_capture_by_copy(lg_capture *c, const lg_slot *slot, uint64_t sp, uint64_t pc) {
    lg_snapshot *s = &c->by_copy;
    memset(s->registers, 0, sizeof s->registers);
    s->registers[LG_RSP] = sp;
    s->registers[LG_RIP] = pc;
    size_t length = frame_stack(s, slot, sp);
    s->stack_length = length == 0 ? 0 : lg_read_memory(s->stack_base, s->stack, length) & ~(size_t)7;
    return LG_CAPTURE_OK;
}

#else

int lg_capture_install(int signo) {
    (void)signo;
    return ENOTSUP;
}

int lg_capture_install_more(int signo) {
    (void)signo;
    return ENOTSUP;
}

bool lg_capture_signal_is_free(int signo) {
    (void)signo;
    return true;
}

bool lg_capture_is_installed(int signo) {
    (void)signo;
    return false;
}

lg_capture_result lg_capture_by_signal(lg_capture *c, lg_slot *slot, int signo, uint64_t tick, uint64_t timeout_ns) {
    (void)c;
    (void)slot;
    (void)signo;
    (void)tick;
    (void)timeout_ns;
    return LG_CAPTURE_UNSUPPORTED;
}

lg_capture_result lg_capture_by_copy(lg_capture *c, const lg_slot *slot, uint64_t sp, uint64_t pc) {
    (void)c;
    (void)slot;
    (void)sp;
    (void)pc;
    return LG_CAPTURE_UNSUPPORTED;
}

lg_capture_result lg_capture_thread_by_signal(lg_capture *c, pid_t tid, int signo, uint64_t timeout_ns) {
    (void)c;
    (void)tid;
    (void)signo;
    (void)timeout_ns;
    return LG_CAPTURE_UNSUPPORTED;
}

lg_capture_result lg_capture_thread_by_copy(lg_capture *c, uint64_t sp, uint64_t pc, uint64_t high) {
    (void)c;
    (void)sp;
    (void)pc;
    (void)high;
    return LG_CAPTURE_UNSUPPORTED;
}

#endif

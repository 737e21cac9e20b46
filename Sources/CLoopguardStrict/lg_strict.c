#define _GNU_SOURCE
#include "lg_strict.h"

#include <dlfcn.h>
#include <errno.h>
#include <linux/futex.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "lg_gate.h"
#include "lg_site.h"

struct lg_allowance {
    int64_t expires_unix_ns;
    uint64_t at_most_ns;
    _Atomic uint64_t entered, calls, total_ns, max_ns, refused;
};

typedef struct counts {
    _Atomic uint64_t calls, blocked_ns, allowed_calls, allowed_ns;
} counts;

struct lg_monitor {
    _Atomic bool files;
    _Atomic uint64_t lock_grace_ns;
    _Atomic uint64_t site_burst;
    _Atomic uint64_t inside; // wrappers that hold a pointer to this monitor
    _Atomic uint64_t dropped, suppressed, short_waits;
    counts by_call[LG_CALL_COUNT];
    lg_site_table sites;
    lg_site site_entries[LG_SITES];
    struct lg_monitor *next;
};

_Atomic uint32_t lg_gate_on;

// initial-exec: the dynamic TLS model may allocate at first use.
static __thread struct {
    uint64_t inside_tick; // the tick in which this thread entered a wrapper and has not left it; 0 = none
    lg_allowance *allowance;
    bool probing;
    lg_call_set probed;
} tls __attribute__((tls_model("initial-exec")));

static pthread_mutex_t free_lock = PTHREAD_MUTEX_INITIALIZER;
static lg_monitor *free_monitors;

static lg_record records[LG_RECORDS];
static uint8_t *record_stacks;
static _Atomic uint32_t record_free, record_begun, record_ended;
static _Atomic uint32_t sequence;

#define RELAXED memory_order_relaxed

static void add(_Atomic uint64_t *to, uint64_t n) { atomic_fetch_add_explicit(to, n, RELAXED); }
static uint64_t get(const _Atomic uint64_t *from) { return atomic_load_explicit(from, RELAXED); }

static void raise_to(_Atomic uint64_t *to, uint64_t n) {
    uint64_t old = get(to);
    while (old < n && !atomic_compare_exchange_weak_explicit(to, &old, n, RELAXED, RELAXED)) {}
}

// MARK: monitors

static bool prepare_records(void) {
    if (record_stacks) return true;
    void *p = mmap(NULL, (size_t)LG_RECORDS * LG_RECORD_STACK_BYTES, PROT_READ | PROT_WRITE,
                   MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (p == MAP_FAILED) return false;
    record_stacks = p;
    for (int i = 0; i < LG_RECORDS; i++) {
        records[i].snapshot.stack = record_stacks + (size_t)i * LG_RECORD_STACK_BYTES;
        records[i].snapshot.stack_capacity = LG_RECORD_STACK_BYTES;
    }
    atomic_store_explicit(&record_free, UINT32_MAX, memory_order_release);
    return true;
}

lg_monitor *lg_monitor_create(lg_monitor_options options) {
    pthread_mutex_lock(&free_lock);
    bool ready = prepare_records();
    lg_monitor *m = NULL;
    for (lg_monitor **p = &free_monitors; ready && *p; p = &(*p)->next) {
        // A call that began under its former user may still be going on.
        if (atomic_load_explicit(&(*p)->inside, memory_order_seq_cst) != 0) continue;
        m = *p;
        *p = m->next;
        break;
    }
    pthread_mutex_unlock(&free_lock);
    if (!ready) return NULL;
    if (!m) m = malloc(sizeof *m);
    if (!m) return NULL;
    memset(m, 0, sizeof *m);
    m->sites = (lg_site_table){.entries = m->site_entries, .capacity = LG_SITES};
    atomic_store_explicit(&m->files, options.files, RELAXED);
    atomic_store_explicit(&m->lock_grace_ns, options.lock_grace_ns, RELAXED);
    atomic_store_explicit(&m->site_burst, options.site_burst, RELAXED);
    return m;
}

void lg_monitor_release(lg_monitor *m) {
    pthread_mutex_lock(&free_lock);
    m->next = free_monitors;
    free_monitors = m;
    pthread_mutex_unlock(&free_lock);
}

bool lg_monitor_watch(lg_monitor *m, lg_slot *slot) {
    lg_monitor *none = NULL;
    if (!atomic_compare_exchange_strong(&slot->monitor, &none, m)) return none == m;
    atomic_fetch_add(&lg_gate_on, 1);
    return true;
}

void lg_monitor_unwatch(lg_monitor *m, lg_slot *slot) {
    lg_monitor *mine = m;
    if (atomic_compare_exchange_strong(&slot->monitor, &mine, NULL)) atomic_fetch_sub(&lg_gate_on, 1);
}

static lg_strict_figures read_counts(const counts *c) {
    return (lg_strict_figures){get(&c->calls), get(&c->blocked_ns), get(&c->allowed_calls), get(&c->allowed_ns)};
}

lg_strict_figures lg_monitor_figures_of(const lg_monitor *m, lg_call call) {
    return call < LG_CALL_COUNT ? read_counts(&m->by_call[call]) : (lg_strict_figures){0, 0, 0, 0};
}

lg_strict_figures lg_monitor_figures(const lg_monitor *m) {
    lg_strict_figures sum = {0, 0, 0, 0};
    for (int i = 0; i < LG_CALL_COUNT; i++) {
        lg_strict_figures f = read_counts(&m->by_call[i]);
        sum.calls += f.calls;
        sum.blocked_ns += f.blocked_ns;
        sum.allowed_calls += f.allowed_calls;
        sum.allowed_ns += f.allowed_ns;
    }
    return sum;
}

uint64_t lg_monitor_dropped(const lg_monitor *m) { return get(&m->dropped); }
uint64_t lg_monitor_suppressed(const lg_monitor *m) { return get(&m->suppressed); }
uint64_t lg_monitor_short_waits(const lg_monitor *m) { return get(&m->short_waits); }
uint64_t lg_monitor_sites(const lg_monitor *m) { return get(&m->sites.used); }
uint64_t lg_monitor_inside(const lg_monitor *m) { return get(&m->inside); }

// MARK: the gate

static lg_monitor *current_monitor(void) {
    lg_slot *slot = lg_slot_current();
    return slot ? atomic_load_explicit(&slot->monitor, memory_order_acquire) : NULL;
}

bool lg_gate_enters(lg_call call) {
    if (__builtin_expect(tls.probing, 0)) {
        tls.probed.words[call / 64] |= 1ull << (call % 64);
        return false;
    }
    lg_slot *slot = lg_slot_current();
    if (!slot || !atomic_load_explicit(&slot->monitor, memory_order_relaxed)) return false;
    uint64_t tick = lg_busy_since(slot);
    // A wrapper that never returned (longjmp, an exception) is forgotten with its tick.
    return tick != 0 && tls.inside_tick != tick;
}

bool lg_gate_files(void) {
    if (__builtin_expect(tls.probing, 0)) return true;
    lg_monitor *m = current_monitor();
    return m && atomic_load_explicit(&m->files, RELAXED);
}

uint64_t lg_gate_lock_grace_ns(void) {
    lg_monitor *m = current_monitor();
    return m ? get(&m->lock_grace_ns) : 1000000;
}

void lg_gate_count_short_wait(void) {
    lg_monitor *m = current_monitor();
    if (m) add(&m->short_waits, 1);
}

// MARK: the stack

#if defined(__x86_64__)

// The registers that a function must keep, and where we are: all that unwinding needs.
static __attribute__((noinline)) void copy_stack(lg_snapshot *s, const lg_slot *slot) {
    memset(s->registers, 0, sizeof s->registers);
    uint64_t *r = s->registers;
    __asm__ volatile("movq %%rbx, 24(%0)\n\t"
                     "movq %%rbp, 48(%0)\n\t"
                     "movq %%rsp, 56(%0)\n\t"
                     "movq %%r12, 96(%0)\n\t"
                     "movq %%r13, 104(%0)\n\t"
                     "movq %%r14, 112(%0)\n\t"
                     "movq %%r15, 120(%0)\n\t"
                     "leaq 0(%%rip), %%rax\n\t"
                     "movq %%rax, 128(%0)"
                     :
                     : "r"(r)
                     : "rax", "memory");
    uint64_t base = r[LG_RSP] & ~(uint64_t)7;
    s->stack_low = slot->stack_low;
    s->stack_high = slot->stack_high;
    s->stack_base = base;
    s->stack_length = 0;
    if (base < slot->stack_low || base >= slot->stack_high) return; // a foreign coroutine's stack
    size_t length = slot->stack_high - base;
    if (length > s->stack_capacity) length = s->stack_capacity;
    // Not memcpy: a sanitizer may have put its own in place.
    void *to = s->stack;
    const void *from = (const void *)(uintptr_t)base;
    size_t words = length / 8;
    __asm__ volatile("rep movsq" : "+D"(to), "+S"(from), "+c"(words) : : "memory");
    s->stack_length = length & ~(size_t)7;
}

#else

static void copy_stack(lg_snapshot *s, const lg_slot *slot) {
    (void)slot;
    s->stack_length = 0;
}

#endif

// MARK: offences

static int64_t unix_ns(void) {
    struct timespec t;
    clock_gettime(CLOCK_REALTIME, &t);
    return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

static void announce(_Atomic uint32_t *set, uint32_t bit) {
    atomic_fetch_or_explicit(set, bit, memory_order_release);
    lg_strict_wake();
}

static lg_record *claim(lg_monitor *m) {
    uint32_t set = atomic_load_explicit(&record_free, memory_order_acquire);
    while (set != 0) {
        uint32_t bit = set & -set;
        if (atomic_compare_exchange_weak_explicit(&record_free, &set, set & ~bit, memory_order_acq_rel,
                                                  memory_order_acquire))
            return &records[__builtin_ctz(bit)];
    }
    add(&m->dropped, 1);
    return NULL;
}

static uint32_t bit_of(const lg_record *r) { return 1u << (r - records); }

static lg_record *make_record(lg_monitor *m, lg_slot *slot, const lg_offence *o, lg_allowance *broken, lg_site_turn turn,
                              void *frame) {
    lg_record *r = claim(m);
    if (!r) return NULL;
    uint64_t began = lg_now_ns();
    r->monitor = m;
    r->slot = slot;
    r->allowance = broken;
    r->call = o->call;
    r->system_call = o->system_call;
    memcpy(r->arguments, o->arguments, sizeof r->arguments);
    r->began_ns = o->began_ns;
    r->duration_ns = 0;
    r->tick = o->tick;
    r->jobs = lg_jobs(slot);
    r->tick_first_job = lg_tick_first_job(slot);
    r->scope = lg_scope(slot);
    r->site_calls = turn.calls;
    r->site_ns = turn.total_ns;
    r->wrapper_return = ((const uint64_t *)frame)[1];
    copy_stack(&r->snapshot, slot);
    r->capture_ns = lg_now_ns() - began;
    // The monitor is kept from being recycled until the record has been read.
    add(&m->inside, 1);
    announce(&record_begun, bit_of(r));
    return r;
}

// Counts the call at its site; a record if it is the site's turn.
static void accuse(lg_offence *o, lg_monitor *m, lg_slot *slot, lg_allowance *broken, void *frame) {
    add(&m->by_call[o->call].calls, 1);
    if (broken) add(&broken->refused, 1);
    lg_site *site = lg_site_find(&m->sites, o->call, frame, slot->stack_low, slot->stack_high);
    lg_site_turn turn = lg_site_count(site, get(&m->site_burst));
    o->site = site;
    if (turn.isDue) {
        o->record = make_record(m, slot, o, broken, turn, frame);
    } else {
        add(&m->suppressed, 1);
    }
}

void lg_offence_begin(lg_offence *o, void *frame) {
    int saved = errno;
    o->record = o->site = o->allowance = o->monitor = NULL;
    lg_slot *slot = lg_slot_current();
    lg_monitor *m = current_monitor();
    if (m) {
        atomic_fetch_add_explicit(&m->inside, 1, memory_order_seq_cst);
        // It may have been released, and even recycled, in between.
        if (atomic_load_explicit(&slot->monitor, memory_order_seq_cst) == m) {
            o->monitor = m;
            o->frame = frame;
            o->tick = lg_busy_since(slot);
            o->began_ns = lg_now_ns();
            tls.inside_tick = o->tick;
            lg_allowance *a = tls.allowance;
            if (a && !lg_allowance_is_expired(a)) {
                o->allowance = a;
            } else {
                accuse(o, m, slot, a, frame);
            }
        } else {
            atomic_fetch_sub_explicit(&m->inside, 1, memory_order_seq_cst);
        }
    }
    errno = saved;
}

void lg_offence_end(lg_offence *o) {
    lg_monitor *m = o->monitor;
    if (!m) return;
    int saved = errno;
    uint64_t duration = lg_now_ns() - o->began_ns;
    lg_allowance *a = o->allowance;
    if (a && duration > a->at_most_ns) {
        // The stack is still what it was before the call.
        accuse(o, m, lg_slot_current(), a, o->frame);
    } else if (a) {
        add(&a->calls, 1);
        add(&a->total_ns, duration);
        raise_to(&a->max_ns, duration);
        add(&m->by_call[o->call].allowed_calls, 1);
        add(&m->by_call[o->call].allowed_ns, duration);
    }
    if (o->site) {
        lg_site_end(o->site, duration);
        add(&m->by_call[o->call].blocked_ns, duration);
    }
    if (o->record) {
        lg_record *r = o->record;
        r->duration_ns = duration;
        announce(&record_ended, bit_of(r));
    }
    tls.inside_tick = 0;
    atomic_fetch_sub_explicit(&m->inside, 1, memory_order_seq_cst);
    errno = saved;
}

// MARK: records

uint32_t lg_strict_wait(uint32_t seen) {
    for (;;) {
        uint32_t now = atomic_load_explicit(&sequence, memory_order_acquire);
        if (now != seen) return now;
        syscall(SYS_futex, (uint32_t *)&sequence, FUTEX_WAIT_PRIVATE, seen, NULL, NULL, 0);
    }
}

void lg_strict_wake(void) {
    atomic_fetch_add_explicit(&sequence, 1, memory_order_release);
    syscall(SYS_futex, (uint32_t *)&sequence, FUTEX_WAKE_PRIVATE, 1, NULL, NULL, 0);
}

uint32_t lg_strict_take_ended(void) { return atomic_exchange_explicit(&record_ended, 0, memory_order_acq_rel); }
uint32_t lg_strict_take_begun(void) { return atomic_exchange_explicit(&record_begun, 0, memory_order_acq_rel); }
lg_record *lg_strict_record(int index) { return &records[index & (LG_RECORDS - 1)]; }

void lg_strict_record_free(int index) {
    lg_record *r = lg_strict_record(index);
    atomic_fetch_sub_explicit(&r->monitor->inside, 1, memory_order_seq_cst);
    atomic_fetch_or_explicit(&record_free, bit_of(r), memory_order_release);
}

// MARK: allowances

lg_allowance *lg_allowance_create(int64_t expires_unix_ns, uint64_t at_most_ns) {
    lg_allowance *a = calloc(1, sizeof *a);
    if (!a) return NULL;
    a->expires_unix_ns = expires_unix_ns;
    a->at_most_ns = at_most_ns;
    return a;
}

lg_allowance *lg_allowance_enter(lg_allowance *a) {
    lg_allowance *previous = tls.allowance;
    add(&a->entered, 1);
    tls.allowance = a;
    return previous;
}

void lg_allowance_leave(lg_allowance *a, lg_allowance *previous) {
    if (tls.allowance == a) tls.allowance = previous;
}

lg_allowance_figures lg_allowance_read(const lg_allowance *a) {
    return (lg_allowance_figures){get(&a->entered), get(&a->calls), get(&a->total_ns), get(&a->max_ns),
                                  get(&a->refused)};
}

bool lg_allowance_is_expired(const lg_allowance *a) {
    return a->expires_unix_ns != INT64_MAX && unix_ns() >= a->expires_unix_ns;
}

// MARK: the probe

void lg_strict_probe_begin(void) {
    tls.probed = (lg_call_set){{0, 0}};
    tls.probing = true;
    atomic_fetch_add(&lg_gate_on, 1);
}

lg_call_set lg_strict_probe_end(void) {
    atomic_fetch_sub(&lg_gate_on, 1);
    tls.probing = false;
    return tls.probed;
}

bool lg_strict_is_preferred(const char *name) {
    Dl_info ours, theirs;
    void *found = dlsym(RTLD_DEFAULT, name);
    return found && dladdr((void *)&lg_strict_is_preferred, &ours) && dladdr(found, &theirs) &&
           ours.dli_fbase == theirs.dli_fbase;
}

// Strict mode: tells of each call that blocks, or may block, a watched event loop, while it is being made.
//
// The wrappers (lg_wrappers.h) are always linked in, and cost a load and a branch until the first monitor watches a loop.
// On an offence the calling thread copies its own registers and stack into a record of a fixed pool, without locks or
// memory allocation: it may be in the middle of anything. One other thread takes the records and does the rest.
#pragma once

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lg_calls.h"
#include "lg_capture.h"
#include "lg_slot.h"

#ifdef __cplusplus
extern "C" {
#endif

#pragma clang assume_nonnull begin

/// Records in the pool: offences that are being looked at, or still going on. Further ones are counted without a stack.
#define LG_RECORDS 32
/// The innermost part of the stack that a record holds.
#define LG_RECORD_STACK_BYTES (64 * 1024)
/// Call sites told apart by one monitor; all further ones share the last entry.
#define LG_SITES 1024

/// Who watches a set of loops, with its settings and exact figures. Recycled, never freed.
typedef struct lg_monitor lg_monitor;

/// Code that may block, for a reason. Never freed: one for each place in the source.
typedef struct lg_allowance lg_allowance;

typedef struct lg_monitor_options {
    bool files;             // open and stat are offences as well
    uint64_t lock_grace_ns; // waiting for a lock for no longer than this is none
    uint64_t site_burst;    // so many calls of one site are recorded in full, then those at powers of two
} lg_monitor_options;

/// Figures of a monitor, or of one call of it.
typedef struct lg_strict_figures {
    uint64_t calls;         // offences
    uint64_t blocked_ns;    // time in them
    uint64_t allowed_calls;
    uint64_t allowed_ns;
} lg_strict_figures;

/// One offence.
typedef struct lg_record {
    lg_monitor *monitor;
    lg_slot *slot;
    lg_allowance *_Nullable allowance; // an allowance that did not hold: expired, or the call took too long
    lg_call call;
    long system_call;                  // the kernel's number, -1 = none in particular
    uint64_t arguments[3];
    uint64_t began_ns;
    uint64_t duration_ns;              // valid once it has ended
    uint64_t tick;                     // marks of the loop when the call began
    uint64_t jobs;
    uint64_t tick_first_job;
    uint64_t scope;
    uint64_t site_calls;               // calls of this site so far, this one included
    uint64_t site_ns;                  // time in the earlier ones
    uint64_t wrapper_return;           // where the wrapper returns to: what is further in is ours
    uint64_t capture_ns;               // what the copy cost the loop
    lg_snapshot snapshot;
} lg_record;

/// Name of a call, as in the C library.
const char *lg_call_name(lg_call call);
/// What it waits for.
lg_call_class lg_call_class_of(lg_call call);

// Monitors. Any thread.

/// Null when out of memory.
lg_monitor *_Nullable lg_monitor_create(lg_monitor_options options);
/// For the next user. No slot may have it any more.
void lg_monitor_release(lg_monitor *monitor);
/// Takes over the thread of `slot`. False when somebody else's monitor watches it.
bool lg_monitor_watch(lg_monitor *monitor, lg_slot *slot);
void lg_monitor_unwatch(lg_monitor *monitor, lg_slot *slot);
lg_strict_figures lg_monitor_figures(const lg_monitor *monitor);
lg_strict_figures lg_monitor_figures_of(const lg_monitor *monitor, lg_call call);
/// Offences without a record because the pool was empty.
uint64_t lg_monitor_dropped(const lg_monitor *monitor);
/// Offences without a record because their site had had many.
uint64_t lg_monitor_suppressed(const lg_monitor *monitor);
/// Locks that were held by others and had within the grace.
uint64_t lg_monitor_short_waits(const lg_monitor *monitor);
/// Sites seen so far.
uint64_t lg_monitor_sites(const lg_monitor *monitor);
/// Offences that are going on.
uint64_t lg_monitor_inside(const lg_monitor *monitor);

// Records. One thread takes them.

/// Waits until `lg_strict_wake` or an offence has changed the sequence from `seen`. Returns the new one.
uint32_t lg_strict_wait(uint32_t seen);
void lg_strict_wake(void);
/// Sets of records, one bit each. Take those that have ended first: each of them has then begun.
uint32_t lg_strict_take_ended(void);
uint32_t lg_strict_take_begun(void);
lg_record *lg_strict_record(int index);
void lg_strict_record_free(int index);

// Allowances.

/// Null when out of memory. `expires_unix_ns`: INT64_MAX = never. `at_most_ns`: a longer call is an offence all the same.
lg_allowance *_Nullable lg_allowance_create(int64_t expires_unix_ns, uint64_t at_most_ns);
/// The calling thread may block until `lg_allowance_leave` with the value returned.
lg_allowance *_Nullable lg_allowance_enter(lg_allowance *allowance);
void lg_allowance_leave(lg_allowance *allowance, lg_allowance *_Nullable previous);

typedef struct lg_allowance_figures {
    uint64_t entered;  // how often its code ran
    uint64_t calls;    // blocking calls of loops that it covered
    uint64_t total_ns; // time in them
    uint64_t max_ns;
    uint64_t refused;  // calls that it no longer covered, or that took longer than it allows
} lg_allowance_figures;
lg_allowance_figures lg_allowance_read(const lg_allowance *allowance);
/// Whether its time is over.
bool lg_allowance_is_expired(const lg_allowance *allowance);

// Start-up.

/// The next interposed calls of this thread are only noted.
void lg_strict_probe_begin(void);
/// Which calls have been noted since, one bit each (call i is bit i % 64 of word i / 64), and ends that.
typedef struct lg_call_set {
    uint64_t words[2];
} lg_call_set;
lg_call_set lg_strict_probe_end(void);
/// Whether the shared libraries of the program bind `name` to our definition.
bool lg_strict_is_preferred(const char *name);
/// All symbols that are interposed, such as `read` and `__read_chk`, in no order. Static memory. For tests.
const char *_Nonnull const *_Nonnull lg_wrapped_symbols(size_t *count);

#pragma clang assume_nonnull end

#ifdef __cplusplus
}
#endif

// What glibc has for threads and Swift's Glibc module does not show.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "lg_slot.h"

#ifdef __cplusplus
extern "C" {
#endif

#pragma clang assume_nonnull begin

/// Names the calling thread, as seen by `top -H`. At most 15 bytes; longer names are cut.
void lg_thread_set_name(const char *name);

/// Names the calling thread `prefix-N`, N counting up from 0 in the process. Does nothing when it has done so before.
void lg_thread_set_name_once(const char *prefix);

/// CPU time of the calling thread so far, nanoseconds (CLOCK_THREAD_CPUTIME_ID).
static inline uint64_t lg_thread_cpu_ns(void) {
    struct timespec t;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return (uint64_t)t.tv_sec * 1000000000ull + (uint64_t)t.tv_nsec;
}

/// Prepares the calling thread to be woken on time: nice −20 and the finest timer slack. Returns whether the priority
/// could be raised (root, CAP_SYS_NICE or RLIMIT_NICE).
bool lg_thread_prioritize(void);

/// Whether lg_thread_prioritize would raise the priority. Changes nothing.
bool lg_thread_may_prioritize(void);

/// Waits until the bell (see lg_slot.h) rings, then silences it, or until CLOCK_MONOTONIC reaches `deadline_ns`.
/// UINT64_MAX = no time limit. Returns whether it rang. Watchdog thread.
bool lg_bell_wait(lg_bell *bell, uint64_t deadline_ns);

#pragma clang assume_nonnull end

#ifdef __cplusplus
}
#endif

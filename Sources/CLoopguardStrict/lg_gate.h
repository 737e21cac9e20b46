// What the wrappers ask, and where they report. Strict mode and the preload library each implement it.
#pragma once

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "include/lg_calls.h"

#define LG_HIDDEN __attribute__((visibility("hidden")))
#define LG_COLD __attribute__((noinline, cold))

/// Anybody watches. The only thing that a wrapper looks at while nobody does.
LG_HIDDEN extern _Atomic uint32_t lg_gate_on;

/// The call that a wrapper is about to make.
typedef struct lg_offence {
    lg_call call;
    long system_call;      // the kernel's number of what will block, -1 = none in particular
    uint64_t arguments[3]; // its first arguments
    uint64_t began_ns;
    // The implementation's own.
    uint64_t tick;
    void *frame;
    void *record; // null = counted only
    void *site;
    void *allowance;
    void *monitor;
} lg_offence;

/// The calling thread is a watched event loop in the middle of a tick, and not inside another wrapper already.
/// Keeps errno.
LG_HIDDEN bool lg_gate_enters(lg_call call);
/// Whether calls of the file tier are offences.
LG_HIDDEN bool lg_gate_files(void);
/// How long a lock may be waited for before that is an offence. Nanoseconds.
LG_HIDDEN uint64_t lg_gate_lock_grace_ns(void);
/// A lock was had within the grace.
LG_HIDDEN void lg_gate_count_short_wait(void);

/// The wrapper is about to block. Copies the stack. `frame`: the wrapper's frame address. Keeps errno.
LG_HIDDEN void lg_offence_begin(lg_offence *offence, void *frame);
/// The call has returned. Keeps errno.
LG_HIDDEN void lg_offence_end(lg_offence *offence);

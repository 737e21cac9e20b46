// One offence as a line of JSON: a stall report as in Documentation/stall-report.schema.json, so that
// loopguard-symbolicate can name its frames.
#pragma once

#include <stdint.h>

#include "../CLoopguardStrict/include/lg_calls.h"

typedef struct lg_trace {
    int out;
    const char *call;
    uint64_t duration_ns;
    uint64_t ended_unix_ns;
    uint64_t number;   // of this site
    uint64_t total_ns; // of this site
    void *frame;       // of the wrapper
} lg_trace;

/// Loads what unwinding needs, once: the first backtrace(3) loads a library.
__attribute__((visibility("hidden"))) void lg_trace_prepare(void);
__attribute__((visibility("hidden"))) const char *lg_trace_call_name(lg_call call);
/// Writes the calling thread's stack. One write(2).
__attribute__((visibility("hidden"))) void lg_trace_write(const lg_trace *trace);

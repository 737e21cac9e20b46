#pragma once
#define _GNU_SOURCE
#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "accuracy.h"

/// Keeps the result of a computation, so that the compiler keeps the computation.
#define ACC_KEEP(x) __asm__ volatile("" : : "r"(x) : "memory")

/// The planted functions must stand on the stack: no inlining, no tail call into what they call.
#define ACC_PLANTED __attribute__((noinline, disable_tail_calls))

static inline acc_outcome acc_failed(int error) { return (acc_outcome){.error = error}; }

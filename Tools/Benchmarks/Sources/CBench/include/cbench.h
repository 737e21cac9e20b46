// What glibc has and Swift's Glibc module does not show.
#pragma once
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/prctl.h>
#include <signal.h>
#include <stdio.h>

/// Ends the calling process when its parent ends.
static inline void cbench_end_with_parent(void) { prctl(PR_SET_PDEATHSIG, SIGKILL); }

/// Has standard output written line by line, into a pipe as well.
static inline void cbench_flush_lines(void) { setvbuf(stdout, NULL, _IOLBF, 0); }

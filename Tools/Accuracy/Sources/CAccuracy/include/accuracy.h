// Stalls planted on purpose, each with its own ground truth. What a stall's length depends on (a helper thread, a timer, a
// child process) is made and ended inside the call, so that calls can follow each other without leaving anything behind.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#pragma clang assume_nonnull begin

/// What the stalled thread itself noticed.
typedef struct acc_outcome {
    uint64_t interrupted;   // calls that came back with EINTR
    uint64_t shortened_ns;  // how much earlier than asked for a timed wait ended
    int32_t error;          // errno of the set-up, 0 = planted as asked for
} acc_outcome;

/// Nothing, but the compiler does not know that.
void acc_touch(void);

// Clocks and counters of the calling thread.
uint64_t acc_now_ns(void);         // CLOCK_MONOTONIC
uint64_t acc_unix_ns(void);        // CLOCK_REALTIME
uint64_t acc_thread_cpu_ns(void);  // CLOCK_THREAD_CPUTIME_ID
pid_t acc_tid(void);
/// CPU and run-queue time of a thread of this process, from /proc/self/task/TID/schedstat. False when it is gone.
bool acc_schedstat(pid_t tid, uint64_t *cpu_ns, uint64_t *run_delay_ns, uint64_t *slices);
/// The thread of this process whose name (comm) is `name`; 0 = none.
pid_t acc_find_thread(const char *name);
/// Context switches of a thread, voluntary and not: for "was not woken at all". False when it is gone.
bool acc_switches(pid_t tid, uint64_t *voluntary, uint64_t *involuntary);
uint64_t acc_resident_bytes(void);
/// Voluntary sleep until an absolute CLOCK_MONOTONIC time.
void acc_sleep_until(uint64_t deadline_ns);
void acc_end_with_parent(void);

/// Calls `body` on a thread of its own after `ns`, and waits for it in acc_join.
typedef struct acc_helper acc_helper;
acc_helper *_Nullable acc_after(uint64_t ns, void (*body)(void *_Nullable), void *_Nullable argument);
void acc_join(acc_helper *_Nullable helper);

// Stalls of about `ns`.
acc_outcome acc_spin_user(uint64_t ns);
acc_outcome acc_spin_kernel(uint64_t ns);
acc_outcome acc_usleep(uint64_t ns);
acc_outcome acc_read_pipe(uint64_t ns);
acc_outcome acc_recv(uint64_t ns);
acc_outcome acc_poll(uint64_t ns);
acc_outcome acc_connect(uint64_t ns);
acc_outcome acc_getaddrinfo(uint64_t ns);
acc_outcome acc_fsync(uint64_t ns, const char *directory);
acc_outcome acc_flock(uint64_t ns, const char *directory);
acc_outcome acc_mutex(uint64_t ns);
acc_outcome acc_condition(uint64_t ns);
acc_outcome acc_waitpid(uint64_t ns);
acc_outcome acc_malloc(uint64_t ns);
acc_outcome acc_dlopen(uint64_t ns, const char *library);
acc_outcome acc_masked_spin(uint64_t ns, int signo);

/// A file for acc_cold_mmap. Returns 0, an errno, or ENOTSUP when its pages cannot be dropped from memory.
int acc_cold_file(const char *path, size_t bytes);
acc_outcome acc_cold_mmap(uint64_t ns, const char *path);

/// Answers DNS queries on loopback only when told to. Returns 0 or an errno. Once per process.
int acc_resolver_start(void);
/// An address on loopback whose backlog is full. Returns 0 or an errno. Once per process.
int acc_black_hole_start(void);

/// Threads that compute, all on one processor, until acc_hogs_end.
typedef struct acc_hogs acc_hogs;
acc_hogs *_Nullable acc_hogs_begin(int count, int cpu);
void acc_hogs_end(acc_hogs *_Nullable hogs);
/// The calling thread runs on `cpu` only, and last; undone with cpu = -1 (every processor; niceness stays).
int acc_pin(int cpu, int niceness);

/// Stops this process from outside for `ns`, `delay_ns` from now. Returns 0 or an errno; the longest gap that the caller
/// noticed while spinning goes into `gap_ns`.
int acc_stopped(uint64_t delay_ns, uint64_t ns, uint64_t *gap_ns);

/// A control group of our own with a CPU quota, and this process in it. Returns 0 or an errno; `why` says what failed.
int acc_throttle_begin(uint64_t quota_us, uint64_t period_us, char *why, size_t why_size);
void acc_throttle_end(void);
/// How long that group has been without a CPU so far because its quota was used up (all processors).
uint64_t acc_throttled_ns(void);

// Storms for back-to-back captures: each turn is short, and leaves the thread somewhere new.
void acc_storm_malloc(void);
void acc_storm_dlopen(const char *library);
void acc_storm_phdr(void);
/// Raises an exception that nobody catches: the whole search phase of the C++ unwinder.
void acc_storm_unwind(void);

/// PR_GET_NAME and friends keep it simple: names the calling thread.
void acc_name_thread(const char *name);

#pragma clang assume_nonnull end

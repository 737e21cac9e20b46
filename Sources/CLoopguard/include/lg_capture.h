// Copies registers and stack of another thread of this process.
//
// A running thread is asked by a signal. Its handler only copies: it must not unwind, allocate or lock, because the thread
// may have been interrupted inside malloc, the loader or the unwinder itself (research/spike-runtime.md, D6 and D7). A
// thread that is blocked in a system call is never signalled (the call could return early): the kernel tells its stack
// pointer, and the caller copies the stack itself.
//
// Protocol between the watchdog and the handler. All of it is in `state`, one word: generation * 4 + phase.
//
//   watchdog   idle -> requested       writes slot and tick first, then the new generation
//   handler    requested -> claimed    by compare-and-swap: only the winner may write the buffer
//   handler    claimed -> done         publishes the buffer
//   watchdog   requested -> idle       by compare-and-swap, when the time is up: a handler that comes later finds nothing
//                                      to claim, so it can never write into a buffer that is read or asked for again
//   watchdog   done -> idle            after reading
//
// If the time is up while the phase is `claimed` (the thread lost its CPU in the middle of the copy), the buffer stays
// the handler's; captures are refused until it has published. A signal that arrives late, twice, or from somebody else
// finds no request and does nothing. Captures are never freed, only recycled, so the handler can always dereference one.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lg_slot.h"

#ifdef __cplusplus
extern "C" {
#endif

#pragma clang assume_nonnull begin

/// Registers in the order of libunwind: rax rdx rcx rbx rsi rdi rbp rsp r8…r15 rip.
#define LG_REGISTERS 17
#define LG_RBP 6
#define LG_RSP 7
#define LG_RIP 16

/// Bytes below the stack pointer that a leaf function may use (System V ABI).
#define LG_RED_ZONE 128

/// Registers and stack of a thread at one moment.
typedef struct lg_snapshot {
    uint64_t registers[LG_REGISTERS];
    uint64_t stack_base;    // address that stack[0] was copied from
    size_t stack_length;    // bytes copied; 0 = the stack pointer is not in the thread's stack
    uint64_t stack_low;     // bounds of the thread's whole stack
    uint64_t stack_high;
    uint8_t *stack;
    size_t stack_capacity;
} lg_snapshot;

typedef struct lg_capture lg_capture;

typedef enum lg_capture_result {
    LG_CAPTURE_OK = 0,
    LG_CAPTURE_TICK_OVER,   // the thread is in another tick than the wanted one
    LG_CAPTURE_TIMEOUT,     // the handler did not run in time: signal masked, or the thread got no CPU
    LG_CAPTURE_BUSY,        // the handler of an earlier capture still holds the buffer
    LG_CAPTURE_NO_THREAD,   // the thread has ended
    LG_CAPTURE_NO_HANDLER,  // somebody else's signal handler is installed
    LG_CAPTURE_UNSUPPORTED, // not on this processor
} lg_capture_result;

/// A capture with room for `stack_bytes` of stack. Null when out of memory.
lg_capture *_Nullable lg_capture_create(size_t stack_bytes);
/// Gives the capture back. The memory is kept for the next one.
void lg_capture_release(lg_capture *capture);

/// Installs the handler for `signo`. Returns 0 (also when it is installed already), EBUSY when the program uses the
/// signal itself, or an errno.
int lg_capture_install(int signo);
/// The same for a further signal, which reaches threads that block the first. lg_slot_bind does not unblock it.
int lg_capture_install_more(int signo);
/// The signal of the latest lg_capture_install, SIGURG before the first. lg_slot_bind unblocks it.
int lg_capture_signal(void);
/// Whether nobody but us handles `signo`.
bool lg_capture_signal_is_free(int signo);
/// Whether our handler is the one that is installed for `signo`.
bool lg_capture_is_installed(int signo);
/// How often the handler has run in this process, for whatever reason.
uint64_t lg_capture_handler_runs(void);

/// Copies registers and stack of the slot's thread by signal `signo`, if it is still in the tick that began at `tick`.
/// Waits at most `timeout_ns` (twice that if the handler has begun). On LG_CAPTURE_OK the snapshot is valid until the
/// next call on `capture`. Watchdog thread only.
lg_capture_result lg_capture_by_signal(lg_capture *capture, lg_slot *slot, int signo, uint64_t tick,
                                       uint64_t timeout_ns);

/// Copies the stack of the slot's thread from `stack_pointer` outwards without disturbing it. Registers other than rsp
/// and rip are not known and set to 0. Sensible only while the thread is blocked. Watchdog thread only.
lg_capture_result lg_capture_by_copy(lg_capture *capture, const lg_slot *slot, uint64_t stack_pointer,
                                     uint64_t program_counter);

/// The same for any thread of this process, with a slot or without. It has no alternate signal stack as a rule: the handler
/// needs about 5 KB of its stack. One such capture at a time in the process, else LG_CAPTURE_BUSY.
lg_capture_result lg_capture_thread_by_signal(lg_capture *capture, pid_t tid, int signo, uint64_t timeout_ns);

/// The same for any blocked thread. `stack_high`: end of the mapping that the stack pointer lies in; nothing beyond it is
/// touched.
lg_capture_result lg_capture_thread_by_copy(lg_capture *capture, uint64_t stack_pointer, uint64_t program_counter,
                                            uint64_t stack_high);

/// What the last successful capture holds. The one of `by_copy` and the one of `by_signal` are different buffers.
lg_snapshot *lg_capture_signal_snapshot(lg_capture *capture);
lg_snapshot *lg_capture_copy_snapshot(lg_capture *capture);
/// `jobs` of the slot at the moment of the capture by signal.
uint64_t lg_capture_jobs(const lg_capture *capture);

/// Thread identifier of the calling thread.
pid_t lg_current_tid(void);
/// Thread identifier of the slot's thread.
static inline pid_t lg_slot_tid(const lg_slot *s) { return s->tid; }

#pragma clang assume_nonnull end

#ifdef __cplusplus
}
#endif

// Unwinds a copied stack with libunwind's remote interface, on the watchdog.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lg_capture.h"

#ifdef __cplusplus
extern "C" {
#endif

#pragma clang assume_nonnull begin

/// How a frame was found: from the registers, or from the frame inside by its unwind information, by its frame pointer, or
/// by the code around.
enum { LG_FOUND_REGISTERS, LG_FOUND_CFI, LG_FOUND_FRAME_POINTER, LG_FOUND_INFERRED };

typedef struct lg_frame {
    uint64_t pc;
    uint64_t sp;             // rsp while this function runs
    uint64_t rbp;            // its frame pointer register, LG_UNKNOWN if not known
    uint64_t function_start; // from the unwind information, 0 = none
    bool exact;              // pc is the instruction itself, not the one after a call
    uint8_t found;           // LG_FOUND_…
} lg_frame;

/// Stands for a register that is not known. Not a canonical address: nothing can be mapped there.
#define LG_UNKNOWN 0x5a5a5a5a5a5a5a50ull

typedef enum lg_unwind_end {
    LG_UNWIND_COMPLETE,           // reached the thread's start
    LG_UNWIND_LIMIT,              // more frames than room
    LG_UNWIND_NO_INFORMATION,     // the last frame's function has no unwind information
    LG_UNWIND_BROKEN,             // the stack or the copy ends here
    LG_UNWIND_NEEDS_FRAME_POINTER, // the last frame can only be left with its rbp, which is LG_UNKNOWN
    LG_UNWIND_UNSUPPORTED,        // not on this processor
} lg_unwind_end;

typedef struct lg_unwinder lg_unwinder;

/// An unwinder for one thread's use. Null when out of memory.
lg_unwinder *_Nullable lg_unwinder_create(void);
void lg_unwinder_destroy(lg_unwinder *unwinder);

/// Forgets what was read of memory that can change. What was read of code and unwind tables is kept for as long as their
/// module proves, once per capture, that it is still the same. Call once per capture.
void lg_unwinder_clear(lg_unwinder *unwinder);

/// Fills `frames`, innermost first, and says in `end` why it stopped. Returns the number of frames. Reads the stack only
/// from the snapshot, everything else fault-safely. Any garbage in the snapshot is survived.
int lg_unwind(lg_unwinder *unwinder, const lg_snapshot *snapshot, lg_frame *frames, int capacity, lg_unwind_end *end);

/// Reads from the snapshot's stack where it covers the address, else from memory, fault-safely.
bool lg_unwinder_read(lg_unwinder *unwinder, const lg_snapshot *_Nullable snapshot, uint64_t address, void *buffer,
                      size_t length);

/// Whether the address lies in an executable or library.
bool lg_unwinder_is_code(lg_unwinder *unwinder, uint64_t address);

#pragma clang assume_nonnull end

#ifdef __cplusplus
}
#endif

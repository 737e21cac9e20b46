// Reads of our own memory that cannot fault.
//
// The watchdog follows addresses that it found in a stack copy, in unwind tables and in the arguments of system calls.
// Any of them may be garbage or unmapped by the time that it is read. So every such read goes through the kernel, which
// answers EFAULT where a load would raise SIGSEGV.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#pragma clang assume_nonnull begin

/// Copies up to `length` bytes from `address` of this process. Returns how many bytes were readable, from the start on.
/// Any thread. Does not block (but may wait for a page that is swapped out). Keeps errno.
size_t lg_read_memory(uint64_t address, void *buffer, size_t length);

/// Whether lg_read_memory works here: it reads a word of its own.
bool lg_memory_is_readable(void);

/// For tests of debug builds: the `number`-th read from now on, counted from 1, finds nothing; with `for_good` all later
/// ones as well; 0 ends it. Returns what is left of an earlier order, 0 or less when it has been carried out. Does nothing in
/// release builds.
long lg_memory_fail(long number, bool for_good);

/// Bytes of memory that one page of a page cache holds.
#define LG_CACHE_PAGE 4096
/// Pages in a page cache.
#define LG_CACHE_PAGES 32

/// A small direct-mapped cache in front of lg_read_memory: an unwind reads many words of few pages. One thread only.
typedef struct lg_page_cache {
    uint64_t page[LG_CACHE_PAGES];     // address / LG_CACHE_PAGE + 1, 0 = empty
    uint32_t readable[LG_CACHE_PAGES]; // bytes of the page that could be read
    uint8_t data[LG_CACHE_PAGES][LG_CACHE_PAGE];
} lg_page_cache;

/// Forgets all pages: what they hold may have changed since.
void lg_page_cache_clear(lg_page_cache *cache);

/// Copies exactly `length` bytes from `address`, or returns false.
bool lg_page_cache_read(lg_page_cache *cache, uint64_t address, void *buffer, size_t length);

#pragma clang assume_nonnull end

#ifdef __cplusplus
}
#endif

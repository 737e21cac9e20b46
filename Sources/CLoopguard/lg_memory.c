#define _GNU_SOURCE
#include "lg_memory.h"

#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/uio.h>
#include <unistd.h>

// Sandboxes exist that refuse process_vm_readv even on the caller itself; /proc/self/mem then does the same, at one more
// descriptor. -2 = not opened yet, -1 = cannot be opened.
static _Atomic int mem_fd = -2;

static size_t read_through_proc(uint64_t address, void *buffer, size_t length) {
    int fd = atomic_load(&mem_fd);
    if (fd == -2) {
        fd = open("/proc/self/mem", O_RDONLY | O_CLOEXEC);
        int expected = -2;
        if (!atomic_compare_exchange_strong(&mem_fd, &expected, fd)) {
            if (fd >= 0) close(fd);
            fd = expected;
        }
    }
    if (fd < 0 || address > INT64_MAX) return 0;
    ssize_t n = pread(fd, buffer, length, (off_t)address);
    return n < 0 ? 0 : (size_t)n;
}

#ifdef DEBUG
static _Atomic long reads_left;
static _Atomic bool fails_for_good;

long lg_memory_fail(long number, bool for_good) {
    atomic_store(&fails_for_good, for_good);
    return atomic_exchange(&reads_left, number);
}

// 0 = nothing ordered; counts down to 1 = this one fails; -1 = done, or failing for good.
static bool must_fail(void) {
    long left = atomic_load_explicit(&reads_left, memory_order_relaxed);
    if (left == 0) return false;
    if (left < 0) return atomic_load_explicit(&fails_for_good, memory_order_relaxed);
    if (left == 1) {
        atomic_store(&reads_left, -1);
        return true;
    }
    atomic_fetch_sub(&reads_left, 1);
    return false;
}
#else
long lg_memory_fail(long number, bool for_good) {
    (void)number;
    (void)for_good;
    return 0;
}

static inline bool must_fail(void) { return false; }
#endif

size_t lg_read_memory(uint64_t address, void *buffer, size_t length) {
    if (length == 0 || address > UINT64_MAX - length || must_fail()) return 0;
    int saved = errno;
    struct iovec local = {.iov_base = buffer, .iov_len = length};
    struct iovec remote = {.iov_base = (void *)(uintptr_t)address, .iov_len = length};
    ssize_t n = process_vm_readv(getpid(), &local, 1, &remote, 1, 0);
    if (n < 0 && (errno == EPERM || errno == ENOSYS)) n = (ssize_t)read_through_proc(address, buffer, length);
    errno = saved;
    return n < 0 ? 0 : (size_t)n;
}

bool lg_memory_is_readable(void) {
    uint64_t word = 0x1122334455667788, copy = 0;
    return lg_read_memory((uint64_t)(uintptr_t)&word, &copy, sizeof copy) == sizeof copy && copy == word;
}

void lg_page_cache_clear(lg_page_cache *cache) { memset(cache->page, 0, sizeof cache->page); }

bool lg_page_cache_read(lg_page_cache *cache, uint64_t address, void *buffer, size_t length) {
    if (length == 0 || address > UINT64_MAX - length) return false;
    uint8_t *out = buffer;
    while (length > 0) {
        uint64_t number = address / LG_CACHE_PAGE;
        size_t offset = (size_t)(address % LG_CACHE_PAGE);
        size_t index = (size_t)(number % LG_CACHE_PAGES);
        if (cache->page[index] != number + 1) {
            cache->readable[index] =
                (uint32_t)lg_read_memory(number * LG_CACHE_PAGE, cache->data[index], LG_CACHE_PAGE);
            cache->page[index] = number + 1;
        }
        size_t part = LG_CACHE_PAGE - offset < length ? LG_CACHE_PAGE - offset : length;
        if (offset + part > cache->readable[index]) return false;
        memcpy(out, cache->data[index] + offset, part);
        out += part;
        address += part;
        length -= part;
    }
    return true;
}

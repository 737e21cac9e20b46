#include "internal.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/stat.h>

enum { PAGE = 4096 };

ACC_PLANTED acc_outcome acc_fsync(uint64_t ns, const char *directory) {
    acc_outcome out = {0};
    char path[4096];
    snprintf(path, sizeof path, "%s/journal", directory);
    int fd = open(path, O_CREAT | O_TRUNC | O_WRONLY | O_CLOEXEC, 0600);
    if (fd < 0) return acc_failed(errno);
    static char block[64 * 1024];
    uint64_t end = acc_now_ns() + ns;
    for (int i = 0; acc_now_ns() < end; i++) {
        if (pwrite(fd, block, sizeof block, (off_t)(i % 16) * (off_t)sizeof block) < 0) break;
        if (fsync(fd) != 0 && errno == EINTR) out.interrupted++;
    }
    close(fd);
    return out;
}

static void drop_pages(int fd, size_t size) {
    posix_fadvise(fd, 0, (off_t)size, POSIX_FADV_DONTNEED);
}

int acc_cold_file(const char *path, size_t bytes) {
    int fd = open(path, O_CREAT | O_TRUNC | O_RDWR | O_CLOEXEC, 0600);
    if (fd < 0) return errno;
    char *block = calloc(1, 1 << 20);
    int e = block ? 0 : ENOMEM;
    for (size_t done = 0; e == 0 && done < bytes; done += 1 << 20) {
        memset(block, (int)(done >> 20) + 1, 1 << 20);
        if (write(fd, block, 1 << 20) != 1 << 20) e = errno ? errno : EIO;
    }
    free(block);
    if (e == 0 && fsync(fd) != 0) e = errno;
    if (e == 0) {
        drop_pages(fd, bytes);
        void *p = mmap(NULL, bytes, PROT_READ, MAP_SHARED, fd, 0);
        unsigned char *resident = malloc(bytes / PAGE);
        if (p == MAP_FAILED || !resident || mincore(p, bytes, resident) != 0) {
            e = errno ? errno : ENOMEM;
        } else {
            size_t count = 0;
            for (size_t i = 0; i < bytes / PAGE; i++) count += resident[i] & 1;
            if (count > bytes / PAGE / 10) e = ENOTSUP;
        }
        if (p != MAP_FAILED) munmap(p, bytes);
        free(resident);
    }
    close(fd);
    return e;
}

ACC_PLANTED acc_outcome acc_cold_mmap(uint64_t ns, const char *path) {
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    struct stat info;
    if (fd < 0 || fstat(fd, &info) != 0) return acc_failed(errno);
    size_t size = (size_t)info.st_size, pages = size / PAGE;
    uint64_t end = acc_now_ns() + ns, x = end | 1, sum = 0;
    drop_pages(fd, size);
    volatile const unsigned char *p = mmap(NULL, size, PROT_READ, MAP_PRIVATE, fd, 0);
    if (p == MAP_FAILED) {
        close(fd);
        return acc_failed(errno);
    }
    // No read-ahead: each page is a wait of its own.
    madvise((void *)p, size, MADV_RANDOM);
    while (acc_now_ns() < end) {
        x ^= x << 13;
        x ^= x >> 7;
        x ^= x << 17;
        sum += p[x % pages * PAGE];
    }
    ACC_KEEP(sum);
    munmap((void *)p, size);
    close(fd);
    return (acc_outcome){0};
}

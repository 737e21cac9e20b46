#include "internal.h"

#include <dlfcn.h>
#include <fcntl.h>
#include <malloc.h>
#include <signal.h>
#include <stdio.h>

void acc_touch(void) {}

ACC_PLANTED acc_outcome acc_spin_user(uint64_t ns) {
    uint64_t end = acc_now_ns() + ns, x = 88172645463325252ull;
    while (acc_now_ns() < end) {
        for (int i = 0; i < 5000; i++) {
            x ^= x << 13;
            x ^= x >> 7;
            x ^= x << 17;
        }
        ACC_KEEP(x);
    }
    return (acc_outcome){0};
}

ACC_PLANTED acc_outcome acc_spin_kernel(uint64_t ns) {
    uint64_t end = acc_now_ns() + ns;
    const size_t size = 1 << 18;
    char *buffer = malloc(size);
    int fd = open("/dev/zero", O_RDONLY | O_CLOEXEC);
    if (fd < 0 || !buffer) {
        free(buffer);
        return acc_failed(errno);
    }
    acc_outcome out = {0};
    while (acc_now_ns() < end) {
        if (read(fd, buffer, size) < 0 && errno == EINTR) out.interrupted++;
    }
    close(fd);
    free(buffer);
    return out;
}

ACC_PLANTED acc_outcome acc_malloc(uint64_t ns) {
    uint64_t end = acc_now_ns() + ns, x = 2463534242ull;
    enum { KEPT = 512 };
    void *kept[KEPT] = {0};
    for (unsigned turn = 0; acc_now_ns() < end; turn++) {
        for (int i = 0; i < 64; i++) {
            x ^= x << 13;
            x ^= x >> 7;
            x ^= x << 17;
            size_t slot = x % KEPT, size = 16 + (x >> 20) % 8192;
            free(kept[slot]);
            kept[slot] = malloc(size);
            if (kept[slot]) memset(kept[slot], 1, 16);
        }
        if (turn % 256 == 0) malloc_trim(0);
    }
    for (int i = 0; i < KEPT; i++) free(kept[i]);
    return (acc_outcome){0};
}

ACC_PLANTED acc_outcome acc_masked_spin(uint64_t ns, int signo) {
    sigset_t set, old;
    sigemptyset(&set);
    sigaddset(&set, signo);
    pthread_sigmask(SIG_BLOCK, &set, &old);
    acc_outcome out = acc_spin_user(ns);
    pthread_sigmask(SIG_SETMASK, &old, NULL);
    return out;
}

ACC_PLANTED acc_outcome acc_dlopen(uint64_t ns, const char *library) {
    char text[32];
    snprintf(text, sizeof text, "%llu", (unsigned long long)ns);
    setenv("LOOPGUARD_ACCURACY_SLEEP_NS", text, 1);
    void *handle = dlopen(library, RTLD_NOW | RTLD_LOCAL);
    if (!handle) return acc_failed(ENOENT);
    dlclose(handle);
    return (acc_outcome){0};
}

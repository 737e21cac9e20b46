#define _GNU_SOURCE
#include "lg_thread.h"

#include "lg_slot.h"

#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

void lg_thread_set_name(const char *name) {
    char cut[16];
    snprintf(cut, sizeof cut, "%s", name);
    pthread_setname_np(pthread_self(), cut);
}

void lg_thread_set_name_once(const char *prefix) {
    static _Atomic unsigned last;
    static __thread bool named;
    if (named) return;
    named = true;
    char name[16];
    snprintf(name, sizeof name, "%s-%u", prefix, atomic_fetch_add(&last, 1));
    lg_thread_set_name(name);
}

bool lg_thread_prioritize(void) {
    // The default slack of 50 µs would be added to every deadline.
    prctl(PR_SET_TIMERSLACK, 1, 0, 0, 0);
    return setpriority(PRIO_PROCESS, (id_t)syscall(SYS_gettid), -20) == 0;
}

bool lg_thread_may_prioritize(void) {
    if (geteuid() == 0) return true;
    struct rlimit limit;
    // The limit counts from 1 (nice 19) to 40 (nice -20).
    return getrlimit(RLIMIT_NICE, &limit) == 0 && limit.rlim_cur >= 40;
}

bool lg_bell_wait(lg_bell *bell, uint64_t deadline_ns) {
    struct pollfd p = {.fd = lg_bell_fd(bell), .events = POLLIN};
    struct timespec left, *timeout = NULL;
    if (deadline_ns != UINT64_MAX) {
        uint64_t now = lg_now_ns(), ns = deadline_ns > now ? deadline_ns - now : 0;
        left = (struct timespec){.tv_sec = (time_t)(ns / 1000000000ull), .tv_nsec = (long)(ns % 1000000000ull)};
        timeout = &left;
    }
    if (ppoll(&p, 1, timeout, NULL) <= 0) return false;
    uint64_t count;
    return read(p.fd, &count, sizeof count) == sizeof count;
}

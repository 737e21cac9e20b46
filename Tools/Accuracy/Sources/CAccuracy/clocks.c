#include "internal.h"

#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <time.h>

static uint64_t clock_ns(clockid_t clock) {
    struct timespec t;
    clock_gettime(clock, &t);
    return (uint64_t)t.tv_sec * 1000000000ull + (uint64_t)t.tv_nsec;
}

uint64_t acc_now_ns(void) { return clock_ns(CLOCK_MONOTONIC); }
uint64_t acc_unix_ns(void) { return clock_ns(CLOCK_REALTIME); }
uint64_t acc_thread_cpu_ns(void) { return clock_ns(CLOCK_THREAD_CPUTIME_ID); }
pid_t acc_tid(void) { return (pid_t)syscall(SYS_gettid); }

static ssize_t read_file(const char *path, char *buffer, size_t size) {
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) return -1;
    ssize_t n = read(fd, buffer, size - 1);
    close(fd);
    if (n >= 0) buffer[n] = 0;
    return n;
}

bool acc_schedstat(pid_t tid, uint64_t *cpu, uint64_t *delay, uint64_t *slices) {
    char path[64], text[128];
    snprintf(path, sizeof path, "/proc/self/task/%d/schedstat", tid);
    if (read_file(path, text, sizeof text) <= 0) return false;
    unsigned long long a, b, c;
    if (sscanf(text, "%llu %llu %llu", &a, &b, &c) != 3) return false;
    *cpu = a;
    *delay = b;
    *slices = c;
    return true;
}

bool acc_switches(pid_t tid, uint64_t *voluntary, uint64_t *involuntary) {
    char path[64], text[4096];
    snprintf(path, sizeof path, "/proc/self/task/%d/status", tid);
    if (read_file(path, text, sizeof text) <= 0) return false;
    const char *v = strstr(text, "\nvoluntary_ctxt_switches:");
    const char *n = strstr(text, "\nnonvoluntary_ctxt_switches:");
    if (!v || !n) return false;
    *voluntary = strtoull(strchr(v, ':') + 1, NULL, 10);
    *involuntary = strtoull(strchr(n, ':') + 1, NULL, 10);
    return true;
}

pid_t acc_find_thread(const char *name) {
    DIR *tasks = opendir("/proc/self/task");
    if (!tasks) return 0;
    pid_t found = 0;
    struct dirent *entry;
    while (!found && (entry = readdir(tasks))) {
        char path[320], text[64];
        snprintf(path, sizeof path, "/proc/self/task/%s/comm", entry->d_name);
        if (read_file(path, text, sizeof text) <= 0) continue;
        text[strcspn(text, "\n")] = 0;
        if (strcmp(text, name) == 0) found = (pid_t)atoi(entry->d_name);
    }
    closedir(tasks);
    return found;
}

uint64_t acc_resident_bytes(void) {
    char text[128];
    unsigned long long size, resident;
    if (read_file("/proc/self/statm", text, sizeof text) <= 0) return 0;
    if (sscanf(text, "%llu %llu", &size, &resident) != 2) return 0;
    return resident * (uint64_t)sysconf(_SC_PAGESIZE);
}

void acc_sleep_until(uint64_t deadline) {
    struct timespec t = {(time_t)(deadline / 1000000000ull), (long)(deadline % 1000000000ull)};
    while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &t, NULL) == EINTR) {}
}

void acc_end_with_parent(void) { prctl(PR_SET_PDEATHSIG, SIGKILL); }
void acc_name_thread(const char *name) { prctl(PR_SET_NAME, name); }

// MARK: helper threads

struct acc_helper {
    pthread_t thread;
    uint64_t at;
    void (*body)(void *);
    void *argument;
};

static void *run_helper(void *argument) {
    acc_helper *helper = argument;
    acc_name_thread("acc-helper");
    acc_sleep_until(helper->at);
    helper->body(helper->argument);
    return NULL;
}

acc_helper *acc_after(uint64_t ns, void (*body)(void *), void *argument) {
    acc_helper *helper = malloc(sizeof *helper);
    if (!helper) return NULL;
    *helper = (acc_helper){.at = acc_now_ns() + ns, .body = body, .argument = argument};
    if (pthread_create(&helper->thread, NULL, run_helper, helper) == 0) return helper;
    free(helper);
    return NULL;
}

void acc_join(acc_helper *helper) {
    if (!helper) return;
    pthread_join(helper->thread, NULL);
    free(helper);
}

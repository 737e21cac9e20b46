#include "internal.h"

#include <fcntl.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>

// MARK: hogs

enum { HOGS = 16 };
struct acc_hogs {
    pthread_t threads[HOGS];
    int count;
    int cpu;
    _Atomic bool ends;
};

int acc_pin(int cpu, int niceness) {
    cpu_set_t set;
    CPU_ZERO(&set);
    long all = sysconf(_SC_NPROCESSORS_CONF);
    for (int i = 0; i < all; i++) {
        if (cpu < 0 || i == cpu) CPU_SET(i, &set);
    }
    if (sched_setaffinity(0, sizeof set, &set) != 0) return errno;
    if (setpriority(PRIO_PROCESS, (id_t)syscall(SYS_gettid), niceness) != 0) return errno;
    return 0;
}

static void *hog(void *argument) {
    acc_hogs *hogs = argument;
    acc_name_thread("acc-hog");
    acc_pin(hogs->cpu, 0);
    uint64_t x = 1;
    while (!atomic_load_explicit(&hogs->ends, memory_order_relaxed)) {
        x = x * 6364136223846793005ull + 1;
        ACC_KEEP(x);
    }
    return NULL;
}

acc_hogs *acc_hogs_begin(int count, int cpu) {
    acc_hogs *hogs = calloc(1, sizeof *hogs);
    if (!hogs) return NULL;
    hogs->cpu = cpu;
    for (; hogs->count < count && hogs->count < HOGS; hogs->count++) {
        if (pthread_create(&hogs->threads[hogs->count], NULL, hog, hogs) != 0) break;
    }
    return hogs;
}

void acc_hogs_end(acc_hogs *hogs) {
    if (!hogs) return;
    atomic_store(&hogs->ends, true);
    for (int i = 0; i < hogs->count; i++) pthread_join(hogs->threads[i], NULL);
    free(hogs);
}

// MARK: control group

static char group[256], parent_procs[256];

static int put(const char *directory, const char *name, const char *text) {
    char path[512];
    snprintf(path, sizeof path, "%s/%s", directory, name);
    int fd = open(path, O_WRONLY | O_CLOEXEC);
    if (fd < 0) return errno;
    ssize_t n = write(fd, text, strlen(text));
    int e = n < 0 ? errno : 0;
    close(fd);
    return e;
}

// The mount point of the hierarchy that has the CPU controller, and this process' own group in it.
static bool find_group(char *directory, size_t size, bool *is_v2) {
    FILE *file = fopen("/proc/self/cgroup", "re");
    if (!file) return false;
    char line[512];
    bool found = false;
    while (!found && fgets(line, sizeof line, file)) {
        line[strcspn(line, "\n")] = 0;
        char *controllers = strchr(line, ':'), *path = controllers ? strchr(controllers + 1, ':') : NULL;
        if (!path) continue;
        *path++ = 0;
        controllers++;
        if (strcmp(path, "/") == 0) path = "";
        struct stat info;
        char probe[512];
        if (strcmp(controllers, "cpu") == 0 || strncmp(controllers, "cpu,", 4) == 0) {
            snprintf(directory, size, "/sys/fs/cgroup/%s%s", controllers, path);
            *is_v2 = false;
        } else if (*controllers == 0) {
            snprintf(directory, size, "/sys/fs/cgroup%s", path);
            *is_v2 = true;
        } else {
            continue;
        }
        snprintf(probe, sizeof probe, "%s/cgroup.procs", directory);
        found = stat(probe, &info) == 0;
    }
    fclose(file);
    return found;
}

int acc_throttle_begin(uint64_t quota_us, uint64_t period_us, char *why, size_t size) {
    char above[200], text[64];
    bool is_v2 = false;
    if (!find_group(above, sizeof above, &is_v2)) {
        snprintf(why, size, "no control group with a CPU controller is mounted");
        return ENOENT;
    }
    snprintf(group, sizeof group, "%s/loopguard-accuracy-%d", above, getpid());
    snprintf(parent_procs, sizeof parent_procs, "%s", above);
    if (mkdir(group, 0755) != 0) {
        int e = errno;
        snprintf(why, size, "no control group may be made in %s: %s", above, strerror(e));
        return e;
    }
    int e;
    if (is_v2) {
        snprintf(text, sizeof text, "%llu %llu", (unsigned long long)quota_us, (unsigned long long)period_us);
        e = put(group, "cpu.max", text);
    } else {
        snprintf(text, sizeof text, "%llu", (unsigned long long)period_us);
        e = put(group, "cpu.cfs_period_us", text);
        snprintf(text, sizeof text, "%llu", (unsigned long long)quota_us);
        if (e == 0) e = put(group, "cpu.cfs_quota_us", text);
    }
    if (e == 0) e = put(group, "cgroup.procs", "0");
    if (e) {
        snprintf(why, size, "a CPU quota cannot be set in %s: %s", group, strerror(e));
        rmdir(group);
    }
    return e;
}

uint64_t acc_throttled_ns(void) {
    char path[512], line[128];
    snprintf(path, sizeof path, "%s/cpu.stat", group);
    FILE *file = fopen(path, "re");
    if (!file) return 0;
    unsigned long long value, ns = 0;
    while (fgets(line, sizeof line, file)) {
        if (sscanf(line, "throttled_time %llu", &value) == 1) ns = value;
        if (sscanf(line, "throttled_usec %llu", &value) == 1) ns = value * 1000;
    }
    fclose(file);
    return ns;
}

void acc_throttle_end(void) {
    put(parent_procs, "cgroup.procs", "0");
    rmdir(group);
}

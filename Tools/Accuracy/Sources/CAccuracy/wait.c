#include "internal.h"

#include <fcntl.h>
#include <poll.h>
#include <semaphore.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>

extern char **environ;

static void write_byte(void *argument) {
    ssize_t n = write(*(int *)argument, "x", 1);
    (void)n;
}

static void shortened(acc_outcome *out, uint64_t asked, uint64_t began) {
    uint64_t took = acc_now_ns() - began;
    if (took < asked) out->shortened_ns = asked - took;
}

ACC_PLANTED acc_outcome acc_usleep(uint64_t ns) {
    acc_outcome out = {0};
    uint64_t began = acc_now_ns(), us = ns / 1000;
    if (usleep((useconds_t)us) != 0 && errno == EINTR) out.interrupted++;
    shortened(&out, us * 1000, began);
    return out;
}

ACC_PLANTED acc_outcome acc_read_pipe(uint64_t ns) {
    acc_outcome out = {0};
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) != 0) return acc_failed(errno);
    acc_helper *helper = acc_after(ns, write_byte, &ends[1]);
    char byte;
    while (helper && read(ends[0], &byte, 1) < 0 && errno == EINTR) out.interrupted++;
    acc_join(helper);
    close(ends[0]);
    close(ends[1]);
    return helper ? out : acc_failed(EAGAIN);
}

ACC_PLANTED acc_outcome acc_recv(uint64_t ns) {
    acc_outcome out = {0};
    int ends[2];
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0) return acc_failed(errno);
    acc_helper *helper = acc_after(ns, write_byte, &ends[1]);
    char byte;
    while (helper && recv(ends[0], &byte, 1, 0) < 0 && errno == EINTR) out.interrupted++;
    acc_join(helper);
    close(ends[0]);
    close(ends[1]);
    return helper ? out : acc_failed(EAGAIN);
}

ACC_PLANTED acc_outcome acc_poll(uint64_t ns) {
    acc_outcome out = {0};
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) != 0) return acc_failed(errno);
    struct pollfd item = {.fd = ends[0], .events = POLLIN};
    int ms = (int)((ns + 999999) / 1000000);
    uint64_t began = acc_now_ns();
    if (poll(&item, 1, ms) < 0 && errno == EINTR) out.interrupted++;
    shortened(&out, (uint64_t)ms * 1000000, began);
    close(ends[0]);
    close(ends[1]);
    return out;
}

// MARK: locks

typedef struct owned_lock {
    pthread_mutex_t mutex;
    pthread_cond_t condition;
    sem_t ready;
    uint64_t ns;
    bool flag;
} owned_lock;

static void hold_mutex(void *argument) {
    owned_lock *lock = argument;
    pthread_mutex_lock(&lock->mutex);
    sem_post(&lock->ready);
    acc_sleep_until(acc_now_ns() + lock->ns);
    pthread_mutex_unlock(&lock->mutex);
}

static void raise_flag(void *argument) {
    owned_lock *lock = argument;
    pthread_mutex_lock(&lock->mutex);
    lock->flag = true;
    pthread_cond_signal(&lock->condition);
    pthread_mutex_unlock(&lock->mutex);
}

static void init_lock(owned_lock *lock, uint64_t ns) {
    pthread_mutex_init(&lock->mutex, NULL);
    pthread_cond_init(&lock->condition, NULL);
    sem_init(&lock->ready, 0, 0);
    lock->ns = ns;
    lock->flag = false;
}

ACC_PLANTED acc_outcome acc_mutex(uint64_t ns) {
    owned_lock lock;
    init_lock(&lock, ns);
    acc_helper *helper = acc_after(0, hold_mutex, &lock);
    if (!helper) return acc_failed(EAGAIN);
    while (sem_wait(&lock.ready) != 0) {}
    pthread_mutex_lock(&lock.mutex);
    pthread_mutex_unlock(&lock.mutex);
    acc_join(helper);
    return (acc_outcome){0};
}

ACC_PLANTED acc_outcome acc_condition(uint64_t ns) {
    owned_lock lock;
    init_lock(&lock, ns);
    acc_helper *helper = acc_after(ns, raise_flag, &lock);
    if (!helper) return acc_failed(EAGAIN);
    pthread_mutex_lock(&lock.mutex);
    while (!lock.flag) pthread_cond_wait(&lock.condition, &lock.mutex);
    pthread_mutex_unlock(&lock.mutex);
    acc_join(helper);
    return (acc_outcome){0};
}

static void unlock_file(void *argument) { flock(*(int *)argument, LOCK_UN); }

ACC_PLANTED acc_outcome acc_flock(uint64_t ns, const char *directory) {
    acc_outcome out = {0};
    char path[4096];
    snprintf(path, sizeof path, "%s/lock", directory);
    int theirs = open(path, O_CREAT | O_RDWR | O_CLOEXEC, 0600), ours = open(path, O_RDWR | O_CLOEXEC);
    if (theirs < 0 || ours < 0) return acc_failed(errno);
    flock(theirs, LOCK_EX);
    acc_helper *helper = acc_after(ns, unlock_file, &theirs);
    while (helper && flock(ours, LOCK_EX) != 0 && errno == EINTR) out.interrupted++;
    acc_join(helper);
    close(ours);
    close(theirs);
    return helper ? out : acc_failed(EAGAIN);
}

// MARK: children

ACC_PLANTED acc_outcome acc_waitpid(uint64_t ns) {
    acc_outcome out = {0};
    char seconds[32];
    snprintf(seconds, sizeof seconds, "%.6f", (double)ns / 1e9);
    char *arguments[] = {"sleep", seconds, NULL};
    pid_t child;
    int e = posix_spawnp(&child, "sleep", NULL, NULL, arguments, environ);
    if (e) return acc_failed(e);
    int status;
    while (waitpid(child, &status, 0) < 0 && errno == EINTR) out.interrupted++;
    return out;
}

static void *reap(void *child) {
    int status;
    waitpid((pid_t)(intptr_t)child, &status, 0);
    return NULL;
}

int acc_stopped(uint64_t delay_ns, uint64_t ns, uint64_t *gap_ns) {
    char script[256];
    snprintf(script, sizeof script, "sleep %.6f; kill -STOP %d; sleep %.6f; kill -CONT %d", (double)delay_ns / 1e9,
             getpid(), (double)ns / 1e9, getpid());
    char *arguments[] = {"sh", "-c", script, NULL};
    pid_t child;
    int e = posix_spawnp(&child, "sh", NULL, NULL, arguments, environ);
    if (e) return e;
    // A gap in which the thread waited for a CPU is none: with others on the machine that looks the same.
    uint64_t began = acc_now_ns(), last = began, held = 0, cpu, delay = 0, slices;
    acc_schedstat(acc_tid(), &cpu, &delay, &slices);
    while (held < ns / 2 && last - began < delay_ns + ns + 2000000000ull) {
        uint64_t now = acc_now_ns();
        if (now - last > 1000000) {
            uint64_t before = delay;
            acc_schedstat(acc_tid(), &cpu, &delay, &slices);
            if (now - last > delay - before) held += now - last - (delay - before);
            now = acc_now_ns();
        }
        last = now;
    }
    *gap_ns = held;
    // Not here: the child may get no CPU to end for a while, and that would be a stall of another kind.
    pthread_t reaper;
    if (pthread_create(&reaper, NULL, reap, (void *)(intptr_t)child) == 0) pthread_detach(reaper);
    return 0;
}

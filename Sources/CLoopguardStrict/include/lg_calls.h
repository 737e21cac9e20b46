// The interposed calls, and what kind of waiting each is. Shared by strict mode and by the preload library.
#pragma once

/// What a call waits for.
typedef enum lg_call_class {
    LG_CLASS_SLEEP,     // time
    LG_CLASS_DESCRIPTOR, // readiness, or bytes of a descriptor
    LG_CLASS_DISK,      // storage
    LG_CLASS_FILE,      // a path; only in the file tier
    LG_CLASS_FILE_LOCK, // another process' lock
    LG_CLASS_NAME,      // the resolver
    LG_CLASS_PROCESS,   // a child
    LG_CLASS_LOCK,      // a lock that somebody holds
    LG_CLASS_EVENT,     // a condition, a semaphore, the end of a thread
} lg_call_class;

// X(name, class)
#define LG_CALLS(X)                                                                                                    \
    X(usleep, LG_CLASS_SLEEP)                                                                                          \
    X(nanosleep, LG_CLASS_SLEEP)                                                                                       \
    X(clock_nanosleep, LG_CLASS_SLEEP)                                                                                 \
    X(sleep, LG_CLASS_SLEEP)                                                                                           \
    X(poll, LG_CLASS_DESCRIPTOR)                                                                                       \
    X(ppoll, LG_CLASS_DESCRIPTOR)                                                                                      \
    X(select, LG_CLASS_DESCRIPTOR)                                                                                     \
    X(pselect, LG_CLASS_DESCRIPTOR)                                                                                    \
    X(read, LG_CLASS_DESCRIPTOR)                                                                                       \
    X(readv, LG_CLASS_DESCRIPTOR)                                                                                      \
    X(pread, LG_CLASS_DESCRIPTOR)                                                                                      \
    X(preadv, LG_CLASS_DESCRIPTOR)                                                                                     \
    X(write, LG_CLASS_DESCRIPTOR)                                                                                      \
    X(writev, LG_CLASS_DESCRIPTOR)                                                                                     \
    X(pwrite, LG_CLASS_DESCRIPTOR)                                                                                     \
    X(pwritev, LG_CLASS_DESCRIPTOR)                                                                                    \
    X(recv, LG_CLASS_DESCRIPTOR)                                                                                       \
    X(recvfrom, LG_CLASS_DESCRIPTOR)                                                                                   \
    X(recvmsg, LG_CLASS_DESCRIPTOR)                                                                                    \
    X(recvmmsg, LG_CLASS_DESCRIPTOR)                                                                                   \
    X(send, LG_CLASS_DESCRIPTOR)                                                                                       \
    X(sendto, LG_CLASS_DESCRIPTOR)                                                                                     \
    X(sendmsg, LG_CLASS_DESCRIPTOR)                                                                                    \
    X(sendmmsg, LG_CLASS_DESCRIPTOR)                                                                                   \
    X(accept, LG_CLASS_DESCRIPTOR)                                                                                     \
    X(accept4, LG_CLASS_DESCRIPTOR)                                                                                    \
    X(connect, LG_CLASS_DESCRIPTOR)                                                                                    \
    X(fsync, LG_CLASS_DISK)                                                                                            \
    X(fdatasync, LG_CLASS_DISK)                                                                                        \
    X(syncfs, LG_CLASS_DISK)                                                                                           \
    X(sync, LG_CLASS_DISK)                                                                                             \
    X(open, LG_CLASS_FILE)                                                                                             \
    X(openat, LG_CLASS_FILE)                                                                                           \
    X(stat, LG_CLASS_FILE)                                                                                             \
    X(lstat, LG_CLASS_FILE)                                                                                            \
    X(fstatat, LG_CLASS_FILE)                                                                                          \
    X(flock, LG_CLASS_FILE_LOCK)                                                                                       \
    X(lockf, LG_CLASS_FILE_LOCK)                                                                                       \
    X(fcntl, LG_CLASS_FILE_LOCK)                                                                                       \
    X(getaddrinfo, LG_CLASS_NAME)                                                                                      \
    X(gethostbyname, LG_CLASS_NAME)                                                                                    \
    X(gethostbyname2, LG_CLASS_NAME)                                                                                   \
    X(gethostbyname_r, LG_CLASS_NAME)                                                                                  \
    X(gethostbyname2_r, LG_CLASS_NAME)                                                                                 \
    X(gethostbyaddr, LG_CLASS_NAME)                                                                                    \
    X(gethostbyaddr_r, LG_CLASS_NAME)                                                                                  \
    X(getnameinfo, LG_CLASS_NAME)                                                                                      \
    X(wait, LG_CLASS_PROCESS)                                                                                          \
    X(waitpid, LG_CLASS_PROCESS)                                                                                       \
    X(wait3, LG_CLASS_PROCESS)                                                                                         \
    X(wait4, LG_CLASS_PROCESS)                                                                                         \
    X(waitid, LG_CLASS_PROCESS)                                                                                        \
    X(system, LG_CLASS_PROCESS)                                                                                        \
    X(popen, LG_CLASS_PROCESS)                                                                                         \
    X(pclose, LG_CLASS_PROCESS)                                                                                        \
    X(pthread_mutex_lock, LG_CLASS_LOCK)                                                                               \
    X(pthread_mutex_timedlock, LG_CLASS_LOCK)                                                                          \
    X(pthread_mutex_clocklock, LG_CLASS_LOCK)                                                                          \
    X(pthread_rwlock_rdlock, LG_CLASS_LOCK)                                                                            \
    X(pthread_rwlock_timedrdlock, LG_CLASS_LOCK)                                                                       \
    X(pthread_rwlock_clockrdlock, LG_CLASS_LOCK)                                                                       \
    X(pthread_rwlock_wrlock, LG_CLASS_LOCK)                                                                            \
    X(pthread_rwlock_timedwrlock, LG_CLASS_LOCK)                                                                       \
    X(pthread_rwlock_clockwrlock, LG_CLASS_LOCK)                                                                       \
    X(pthread_cond_wait, LG_CLASS_EVENT)                                                                               \
    X(pthread_cond_timedwait, LG_CLASS_EVENT)                                                                          \
    X(pthread_cond_clockwait, LG_CLASS_EVENT)                                                                          \
    X(sem_wait, LG_CLASS_EVENT)                                                                                        \
    X(sem_timedwait, LG_CLASS_EVENT)                                                                                   \
    X(sem_clockwait, LG_CLASS_EVENT)                                                                                   \
    X(pthread_join, LG_CLASS_EVENT)                                                                                    \
    X(futex, LG_CLASS_LOCK)

/// One interposed call.
typedef enum lg_call {
#define LG_CALL_CASE(name, class) LG_CALL_##name,
    LG_CALLS(LG_CALL_CASE)
#undef LG_CALL_CASE
        LG_CALL_COUNT
} lg_call;

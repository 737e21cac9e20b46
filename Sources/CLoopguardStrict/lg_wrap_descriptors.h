// Sleeps, polls, and bytes of descriptors. Included by the one file of wrappers.
//
// A descriptor offends when it is in blocking mode, whether or not this call would have waited: next time it will.
#include <fcntl.h>
#include <poll.h>
#include <sys/select.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

LG_NEXT(int, fcntl, (int fd, int command, uintptr_t argument), (fd, command, argument), -1)
LG_NEXT(int, fcntl64, (int fd, int command, uintptr_t argument), (fd, command, argument), -1)

// Keeps errno: callers look at it only after the real call, but that may succeed and leave it alone.
static LG_COLD bool blocks(int fd) {
    int saved = errno;
    int flags = next(fcntl)(fd, F_GETFL, 0);
    bool result = flags >= 0 && !(flags & (O_NONBLOCK | O_PATH));
    struct stat file;
    // /dev/null, /dev/zero, /dev/urandom: always ready, whatever the flags say.
    if (result && fstat(fd, &file) == 0 && S_ISCHR(file.st_mode) && major(file.st_rdev) == 1) result = false;
    errno = saved;
    return result;
}

static inline bool waits(const struct timespec *t) { return !t || t->tv_sec > 0 || t->tv_nsec > 0; }

// MARK: time

LG_WRAP(int, usleep, (useconds_t us), (us), -1, SYS_clock_nanosleep, 0, 0, 0, us > 0)
LG_WRAP(unsigned, sleep, (unsigned seconds), (seconds), seconds, SYS_clock_nanosleep, 0, 0, 0, seconds > 0)
LG_WRAP(int, nanosleep, (const struct timespec *want, struct timespec *left), (want, left), -1, SYS_clock_nanosleep, 0,
        0, 0, want && waits(want))
LG_WRAP(int, clock_nanosleep, (clockid_t clock, int flags, const struct timespec *want, struct timespec *left),
        (clock, flags, want, left), ENOSYS, SYS_clock_nanosleep, 0, 0, 0, want && waits(want))

// MARK: readiness

LG_WRAP(int, poll, (struct pollfd * fds, nfds_t count, int timeout), (fds, count, timeout), -1, SYS_poll,
        (uintptr_t)fds, count, timeout, timeout != 0)
LG_WRAP_AS(int, __poll_chk, poll, (struct pollfd * fds, nfds_t count, int timeout, size_t room),
           (fds, count, timeout, room), -1, SYS_poll, (uintptr_t)fds, count, timeout, timeout != 0)
LG_WRAP(int, ppoll, (struct pollfd * fds, nfds_t count, const struct timespec *timeout, const sigset_t *mask),
        (fds, count, timeout, mask), -1, SYS_ppoll, (uintptr_t)fds, count, 0, waits(timeout))
LG_WRAP(int, select, (int count, fd_set *r, fd_set *w, fd_set *e, struct timeval *timeout), (count, r, w, e, timeout),
        -1, SYS_select, count, (uintptr_t)r, (uintptr_t)w, !timeout || timeout->tv_sec > 0 || timeout->tv_usec > 0)
LG_WRAP(int, pselect,
        (int count, fd_set *r, fd_set *w, fd_set *e, const struct timespec *timeout, const sigset_t *mask),
        (count, r, w, e, timeout, mask), -1, SYS_pselect6, count, (uintptr_t)r, (uintptr_t)w, waits(timeout))

// MARK: bytes

LG_WRAP(ssize_t, read, (int fd, void *to, size_t n), (fd, to, n), -1, SYS_read, fd, 0, n, blocks(fd))
LG_WRAP_AS(ssize_t, __read_chk, read, (int fd, void *to, size_t n, size_t room), (fd, to, n, room), -1, SYS_read, fd, 0,
           n, blocks(fd))
LG_WRAP(ssize_t, readv, (int fd, const struct iovec *v, int n), (fd, v, n), -1, SYS_readv, fd, 0, n, blocks(fd))
LG_WRAP(ssize_t, pread, (int fd, void *to, size_t n, off_t at), (fd, to, n, at), -1, SYS_pread64, fd, 0, n, blocks(fd))
LG_WRAP_AS(ssize_t, pread64, pread, (int fd, void *to, size_t n, off64_t at), (fd, to, n, at), -1, SYS_pread64, fd, 0,
           n, blocks(fd))
LG_WRAP_AS(ssize_t, __pread_chk, pread, (int fd, void *to, size_t n, off_t at, size_t room), (fd, to, n, at, room), -1,
           SYS_pread64, fd, 0, n, blocks(fd))
LG_WRAP_AS(ssize_t, __pread64_chk, pread, (int fd, void *to, size_t n, off64_t at, size_t room),
           (fd, to, n, at, room), -1, SYS_pread64, fd, 0, n, blocks(fd))
LG_WRAP(ssize_t, preadv, (int fd, const struct iovec *v, int n, off_t at), (fd, v, n, at), -1, SYS_preadv, fd, 0, n,
        blocks(fd))
LG_WRAP_AS(ssize_t, preadv64, preadv, (int fd, const struct iovec *v, int n, off64_t at), (fd, v, n, at), -1,
           SYS_preadv, fd, 0, n, blocks(fd))
LG_WRAP(ssize_t, write, (int fd, const void *from, size_t n), (fd, from, n), -1, SYS_write, fd, 0, n, blocks(fd))
LG_WRAP(ssize_t, writev, (int fd, const struct iovec *v, int n), (fd, v, n), -1, SYS_writev, fd, 0, n, blocks(fd))
LG_WRAP(ssize_t, pwrite, (int fd, const void *from, size_t n, off_t at), (fd, from, n, at), -1, SYS_pwrite64, fd, 0, n,
        blocks(fd))
LG_WRAP_AS(ssize_t, pwrite64, pwrite, (int fd, const void *from, size_t n, off64_t at), (fd, from, n, at), -1,
           SYS_pwrite64, fd, 0, n, blocks(fd))
LG_WRAP(ssize_t, pwritev, (int fd, const struct iovec *v, int n, off_t at), (fd, v, n, at), -1, SYS_pwritev, fd, 0, n,
        blocks(fd))
LG_WRAP_AS(ssize_t, pwritev64, pwritev, (int fd, const struct iovec *v, int n, off64_t at), (fd, v, n, at), -1,
           SYS_pwritev, fd, 0, n, blocks(fd))

// With flags: RWF_NOWAIT does not wait. Not in older C libraries, then nobody can call them.
#define LG_VECTORS_2(name, call_name, number)                                                                          \
    LG_WRAP_AS(ssize_t, name, call_name, (int fd, const struct iovec *v, int n, off64_t at, int flags),                \
               (fd, v, n, at, flags), -1, number, fd, 0, n, !((flags) & RWF_NOWAIT) && blocks(fd))
LG_VECTORS_2(preadv2, preadv, SYS_preadv2)
LG_VECTORS_2(preadv64v2, preadv, SYS_preadv2)
LG_VECTORS_2(pwritev2, pwritev, SYS_pwritev2)
LG_VECTORS_2(pwritev64v2, pwritev, SYS_pwritev2)

// MARK: sockets

#define LG_FLAGS_WAIT(fd, flags) (!((flags) & MSG_DONTWAIT) && blocks(fd))

LG_WRAP(ssize_t, recv, (int fd, void *to, size_t n, int flags), (fd, to, n, flags), -1, SYS_recvfrom, fd, 0, n,
        LG_FLAGS_WAIT(fd, flags))
LG_WRAP_AS(ssize_t, __recv_chk, recv, (int fd, void *to, size_t n, size_t room, int flags), (fd, to, n, room, flags),
           -1, SYS_recvfrom, fd, 0, n, LG_FLAGS_WAIT(fd, flags))
LG_WRAP(ssize_t, recvfrom, (int fd, void *to, size_t n, int flags, struct sockaddr *from, socklen_t *length),
        (fd, to, n, flags, from, length), -1, SYS_recvfrom, fd, 0, n, LG_FLAGS_WAIT(fd, flags))
LG_WRAP_AS(ssize_t, __recvfrom_chk, recvfrom,
           (int fd, void *to, size_t n, size_t room, int flags, struct sockaddr *from, socklen_t *length),
           (fd, to, n, room, flags, from, length), -1, SYS_recvfrom, fd, 0, n, LG_FLAGS_WAIT(fd, flags))
LG_WRAP(ssize_t, recvmsg, (int fd, struct msghdr *m, int flags), (fd, m, flags), -1, SYS_recvmsg, fd, 0, 0,
        LG_FLAGS_WAIT(fd, flags))
LG_WRAP(ssize_t, send, (int fd, const void *from, size_t n, int flags), (fd, from, n, flags), -1, SYS_sendto, fd, 0, n,
        LG_FLAGS_WAIT(fd, flags))
LG_WRAP(ssize_t, sendto,
        (int fd, const void *from, size_t n, int flags, const struct sockaddr *to, socklen_t length),
        (fd, from, n, flags, to, length), -1, SYS_sendto, fd, 0, n, LG_FLAGS_WAIT(fd, flags))
LG_WRAP(ssize_t, sendmsg, (int fd, const struct msghdr *m, int flags), (fd, m, flags), -1, SYS_sendmsg, fd, 0, 0,
        LG_FLAGS_WAIT(fd, flags))
LG_WRAP(int, recvmmsg, (int fd, struct mmsghdr *m, unsigned n, int flags, struct timespec *limit),
        (fd, m, n, flags, limit), -1, SYS_recvmmsg, fd, 0, n, LG_FLAGS_WAIT(fd, flags))
LG_WRAP(int, sendmmsg, (int fd, struct mmsghdr *m, unsigned n, int flags), (fd, m, n, flags), -1, SYS_sendmmsg, fd, 0,
        n, LG_FLAGS_WAIT(fd, flags))
LG_WRAP(int, accept, (int fd, struct sockaddr *a, socklen_t *n), (fd, a, n), -1, SYS_accept, fd, 0, 0, blocks(fd))
LG_WRAP(int, accept4, (int fd, struct sockaddr *a, socklen_t *n, int flags), (fd, a, n, flags), -1, SYS_accept4, fd, 0,
        0, blocks(fd))
LG_WRAP(int, connect, (int fd, const struct sockaddr *a, socklen_t n), (fd, a, n), -1, SYS_connect, fd, (uintptr_t)a, n,
        blocks(fd))

// Storage, paths and file locks. Included by the one file of wrappers, after lg_wrap_descriptors.h.
#include <sys/file.h>

LG_WRAP(int, fsync, (int fd), (fd), -1, SYS_fsync, fd, 0, 0, true)
LG_WRAP(int, fdatasync, (int fd), (fd), -1, SYS_fdatasync, fd, 0, 0, true)
LG_WRAP(int, syncfs, (int fd), (fd), -1, SYS_syncfs, fd, 0, 0, true)

LG_NEXT(int, sync, (void), (), -1) // returns nothing: a register that nobody reads
static int guarded_sync(void) {
    LG_BLOCK(int, sync, SYS_sync, 0, 0, 0, next(sync)());
}
static int forward_sync(void) {
    return LG_LIKELY_OFF() || !lg_gate_enters(LG_CALL_sync) ? next(sync)() : guarded_sync();
}
void sync(void) { (void)forward_sync(); }

// MARK: paths (the file tier)

// Variadic in C. A fixed list of words receives exactly what the original receives, on x86-64 and arm64 alike, and spares
// the call that saves the registers of floating-point arguments. The mode is read even when the caller gave none: then it is
// a register's garbage, which the original ignores as well.
#define LG_OPEN(name, call_name, fd, params, args)                                                                     \
    LG_NEXT(int, name, params, args, -1)                                                                               \
    int lg_##name params __asm__(#name);                                                                               \
    LG_WHOLE int lg_##name params {                                                                                    \
        if (LG_LIKELY_OFF() || !lg_gate_files() || !lg_gate_enters(LG_CALL_##call_name)) return next(name) args;       \
        LG_BLOCK(int, call_name, SYS_openat, fd, (uintptr_t)path, flags, next(name) args);                             \
    }
LG_OPEN(open, open, AT_FDCWD, (const char *path, int flags, mode_t mode), (path, flags, mode))
LG_OPEN(open64, open, AT_FDCWD, (const char *path, int flags, mode_t mode), (path, flags, mode))
LG_OPEN(openat, openat, folder, (int folder, const char *path, int flags, mode_t mode),
        (folder, path, flags, mode))
LG_OPEN(openat64, openat, folder, (int folder, const char *path, int flags, mode_t mode),
        (folder, path, flags, mode))

LG_WRAP(int, stat, (const char *path, struct stat *s), (path, s), -1, SYS_newfstatat, AT_FDCWD, (uintptr_t)path, 0,
        lg_gate_files())
LG_WRAP_AS(int, stat64, stat, (const char *path, struct stat64 *s), (path, s), -1, SYS_newfstatat, AT_FDCWD,
           (uintptr_t)path, 0, lg_gate_files())
LG_WRAP(int, lstat, (const char *path, struct stat *s), (path, s), -1, SYS_newfstatat, AT_FDCWD, (uintptr_t)path, 0,
        lg_gate_files())
LG_WRAP_AS(int, lstat64, lstat, (const char *path, struct stat64 *s), (path, s), -1, SYS_newfstatat, AT_FDCWD,
           (uintptr_t)path, 0, lg_gate_files())
LG_WRAP(int, fstatat, (int fd, const char *path, struct stat *s, int flags), (fd, path, s, flags), -1, SYS_newfstatat,
        fd, (uintptr_t)path, 0, lg_gate_files())
LG_WRAP_AS(int, fstatat64, fstatat, (int fd, const char *path, struct stat64 *s, int flags), (fd, path, s, flags), -1,
           SYS_newfstatat, fd, (uintptr_t)path, 0, lg_gate_files())

// MARK: file locks: tried first, so that only one that somebody holds is an offence

LG_NEXT(int, flock, (int fd, int operation), (fd, operation), -1)
LG_WHOLE int flock(int fd, int operation) {
    if (LG_LIKELY_OFF() || (operation & (LOCK_NB | LOCK_UN)) || !lg_gate_enters(LG_CALL_flock))
        return next(flock)(fd, operation);
    int saved = errno;
    int tried = next(flock)(fd, operation | LOCK_NB);
    if (tried == 0 || errno != EWOULDBLOCK) return tried;
    errno = saved;
    LG_BLOCK(int, flock, SYS_flock, fd, operation, 0, next(flock)(fd, operation));
}

#define LG_LOCKF(name, offset)                                                                                         \
    LG_NEXT(int, name, (int fd, int command, offset length), (fd, command, length), -1)                                \
    LG_WHOLE int name(int fd, int command, offset length) {                                                            \
        if (LG_LIKELY_OFF() || command != F_LOCK || !lg_gate_enters(LG_CALL_lockf))                                    \
            return next(name)(fd, command, length);                                                                    \
        int saved = errno;                                                                                             \
        int tried = next(name)(fd, F_TLOCK, length);                                                                   \
        if (tried == 0 || (errno != EAGAIN && errno != EACCES)) return tried;                                          \
        errno = saved;                                                                                                 \
        LG_BLOCK(int, lockf, SYS_fcntl, fd, F_SETLKW, 0, next(name)(fd, command, length));                             \
    }
LG_LOCKF(lockf, off_t)
LG_LOCKF(lockf64, off64_t)

#define LG_FCNTL(name)                                                                                                 \
    static LG_COLD int guarded_##name(int fd, int command, uintptr_t argument) {                                       \
        int saved = errno;                                                                                             \
        int tried = next(name)(fd, command == F_SETLKW ? F_SETLK : F_OFD_SETLK, argument);                             \
        if (tried == 0 || (errno != EAGAIN && errno != EACCES)) return tried;                                          \
        errno = saved;                                                                                                 \
        LG_BLOCK(int, fcntl, SYS_fcntl, fd, command, 0, next(name)(fd, command, argument));                            \
    }                                                                                                                  \
    int lg_##name(int fd, int command, uintptr_t argument) __asm__(#name);                                             \
    LG_WHOLE int lg_##name(int fd, int command, uintptr_t argument) {                                                  \
        if (LG_LIKELY_OFF() || (command != F_SETLKW && command != F_OFD_SETLKW) || !lg_gate_enters(LG_CALL_fcntl))     \
            return next(name)(fd, command, argument);                                                                  \
        return guarded_##name(fd, command, argument);                                                                  \
    }
LG_FCNTL(fcntl)
LG_FCNTL(fcntl64)

/// What a system call is about: which of its arguments says it.
enum SystemCallSubject: Equatable {
    /// A file descriptor.
    case descriptor(Int)
    /// A path.
    case path(Int)
    /// A path, relative to a directory's descriptor.
    case pathAt(directory: Int, path: Int)
    /// A socket and the address of the peer.
    case peer(descriptor: Int, address: Int, length: Int)
    /// A futex word.
    case futex
    /// An array of `struct pollfd` and its length.
    case polled(array: Int, count: Int)
    /// A process.
    case process(Int)

    /// Nil when the call's name says everything.
    static func of(_ name: String) -> SystemCallSubject? { table[name] }

    private static let table: [String: SystemCallSubject] = {
        var table: [String: SystemCallSubject] = [
            "connect": .peer(descriptor: 0, address: 1, length: 2),
            "sendto": .peer(descriptor: 0, address: 4, length: 5),
            "futex": .futex,
            "poll": .polled(array: 0, count: 1), "ppoll": .polled(array: 0, count: 1),
            "wait4": .process(0), "waitid": .process(1), "mmap": .descriptor(4),
            "linkat": .pathAt(directory: 0, path: 1), "renameat": .pathAt(directory: 0, path: 1),
            "renameat2": .pathAt(directory: 0, path: 1), "symlinkat": .pathAt(directory: 1, path: 2),
            "mount": .path(1), "symlink": .path(1),
        ]
        let descriptors = """
            read write close fstat lseek ioctl pread64 pwrite64 readv writev preadv pwritev preadv2 pwritev2 dup dup2 dup3 \
            sendfile accept accept4 recvfrom sendmsg recvmsg recvmmsg sendmmsg shutdown bind listen getsockname getpeername \
            setsockopt getsockopt fcntl flock fsync fdatasync ftruncate getdents getdents64 fchdir fchmod fchown fsetxattr \
            fgetxattr flistxattr fremovexattr fstatfs readahead fadvise64 epoll_wait epoll_pwait epoll_pwait2 epoll_ctl \
            epoll_ctl_old epoll_wait_old sync_file_range splice tee vmsplice copy_file_range fallocate syncfs timerfd_settime \
            timerfd_gettime signalfd signalfd4 inotify_add_watch inotify_rm_watch io_uring_enter pidfd_send_signal
            """
        for name in descriptors.split(separator: " ") { table[String(name)] = .descriptor(0) }
        let paths = """
            open stat lstat access execve truncate chdir rename mkdir rmdir creat link unlink readlink chmod chown lchown \
            utime mknod uselib statfs pivot_root chroot acct umount2 swapon swapoff setxattr lsetxattr getxattr lgetxattr \
            listxattr llistxattr removexattr lremovexattr utimes
            """
        for name in paths.split(separator: " ") { table[String(name)] = .path(0) }
        let pathsAt = """
            openat openat2 mkdirat mknodat fchownat futimesat newfstatat unlinkat readlinkat fchmodat fchmodat2 faccessat \
            faccessat2 utimensat name_to_handle_at execveat statx open_tree
            """
        for name in pathsAt.split(separator: " ") { table[String(name)] = .pathAt(directory: 0, path: 1) }
        return table
    }()
}

/// What tells a call of the C library from a method of the same name, when there is no index to ask.
enum CFunctions {
    /// Modules through which a file knows the functions of the C library.
    static let libraries: Set<String> = ["Glibc", "Musl", "Darwin", "Android", "Foundation", "Dispatch"]

    /// Arguments that functions of the C library take. `stat(path, &status)` is the call, `stat()` makes the structure.
    private static let counts: [String: ClosedRange<Int>] = {
        let table = """
            0 getchar
            1 sleep usleep sem_wait wait pthread_barrier_wait system pclose gethostbyname fsync fdatasync syncfs opendir readdir
            1 unlink rmdir mkstemp fgetc fflush fclose getpwnam getpwuid getgrnam pthread_mutex_lock pthread_rwlock_rdlock
            1 pthread_rwlock_wrlock pthread_spin_lock pthread_mutex_unlock putchar puts
            2 nanosleep thrd_sleep sem_timedwait pthread_cond_wait flock pthread_join thrd_join popen gethostbyname2 creat
            2 ftruncate truncate stat lstat access rename mkdir link symlink realpath chmod statvfs fopen dlopen initgroups crypt fputs
            3 poll pthread_cond_timedwait lockf waitpid wait3 gethostbyaddr connect accept recvmsg sendmsg read readv write writev
            3 msync posix_fallocate readlink chown fgets fseek getline crypt_r
            4 clock_nanosleep ppoll epoll_wait wait4 waitid getaddrinfo accept4 recv send pread preadv pwrite pwritev fallocate
            4 fstatat scandir nftw sendfile fread fwrite pthread_create
            5 select epoll_pwait res_query
            6 pselect recvfrom sendto splice copy_file_range posix_spawn
            7 getnameinfo
            """
        var counts: [String: ClosedRange<Int>] = ["open": 2...3, "openat": 3...4, "scanf": 1...9, "printf": 1...9]
        for line in table.split(separator: "\n") {
            let words = line.split(separator: " ")
            guard let count = words.first.flatMap({ Int($0) }) else { continue }
            for name in words.dropFirst() { counts[String(name)] = count...count }
        }
        return counts
    }()

    /// Whether a call without receiver, of a name that the file does not declare, can be one of the C function.
    static func isCall(of name: String, _ arguments: [SourceFacts.CallArgument], imports: [String]) -> Bool {
        guard arguments.allSatisfy({ $0.label == nil }) else { return false }
        guard let count = counts[name] else {
            // A library's function: sqlite3_step, PQexec. It comes from some import, and takes what it works on.
            return !imports.isEmpty && !arguments.isEmpty && name.contains { $0 == "_" || $0.isUppercase }
        }
        guard count.contains(arguments.count), !libraries.isDisjoint(with: imports) else { return false }
        // Too common a name for a method of one's own.
        return name != "wait" || arguments[0].text == "nil" || arguments[0].text.hasPrefix("&")
    }
}

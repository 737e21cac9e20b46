import Glibc

extension WrappedCall {
    /// Storage, which always offends, and paths, which do in the file tier.
    static let files: [WrappedCall] = [
        WrappedCall("fsync") {
            let file = TemporaryFile(bytes: 1)
            return Attempt { made { fsync(file.descriptor) } }
        },
        WrappedCall("fdatasync") {
            let file = TemporaryFile(bytes: 1)
            return Attempt { made { fdatasync(file.descriptor) } }
        },
        // Of a file system in memory: the disk's may take long.
        WrappedCall("syncfs") {
            let folder = Opened("/dev/shm")
            return Attempt { made { function("syncfs", as: SyncFileSystem.self)(folder.descriptor) } }
        },
        WrappedCall("sync") {
            Attempt {
                sync()
                return Outcome(result: 0, error: Outcome.untouched)
            }
        },
        WrappedCall("open", result: 1, isFileTier: true) {
            let kept = Opened()
            return Attempt { made { kept.keep(open("/dev/zero", O_RDONLY)) } }
        },
        WrappedCall("open64", as: "open", result: 1, isFileTier: true) {
            let kept = Opened()
            return Attempt { made { kept.keep(function("open64", as: Open.self)("/dev/zero", O_RDONLY, 0)) } }
        },
        // Creates: the mode must arrive.
        WrappedCall("openat", result: 0o640, isFileTier: true) {
            let file = TemporaryFile()
            unlink(file.path)
            let kept = Opened()
            return Attempt {
                let flags = O_CREAT | O_EXCL | O_RDWR
                let made = made { kept.keep(function("openat", as: OpenAt.self)(AT_FDCWD, file.path, flags, 0o640)) }
                var status = stat()
                fstat(kept.descriptor, &status)
                return Outcome(result: Int(status.st_mode & 0o777), error: made.error)
            }
        },
        WrappedCall("openat64", as: "openat", result: 1, isFileTier: true) {
            let kept = Opened()
            return Attempt {
                made { kept.keep(function("openat64", as: OpenAt.self)(AT_FDCWD, "/dev/zero", O_RDONLY, 0)) }
            }
        },
        WrappedCall("stat", isFileTier: true) {
            Attempt {
                var result = stat()
                return made { stat("/", &result) }
            }
        },
        WrappedCall("stat64", as: "stat", isFileTier: true) {
            Attempt { withRoom { room in made { function("stat64", as: Status.self)("/", room) } } }
        },
        WrappedCall("lstat", isFileTier: true) {
            Attempt {
                var result = stat()
                return made { lstat("/", &result) }
            }
        },
        WrappedCall("lstat64", as: "lstat", result: -1, error: ENOENT, isFileTier: true) {
            Attempt { withRoom { room in made { function("lstat64", as: Status.self)("/no/such/file", room) } } }
        },
        WrappedCall("fstatat", isFileTier: true) {
            Attempt {
                var result = stat()
                return made { fstatat(AT_FDCWD, "/", &result, 0) }
            }
        },
        WrappedCall("fstatat64", as: "fstatat", isFileTier: true) {
            Attempt { withRoom { room in made { function("fstatat64", as: StatusAt.self)(AT_FDCWD, "/", room, 0) } } }
        },
    ]

    /// Locks of files. Those of a process conflict with those of an open file, in one process as well.
    static let fileLocks: [WrappedCall] = [
        WrappedCall("flock") {
            let file = TemporaryFile()
            let other = Opened(file.path, O_RDWR)
            flock(other.descriptor, LOCK_EX)
            return Attempt(release: { flock(other.descriptor, LOCK_UN) }) {
                made { flock(file.descriptor, LOCK_EX) }
            }
        } harmless: {
            let file = TemporaryFile()
            return [LOCK_EX, LOCK_UN, LOCK_SH | LOCK_NB].map { operation in
                Attempt { made { flock(file.descriptor, operation) } }
            }
        },
        WrappedCall("lockf") {
            let held = HeldFile()
            return Attempt(release: { held.unlock() }) { made { lockf(held.file.descriptor, F_LOCK, 1) } }
        } harmless: {
            let file = TemporaryFile()
            let held = HeldFile()
            return [
                Attempt { made { lockf(file.descriptor, F_LOCK, 1) } },
                Attempt { made { lockf(file.descriptor, F_ULOCK, 1) } },
                Attempt { made { lockf(held.file.descriptor, F_TLOCK, 1) } },
                Attempt { made { lockf(-1, F_LOCK, 1) } },
            ]
        },
        WrappedCall("lockf64", as: "lockf") {
            let held = HeldFile()
            return Attempt(release: { held.unlock() }) {
                made { function("lockf64", as: LockFile.self)(held.file.descriptor, F_LOCK, 1) }
            }
        } harmless: {
            let file = TemporaryFile()
            return [Attempt { made { function("lockf64", as: LockFile.self)(file.descriptor, F_LOCK, 1) } }]
        },
        WrappedCall("fcntl") {
            let held = HeldFile()
            return Attempt(release: { held.unlock() }) {
                withLockRequest { request in made { fcntl(held.file.descriptor, F_SETLKW, request) } }
            }
        } harmless: {
            let file = TemporaryFile()
            let held = HeldFile()
            return [
                Attempt { withLockRequest { request in made { fcntl(file.descriptor, F_SETLKW, request) } } },
                Attempt { withLockRequest { request in made { fcntl(held.file.descriptor, F_SETLK, request) } } },
                Attempt { made { fcntl(file.descriptor, F_GETFL) } },
                Attempt { withLockRequest { request in made { fcntl(-1, F_SETLKW, request) } } },
            ]
        },
        WrappedCall("fcntl64", as: "fcntl") {
            let held = HeldFile()
            return Attempt(release: { held.unlock() }) {
                withLockRequest { request in
                    made {
                        function("fcntl64", as: Control.self)(held.file.descriptor, HeldFile.openFileLockWait, request)
                    }
                }
            }
        } harmless: {
            let file = TemporaryFile()
            return [
                Attempt {
                    withLockRequest { request in
                        made {
                            function("fcntl64", as: Control.self)(file.descriptor, HeldFile.openFileLockWait, request)
                        }
                    }
                }
            ]
        },
    ]
}

// Variadic in C; on the processors that strict mode knows, words are passed alike.
private typealias Open = @convention(c) (UnsafePointer<CChar>, Int32, UInt32) -> Int32
private typealias OpenAt = @convention(c) (Int32, UnsafePointer<CChar>, Int32, UInt32) -> Int32
private typealias Control = @convention(c) (Int32, Int32, UnsafeMutableRawPointer) -> Int32
private typealias Status = @convention(c) (UnsafePointer<CChar>, UnsafeMutableRawPointer) -> Int32
private typealias StatusAt = @convention(c) (Int32, UnsafePointer<CChar>, UnsafeMutableRawPointer, Int32) -> Int32
private typealias SyncFileSystem = @convention(c) (Int32) -> Int32
private typealias LockFile = @convention(c) (Int32, Int32, Int) -> Int32

/// Room for a `struct stat64`.
private func withRoom<T>(_ body: (UnsafeMutableRawPointer) -> T) -> T {
    withUnsafeTemporaryAllocation(byteCount: 512, alignment: 16) { body($0.baseAddress!) }
}

/// The first byte, for writing.
private func withLockRequest<T>(_ body: (UnsafeMutablePointer<flock>) -> T) -> T {
    var request = flock(l_type: Int16(F_WRLCK), l_whence: Int16(SEEK_SET), l_start: 0, l_len: 1, l_pid: 0)
    return body(&request)
}

/// A file whose first byte another open file has locked.
private final class HeldFile: Sendable {
    static let openFileLock: Int32 = 37  // F_OFD_SETLK
    static let openFileLockWait: Int32 = 38  // F_OFD_SETLKW

    let file = TemporaryFile()
    private let other: Opened

    init() {
        other = Opened(file.path, O_RDWR)
        let taken = withLockRequest { fcntl(other.descriptor, Self.openFileLock, $0) }
        precondition(taken == 0)
    }

    func unlock() {
        withLockRequest { request in
            request.pointee.l_type = Int16(F_UNLCK)
            _ = fcntl(other.descriptor, Self.openFileLock, request)
        }
    }
}

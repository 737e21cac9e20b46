import Foundation

/// Starts worker processes and waits for their end.
enum WorkerProcess {
    /// Where the worker finds the listening socket, by the convention of `sd_listen_fds(3)`.
    static let listenDescriptor: CInt = 3
    /// Where it finds its end of the socket pair.
    static let statusDescriptor: CInt = 4

    /// The program to start: the path that this process was started from, so that a rolling restart brings a new version
    /// up; `/proc/self/exe` when that file is gone.
    static let executable: String = {
        let path = (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")) ?? "/proc/self/exe"
        return path
    }()

    /// Starts a worker with exactly two descriptors of ours besides the standard ones.
    ///
    /// - Parameters:
    ///   - listener: inherited as descriptor 3.
    ///   - status: inherited as descriptor 4.
    /// - Throws: ``StartFailure`` when the system refuses.
    static func spawn(
        arguments: [String], environment: [String: String], listener: CInt, status: CInt
    ) throws(StartFailure) -> pid_t {
        var actions = posix_spawn_file_actions_t()
        var attributes = posix_spawnattr_t()
        posix_spawn_file_actions_init(&actions)
        posix_spawnattr_init(&attributes)
        defer {
            posix_spawn_file_actions_destroy(&actions)
            posix_spawnattr_destroy(&attributes)
        }
        posix_spawn_file_actions_adddup2(&actions, listener, listenDescriptor)
        posix_spawn_file_actions_adddup2(&actions, status, statusDescriptor)
        Descriptors.closeAllOnExec(from: statusDescriptor + 1)

        // A process group of its own: Ctrl-C reaches the supervisor alone, which then ends the workers in order.
        posix_spawnattr_setpgroup(&attributes, 0)
        var none = sigset_t()
        sigemptyset(&none)
        posix_spawnattr_setsigmask(&attributes, &none)
        var defaults = sigset_t()
        sigemptyset(&defaults)
        for number in [SIGTERM, SIGINT, SIGHUP, SIGPIPE] { sigaddset(&defaults, number) }
        posix_spawnattr_setsigdefault(&attributes, &defaults)
        posix_spawnattr_setflags(
            &attributes, Int16(POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF))

        let path = FileManager.default.isExecutableFile(atPath: executable) ? executable : "/proc/self/exe"
        var pid: pid_t = 0
        let result = withCStrings(arguments) { argv in
            withCStrings(environment.map { "\($0.key)=\($0.value)" }) { envp in
                posix_spawn(&pid, path, &actions, &attributes, argv, envp)
            }
        }
        guard result == 0 else {
            throw StartFailure(.system, "cannot start a worker: \(String(cString: strerror(result))).")
        }
        return pid
    }

    enum Ending: Equatable, Sendable, CustomStringConvertible {
        case code(Int32)
        case signal(Int32)

        /// - Parameter status: from wait(2), of a process that has ended; its macros WIFEXITED and WEXITSTATUS.
        init(status: Int32) {
            self = status & 0x7F == 0 ? .code((status >> 8) & 0xFF) : .signal(status & 0x7F)
        }

        /// Nil when a signal ended the process.
        var exitCode: Int32? { if case .code(let code) = self { code } else { nil } }

        var description: String {
            switch self {
            case .code(let code): "exit code \(code)"
            case .signal(let number): "signal \(number) (\(String(cString: strsignal(number))))"
            }
        }
    }

    /// Calls `body` when the process has ended, on a thread of its own.
    static func onExit(of pid: pid_t, _ body: @escaping @Sendable (Ending) -> Void) {
        NamedThread.start("wait-\(pid)") {
            var status: Int32 = 0
            while waitpid(pid, &status, 0) < 0 && errno == EINTR {}
            body(Ending(status: status))
        }
    }

    private static func withCStrings<Result>(
        _ strings: [String], _ body: ([UnsafeMutablePointer<CChar>?]) -> Result
    ) -> Result {
        let copies = strings.map { strdup($0) }
        defer { for copy in copies { free(copy) } }
        return body(copies + [nil])
    }
}

import CIndexStore

#if canImport(Glibc)
    import Glibc
#endif
#if canImport(Musl)
    import Musl
#endif

/// Survives an index that kills its reader.
///
/// The compiler's library trusts what is in the store: a flipped bit in a record makes it fault (one in twenty-five does). So
/// the program runs itself again as a child that reads, and watches: when the child dies while it reads something, or takes too
/// long, one line on standard error names what is damaged, and another child goes on without it.
public struct IndexReaderGuard: Sendable {
    /// Longest time for one unit or record, in seconds. Default 10; `LOOPGUARD_LINT_READ_SECONDS` sets it.
    public var readSeconds = 10.0
    /// Damaged units and records that are left out before it gives up. Default 32.
    public var maximumDamaged = 32

    public init() {
        if let text = getenv("LOOPGUARD_LINT_READ_SECONDS"), let seconds = Double(String(cString: text)), seconds > 0 {
            readSeconds = min(seconds, 3600)
        }
    }

    private enum End {
        case exited(Int32)
        case died(signal: Int32, reading: String?)
        case hung(reading: String)
    }

    /// Runs this program again with the same arguments, and returns its exit code when it is through. Nil: this process is the
    /// child, or there can be none; go on. One thread, before anything is written.
    public func supervise(_ arguments: [String] = CommandLine.arguments) -> Int32? {
        guard getenv(ReaderProgress.descriptorVariable) == nil else {
            lgi_die_with_parent()
            return nil
        }
        guard getenv("LOOPGUARD_LINT_IN_PROCESS") == nil else { return nil }
        var path = Array(
            "\(getenv("TMPDIR").map { String(cString: $0) } ?? "/tmp")/loopguard-lint-XXXXXX\0".utf8CString)
        let descriptor = mkstemp(&path)
        guard descriptor >= 0 else { return nil }
        unlink(path)
        defer { close(descriptor) }
        var damaged: [String] = []
        while true {
            ftruncate(descriptor, 0)
            guard let child = spawn(arguments, descriptor, damaged) else { return nil }
            let name: String
            let cause: String
            switch wait(for: child, descriptor) {
            case .exited(let code): return code
            case .died(let signal, _) where [SIGINT, SIGTERM, SIGHUP, SIGPIPE].contains(signal): return 128 + signal
            case .died(let signal, nil):
                say("ended by signal \(signal) while it was not reading the index; please report this")
                return 3
            case .died(let signal, let reading?):
                (name, cause) = (reading, "the index library died of it, signal \(signal)")
            case .hung(let reading): (name, cause) = (reading, "it took longer than \(readSeconds) s to read")
            }
            guard damaged.count < maximumDamaged, !damaged.contains(name) else {
                say("the index is damaged in more than \(damaged.count) places; delete its folder and build again")
                return 3
            }
            say("\(name) in the index is damaged (\(cause)): left out; build again to have its file checked in full")
            damaged.append(name)
        }
    }

    private func spawn(_ arguments: [String], _ descriptor: Int32, _ damaged: [String]) -> pid_t? {
        var variables: [String] = []
        var next = environ
        while let entry = next.pointee {
            let text = String(cString: entry)
            if !text.hasPrefix("SWIFT_BACKTRACE=") { variables.append(text) }
            next += 1
        }
        // The child's death is expected: no trace of it on standard error.
        variables.append("SWIFT_BACKTRACE=enable=no")
        variables.append("\(ReaderProgress.descriptorVariable)=\(descriptor)")
        variables.append("\(ReaderProgress.damagedVariable)=\(damaged.joined(separator: "\n"))")
        var child: pid_t = 0
        let code = Self.withCStrings(arguments) { arguments in
            Self.withCStrings(variables) { variables in
                posix_spawn(&child, "/proc/self/exe", nil, nil, arguments, variables)
            }
        }
        return code == 0 ? child : nil
    }

    private static func withCStrings<T>(
        _ strings: [String], _ body: ([UnsafeMutablePointer<CChar>?]) -> T
    ) -> T {
        let copies = strings.map { strdup($0) } + [nil]
        defer { for copy in copies { free(copy) } }
        return body(copies)
    }

    private func wait(for child: pid_t, _ descriptor: Int32) -> End {
        var status: Int32 = 0
        var last: String?
        var since = Self.seconds()
        var pause: UInt32 = 500
        while true {
            let done = waitpid(child, &status, WNOHANG)
            if done == child {
                // The macros of wait.h are not to be had in Swift.
                let signal = status & 0x7f
                return signal == 0
                    ? .exited((status >> 8) & 0xff)
                    : .died(signal: signal, reading: ReaderProgress.read(descriptor))
            }
            if done < 0, errno != EINTR { return .exited(3) }
            let reading = ReaderProgress.read(descriptor)
            if reading != last || reading == nil {
                last = reading
                since = Self.seconds()
            } else if let reading, Self.seconds() - since > readSeconds {
                kill(child, SIGKILL)
                waitpid(child, &status, 0)
                return .hung(reading: reading)
            }
            usleep(pause)
            pause = min(pause * 2, 5000)
        }
    }

    private static func seconds() -> Double {
        var time = timespec()
        clock_gettime(CLOCK_MONOTONIC, &time)
        return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
    }

    private func say(_ text: String) {
        let line = Array("loopguard-lint: \(text)\n".utf8)
        _ = write(STDERR_FILENO, line, line.count)
    }
}

import Glibc

/// A server in a process of its own, pinned to the first core, whose CPU time can be read.
final class ServerProcess {
    let pid: pid_t
    let port: UInt16

    /// Starts this executable again as `serve <kind>` and waits for the port that it prints.
    init(kind: String) throws {
        let (pid, line) = try Self.start(kind)
        self.pid = pid
        guard let port = UInt16(line) else {
            kill(pid, SIGKILL)
            throw LoadGenerator.Failure(description: "the server did not say its port")
        }
        self.port = port
    }

    /// The first line that this executable prints as `serve <kind>`.
    static func output(of kind: String) throws -> String {
        let (pid, line) = try start(kind)
        kill(pid, SIGKILL)
        var status: Int32 = 0
        waitpid(pid, &status, 0)
        return line
    }

    private static func start(_ kind: String) throws -> (pid_t, String) {
        var ends: [Int32] = [0, 0]
        guard pipe(&ends) == 0 else { throw LoadGenerator.Failure(description: "pipe: errno \(errno)") }
        defer { close(ends[0]) }
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_adddup2(&actions, ends[1], 1)
        posix_spawn_file_actions_addclose(&actions, ends[0])
        let arguments = ["taskset", "-c", "0", "/proc/\(getpid())/exe", "serve", kind]
        var argv: [UnsafeMutablePointer<CChar>?] = arguments.map { strdup($0) }
        argv.append(nil)
        defer { for argument in argv { free(argument) } }
        var pid = pid_t()
        let status = posix_spawnp(&pid, "taskset", &actions, nil, argv, environ)
        close(ends[1])
        guard status == 0 else { throw LoadGenerator.Failure(description: "taskset: errno \(status)") }
        var line: [UInt8] = []
        var byte: UInt8 = 0
        while read(ends[0], &byte, 1) == 1, byte != 10, line.count < 256 { line.append(byte) }
        return (pid, String(decoding: line, as: UTF8.self))
    }

    deinit {
        kill(pid, SIGKILL)
        var status: Int32 = 0
        waitpid(pid, &status, 0)
    }

    /// CPU time so far of all threads, or of those with a name.
    func cpuNs(thread name: String? = nil) -> UInt64 {
        threads(name).reduce(0) { $0 + (firstFigure("/proc/\(pid)/task/\($1)/schedstat", after: "") ?? 0) }
    }

    /// How often the threads with a name have gone to sleep so far.
    func switches(thread name: String) -> UInt64 {
        threads(name).reduce(0) {
            $0 + (firstFigure("/proc/\(pid)/task/\($1)/status", after: "voluntary_ctxt_switches:") ?? 0)
        }
    }

    private func threads(_ wanted: String?) -> [Int32] {
        guard let directory = opendir("/proc/\(pid)/task") else { return [] }
        defer { closedir(directory) }
        var found: [Int32] = []
        while let entry = readdir(directory) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) {
                $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            }
            guard let tid = Int32(name) else { continue }
            if let wanted, lines("/proc/\(pid)/task/\(tid)/comm").first != wanted { continue }
            found.append(tid)
        }
        return found
    }

    /// The number at the start of the line that begins with `prefix`.
    private func firstFigure(_ path: String, after prefix: String) -> UInt64? {
        guard let line = lines(path).first(where: { $0.hasPrefix(prefix) }) else { return nil }
        return line.dropFirst(prefix.count).split { $0 == " " || $0 == "\t" }.first.flatMap { UInt64($0) }
    }

    private func lines(_ path: String) -> [String] {
        guard let file = fopen(path, "r") else { return [] }
        defer { fclose(file) }
        var buffer = [CChar](repeating: 0, count: 256)
        var lines: [String] = []
        while fgets(&buffer, 256, file) != nil {
            let bytes = buffer.prefix { $0 != 0 && $0 != 10 }.map { UInt8(bitPattern: $0) }
            lines.append(String(decoding: bytes, as: UTF8.self))
        }
        return lines
    }
}

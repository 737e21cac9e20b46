import Glibc

/// A server in a process of its own, pinned to the first core, whose CPU time can be read.
final class ServerProcess {
    let pid: pid_t
    let port: UInt16

    /// Starts this executable again as `serve <kind>` and waits for the port that it prints.
    init(kind: String) throws {
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
        self.pid = pid
        var line: [UInt8] = []
        var byte: UInt8 = 0
        while read(ends[0], &byte, 1) == 1, byte != 10, line.count < 16 { line.append(byte) }
        guard let port = UInt16(String(decoding: line, as: UTF8.self)) else {
            kill(pid, SIGKILL)
            throw LoadGenerator.Failure(description: "the server did not say its port")
        }
        self.port = port
    }

    deinit {
        kill(pid, SIGKILL)
        var status: Int32 = 0
        waitpid(pid, &status, 0)
    }

    /// CPU time of all threads so far.
    func cpuNs() -> UInt64 {
        guard let directory = opendir("/proc/\(pid)/task") else { return 0 }
        defer { closedir(directory) }
        var total: UInt64 = 0
        while let entry = readdir(directory) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) {
                $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            }
            guard let tid = Int32(name), let file = fopen("/proc/\(pid)/task/\(tid)/schedstat", "r") else { continue }
            defer { fclose(file) }
            var buffer = [CChar](repeating: 0, count: 128)
            guard fgets(&buffer, 128, file) != nil else { continue }
            total += strtoull(buffer, nil, 10)
        }
        return total
    }
}

import Foundation

/// Threads that `ps -L`, debuggers and stall reports can tell apart.
enum NamedThread {
    /// - Parameter name: at most 15 bytes are kept (proc(5), comm).
    static func start(_ name: String, _ body: @escaping @Sendable () -> Void) {
        let thread = Thread {
            // What the kernel shows (proc(5), comm): Foundation's name comes too late, and the functions for it are
            // variadic or hidden from Swift.
            if let comm = try? FileHandle(forWritingTo: URL(fileURLWithPath: "/proc/thread-self/comm")) {
                try? comm.write(contentsOf: Data(name.utf8.prefix(15)))
                try? comm.close()
            }
            body()
        }
        thread.name = name
        thread.start()
    }
}

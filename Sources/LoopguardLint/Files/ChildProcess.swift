import Foundation

/// Programs that the linter starts: git, curl, swift. Never through a shell, so that no name can be taken for a command.
enum ChildProcess {
    /// What it left.
    struct Result: Sendable {
        var status: Int32
        var output: String
        var errors: String
        /// The last line of what it complained about.
        var complaint: String { errors.split(separator: "\n").last.map(String.init) ?? "" }
    }

    /// The program cannot be started.
    struct Failure: Error, Sendable { var message: String }

    /// Where a program is, by `PATH`.
    static func find(_ name: String) -> String? {
        if name.contains("/") { return FileManager.default.isExecutableFile(atPath: name) ? name : nil }
        let folders = (ProcessInfo.processInfo.environment["PATH"] ?? "/usr/bin:/bin").split(separator: ":")
        return folders.map { "\($0)/\(name)" }.first { FileManager.default.isExecutableFile(atPath: $0) }
    }

    /// Runs it to its end.
    ///
    /// - Parameters:
    ///   - environment: added to the own one.
    ///   - outputToErrors: all that it says goes to the own standard error instead of the result.
    static func run(
        _ name: String, _ arguments: [String], environment: [String: String] = [:], outputToErrors: Bool = false
    ) throws(Failure) -> Result {
        guard let path = find(name) else { throw Failure(message: "\(name) is not in PATH") }
        let process = Process()
        process.executableURL = URL(filePath: path)
        process.arguments = arguments
        process.environment = ProcessInfo.processInfo.environment.merging(environment) { $1 }
        process.standardInput = FileHandle.nullDevice
        guard !outputToErrors else {
            process.standardOutput = FileHandle.standardError
            process.standardError = FileHandle.standardError
            try start(process, path)
            process.waitUntilExit()
            return Result(status: process.terminationStatus, output: "", errors: "")
        }
        let output = Pipe()
        let errors = Pipe()
        process.standardOutput = output
        process.standardError = errors
        try start(process, path)
        // Both ends are read at once: a full pipe would stop the program.
        let collected = Collected()
        Thread { collected.set(errors.fileHandleForReading.readDataToEndOfFile()) }.start()
        let text = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        process.waitUntilExit()
        return Result(
            status: process.terminationStatus, output: text, errors: String(decoding: collected.wait(), as: UTF8.self))
    }

    private static func start(_ process: Process, _ path: String) throws(Failure) {
        do { try process.run() } catch { throw Failure(message: "\(path) cannot be started: \(error)") }
    }

    private final class Collected: @unchecked Sendable {
        // SAFETY: the data is written and read under the condition's lock.
        private let condition = NSCondition()
        private var data: Data?

        func set(_ data: Data) {
            condition.withLock {
                self.data = data
                condition.signal()
            }
        }

        func wait() -> Data {
            condition.lock()
            defer { condition.unlock() }
            while data == nil { condition.wait() }
            return data ?? Data()
        }
    }
}

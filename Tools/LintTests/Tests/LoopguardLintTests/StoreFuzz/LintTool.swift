import Foundation
import Testing

/// The `loopguard-lint` executable that was built beside these tests.
struct LintTool {
    struct Output {
        /// Nil when a signal ended it.
        var code: Int32?
        var text: Data
        var errors: String
    }

    private let executable: URL

    init() throws {
        let link = try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")
        let beside = URL(filePath: link).deletingLastPathComponent().appending(path: "loopguard-lint")
        let folder = URL(filePath: CommandLine.arguments[0]).deletingLastPathComponent()
        let candidates = [beside, folder.appending(path: "loopguard-lint")]
        executable = try #require(
            candidates.first { FileManager.default.isExecutableFile(atPath: $0.path) },
            "loopguard-lint is not beside the tests: build with --build-tests")
    }

    /// - Parameters:
    ///   - launcher: a program and its arguments that run the linter, such as `taskset -c 0`.
    ///   - seconds: then it is killed, and its code is nil.
    func run(
        _ arguments: [String], in folder: URL, environment: [String: String] = [:], launcher: [String] = [],
        seconds: Double = 120
    ) throws -> Output {
        let process = Process()
        process.executableURL = launcher.isEmpty ? executable : URL(filePath: launcher[0])
        process.arguments = launcher.dropFirst() + (launcher.isEmpty ? [] : [executable.path]) + arguments
        process.currentDirectoryURL = folder
        process.environment = ProcessInfo.processInfo.environment.merging(environment) { $1 }
        let scratch = folder.appending(path: "output-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: scratch, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: scratch) }
        let (out, err) = (scratch.appending(path: "out"), scratch.appending(path: "err"))
        for file in [out, err] { try Data().write(to: file) }
        process.standardOutput = try FileHandle(forWritingTo: out)
        process.standardError = try FileHandle(forWritingTo: err)
        process.standardInput = FileHandle.nullDevice
        try process.run()
        let identifier = process.processIdentifier
        let timer = DispatchSource.makeTimerSource(queue: .global())
        timer.schedule(deadline: .now() + seconds)
        timer.setEventHandler { kill(identifier, SIGKILL) }
        timer.resume()
        process.waitUntilExit()
        timer.cancel()
        return Output(
            code: process.terminationReason == .exit ? process.terminationStatus : nil, text: try Data(contentsOf: out),
            errors: try String(contentsOf: err, encoding: .utf8))
    }
}

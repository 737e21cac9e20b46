import Foundation
import PackagePlugin

/// The program that judges.
struct Linter {
    var executable: URL

    struct Outcome {
        var code: Int32
        /// What it said on standard error.
        var messages: String

        /// Hands the outcome on. SwiftPM prints a plugin's standard error among its standard output, and diagnostics on standard
        /// error, where messages belong: findings may be on their way into a file.
        func report() {
            let lines = messages.split(separator: "\n").joined(separator: "\n")
            switch code {
            case 0: if !lines.isEmpty { Diagnostics.warning(lines) }
            case 1: Diagnostics.error(lines.isEmpty ? "there are findings at or above the fail level" : lines)
            default: Diagnostics.error(lines.isEmpty ? "loopguard-lint ended with \(code)" : lines)
            }
        }
    }

    /// Standard output goes where the plugin's goes, unless discarded.
    func run(_ arguments: [String], discardsOutput: Bool = false) throws -> Outcome {
        let process = Process()
        process.executableURL = executable
        process.arguments = arguments
        process.standardInput = FileHandle.nullDevice
        if discardsOutput { process.standardOutput = FileHandle.nullDevice }
        let messages = Pipe()
        process.standardError = messages
        try process.run()
        // Until the end of file, so that the linter never waits for room in the pipe.
        let bytes = messages.fileHandleForReading.readDataToEndOfFile()
        process.waitUntilExit()
        let crashed = process.terminationReason == .uncaughtSignal
        return Outcome(
            code: crashed ? 128 + process.terminationStatus : process.terminationStatus,
            messages: String(decoding: bytes, as: UTF8.self))
    }
}

import Foundation
import LoopguardLint

/// Standard output and standard error.
enum Terminal {
    /// A terminal whose owner has not asked for plain text: https://no-color.org.
    static func showsColors(_ descriptor: Int32) -> Bool {
        let environment = ProcessInfo.processInfo.environment
        return isatty(descriptor) == 1 && environment["NO_COLOR", default: ""].isEmpty && environment["TERM"] != "dumb"
    }

    /// Reports to standard output, all else to standard error; progress only where somebody watches.
    static func console() -> LintConsole {
        let isWatched = isatty(STDERR_FILENO) == 1 && ProcessInfo.processInfo.environment["TERM"] != "dumb"
        return LintConsole(
            report: { write($0, to: STDOUT_FILENO) },
            message: { write((isWatched ? "\r\u{1B}[K" : "") + "loopguard-lint: \($0)\n", to: STDERR_FILENO) },
            progress: { if isWatched { write("\r\u{1B}[K" + ($0.isEmpty ? "" : $0 + " …"), to: STDERR_FILENO) } })
    }

    /// All of it, or as much as the reader takes: a closed pipe is no reason to complain.
    static func write(_ text: String, to descriptor: Int32) {
        var bytes = Array(text.utf8)[...]
        while !bytes.isEmpty {
            let written = bytes.withUnsafeBytes { Foundation.write(descriptor, $0.baseAddress, $0.count) }
            if written < 0, errno == EINTR { continue }
            guard written > 0 else { return }
            bytes = bytes.dropFirst(written)
        }
    }
}

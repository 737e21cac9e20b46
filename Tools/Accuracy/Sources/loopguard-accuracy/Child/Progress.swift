import CAccuracy
import Foundation

/// Says on standard error how far a scenario has come, a few times a second at most.
final class Progress {
    private let label: String
    private var lastNs: UInt64 = 0
    private let isTerminal = isatty(2) == 1

    init(_ label: String) { self.label = label }

    func step(_ done: Int, of all: Int) {
        let now = acc_now_ns()
        // A log file gets a line every five seconds, a terminal a line that is written over.
        guard done == all || now - lastNs >= (isTerminal ? 200_000_000 : 5_000_000_000) else { return }
        lastNs = now
        let text = "  \(label): \(done) of \(all)"
        FileHandle.standardError.write(Data(((isTerminal ? "\r" : "") + text + (isTerminal ? "" : "\n")).utf8))
        if isTerminal, done == all { FileHandle.standardError.write(Data("\n".utf8)) }
    }
}

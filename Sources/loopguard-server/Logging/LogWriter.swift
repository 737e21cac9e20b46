import Foundation
import Logging

/// Writes log lines on a thread of its own.
///
/// Event loops log, and a write to a pipe that nobody reads, or to a stopped terminal, blocks: without this thread a slow
/// reader of the log would stall every loop.
///
/// SAFETY: NSCondition is a lock; `queue`, `isWriting` and `isStarted` are only touched while it is held.
final class LogWriter: @unchecked Sendable {
    /// To standard error, for the whole process.
    static let standardError = LogWriter(descriptor: STDERR_FILENO, limit: 1 << 20)

    /// How long the end of the process waits for what is still to be written, in seconds.
    static let flushSeconds = 1.0

    private let descriptor: CInt
    private let changed = NSCondition()
    private var queue: LogQueue
    private var isWriting = false
    private var isStarted = false

    /// - Parameters:
    ///   - descriptor: not closed by the writer.
    ///   - limit: most that may wait, in bytes; lines over it are dropped and counted.
    init(descriptor: CInt, limit: Int) {
        self.descriptor = descriptor
        queue = LogQueue(limit: limit)
    }

    /// Takes the line; never waits for the descriptor. Any thread.
    ///
    /// - Parameter line: with its newline.
    func write(_ line: String) {
        changed.withLock {
            queue.append(line)
            if !isStarted {
                isStarted = true
                NamedThread.start("log-writer") { [self] in run() }
            }
            changed.broadcast()
        }
    }

    /// Waits until all lines are written. Not on an event loop.
    ///
    /// - Returns: false when `seconds` were not enough.
    @discardableResult
    func flush(seconds: Double = LogWriter.flushSeconds) -> Bool {
        let deadline = Date(timeIntervalSinceNow: seconds)
        return changed.withLock {
            while !queue.isEmpty || isWriting {
                guard changed.wait(until: deadline) else { return queue.isEmpty && !isWriting }
            }
            return true
        }
    }

    private func run() {
        while true {
            let (chunks, dropped) = changed.withLock {
                isWriting = false
                changed.broadcast()
                while queue.isEmpty { changed.wait() }
                isWriting = true
                return queue.take()
            }
            for chunk in chunks { StandardStreams.write(chunk, to: descriptor) }
            if dropped > 0 {
                // Through the logger: in its format, and after what waits already.
                Logger(label: "loopguard-server").warning(
                    "log lines were dropped: standard error is not read fast enough", metadata: ["lines": "\(dropped)"])
            }
        }
    }
}

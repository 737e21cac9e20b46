import Foundation

/// Whole lines to standard output and error. Any thread.
enum StandardStreams {
    /// Opens `/dev/null` in the place of standard streams that are closed: the next socket would get the number of one, and
    /// what is printed would go to a client. Before anything else opens descriptors.
    static func openMissing() {
        while true {
            let descriptor = open("/dev/null", O_RDWR)
            if descriptor > STDERR_FILENO { close(descriptor) }
            if descriptor < 0 || descriptor > STDERR_FILENO { return }
        }
    }

    /// Written at once, not buffered: scripts wait for these lines.
    static func printLine(_ line: String) { write(line + "\n", to: STDOUT_FILENO) }

    /// After the log lines that came before it.
    static func printError(_ line: String) {
        LogWriter.standardError.flush()
        write(line + "\n", to: STDERR_FILENO)
    }

    /// One `write` where the kernel allows it, so that lines of several threads and workers do not mix. A full pipe or a
    /// closed terminal loses the rest: logging must not take the server down.
    static func write(_ text: String, to descriptor: CInt) {
        var text = text
        text.withUTF8 { bytes in
            var rest = bytes[...]
            while let base = UnsafeBufferPointer(rebasing: rest).baseAddress, !rest.isEmpty {
                let count = Foundation.write(descriptor, base, rest.count)
                if count > 0 {
                    rest = rest.dropFirst(count)
                } else if errno != EINTR {
                    return
                }
            }
        }
    }

    static var outputIsTerminal: Bool { isatty(STDOUT_FILENO) == 1 }
}

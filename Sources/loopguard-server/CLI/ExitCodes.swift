import ArgumentParser

/// Exit codes after `sysexits.h`.
extension ExitCode {
    /// The stall budget is broken, or there are stalls that the baseline does not accept. Not of `sysexits.h`.
    static let gate = ExitCode(3)
    /// EX_CANTCREAT: the verdict could not be written.
    static let cannotWrite = ExitCode(73)
    /// EX_USAGE: a flag, variable or key cannot be used.
    static let usage = ExitCode(64)
    /// EX_UNAVAILABLE: an address is in use or cannot be bound.
    static let unavailable = ExitCode(69)
    /// EX_SOFTWARE: the server failed while running.
    static let software = ExitCode(70)
    /// EX_OSERR: the system refused threads, memory or descriptors.
    static let system = ExitCode(71)
}

/// Why the program ends before its time: what to tell, and with which code.
struct StartFailure: Error, Sendable {
    var exitCode: ExitCode
    var message: String

    init(_ exitCode: ExitCode, _ message: String) {
        self.exitCode = exitCode
        self.message = message
    }
}

import CLoopguardStrict
import Glibc
import Testing

/// What a call left behind.
struct Outcome: Sendable, Equatable {
    /// Returned value; where it is a handle or a process, 1 = the one that was expected.
    var result: Int
    /// `errno` afterwards; `untouched` = the call did not set it.
    var error: Int32

    /// No error has this number.
    static let untouched: Int32 = 7777
}

/// Makes a call and notes what it leaves behind. No autoclosure: the compiler gives those no lines.
func made<T: BinaryInteger>(_ call: () -> T) -> Outcome {
    errno = Outcome.untouched
    let result = call()
    return Outcome(result: Int(result), error: errno)
}

/// One call that is ready to be made: all that it needs has been prepared on another thread, so that the call alone happens on
/// the loop.
struct Attempt: Sendable {
    /// Ends the wait, if it needs somebody to. Called again and again until the call has returned, from the moment on that
    /// the call is known to be waiting: no test depends on how soon threads run.
    var release: (@Sendable () -> Void)?
    var call: @Sendable () -> Outcome

    init(release: (@Sendable () -> Void)? = nil, _ call: @escaping @Sendable () -> Outcome) {
        self.release = release
        self.call = call
    }
}

/// An interposed symbol: how to offend with it, how to use it without offence, and what it answers.
struct WrappedCall: Sendable, CustomTestStringConvertible {
    /// In the symbol table.
    let symbol: String
    /// How it is counted.
    let name: String
    let expected: Outcome
    /// An offence only with `includesFiles`.
    let isFileTier: Bool
    /// Waits for any child of the process: in a process without other tests only.
    let isAlone: Bool
    /// The C library may use `errno` for itself.
    let ignoresError: Bool
    /// The function below that makes the call, where that is not the case's own closure.
    let helper: String?
    let offends: @Sendable () -> Attempt
    /// Nil: it always offends.
    let harmless: (@Sendable () -> [Attempt])?
    /// Where the case begins: the call's frame must be there.
    let file: String
    let line: Int

    var testDescription: String { symbol }

    init(
        _ symbol: String, as name: String? = nil, result: Int = 0, error: Int32 = Outcome.untouched,
        isFileTier: Bool = false, isAlone: Bool = false, ignoresError: Bool = false, helper: String? = nil,
        file: String = #fileID, line: Int = #line, _ offends: @escaping @Sendable () -> Attempt,
        harmless: (@Sendable () -> [Attempt])? = nil
    ) {
        self.symbol = symbol
        self.name = name ?? symbol
        expected = Outcome(result: result, error: error)
        self.isFileTier = isFileTier
        self.isAlone = isAlone
        self.ignoresError = ignoresError
        self.helper = helper
        self.offends = offends
        self.harmless = harmless
        self.file = file
        self.line = line
    }

    static let all =
        time + bytes + positioned + sockets + files + fileLocks + names + processes + locks + timedLocks
        + events

    /// In the same file, the next case; the call of this one stands before it.
    var nextLine: Int { Self.all.filter { $0.file == file && $0.line > line }.map(\.line).min() ?? .max }

    /// What kind of waiting it is.
    var kind: lg_call_class? {
        (0..<LG_CALL_COUNT.rawValue).map { lg_call($0) }
            .first { String(cString: lg_call_name($0)) == name }.map(lg_call_class_of)
    }
}

/// A function of the running program, as any other code of it would call it, for those that Swift does not import.
///
/// SAFETY: callers state the function's C signature.
func function<F>(_ name: String, as type: F.Type) -> F { unsafeBitCast(dlsym(nil, name), to: type) }

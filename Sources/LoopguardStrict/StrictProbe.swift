import CLoopguardStrict
import Glibc
import Loopguard

/// Finds out at start whether the wrappers are what the program calls.
enum StrictProbe {
    /// - Returns: what is not seen, one sentence each.
    /// - Throws: when not even this module's own calls reach the wrappers.
    static func run() throws(LoopguardError) -> [String] {
        lg_strict_probe_begin()
        // Each returns at once, whoever answers.
        var zero = timespec()
        nanosleep(&zero, nil)
        usleep(0)
        poll(nil, 0, 0)
        var byte: UInt8 = 0
        _ = Glibc.read(-1, &byte, 1)
        _ = Glibc.write(-1, &byte, 1)
        _ = fsync(-1)
        var lock = pthread_mutex_t()
        pthread_mutex_init(&lock, nil)
        pthread_mutex_lock(&lock)
        pthread_mutex_unlock(&lock)
        pthread_mutex_destroy(&lock)
        let seen = lg_strict_probe_end()
        let expected = [
            LG_CALL_nanosleep, LG_CALL_usleep, LG_CALL_poll, LG_CALL_read, LG_CALL_write, LG_CALL_fsync,
            LG_CALL_pthread_mutex_lock,
        ]
        let missing = expected.filter { call in
            let word = call.rawValue < 64 ? seen.words.0 : seen.words.1
            return word & (1 << UInt64(call.rawValue % 64)) == 0
        }
        guard missing.isEmpty else {
            let names = missing.map { String(cString: lg_call_name($0)) }.joined(separator: ", ")
            throw LoopguardError(
                .invalidConfiguration,
                "strict mode cannot see \(names): the linker has bound them elsewhere (is the C library linked "
                    + "statically, or LoopguardStrict part of a shared library?).")
        }
        // What shared libraries (Foundation, libdispatch, libhiredis) call.
        let outside = [String](
            ["read", "write", "poll", "nanosleep", "pthread_mutex_lock", "syscall"]
        ).filter { !lg_strict_is_preferred($0) }
        guard !outside.isEmpty else { return [] }
        return [
            "strict mode does not see what shared libraries call (\(outside.joined(separator: ", "))): link the program "
                + "with -rdynamic, or the Swift libraries with -static-stdlib"
        ]
    }
}

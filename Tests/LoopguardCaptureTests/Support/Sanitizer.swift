import Glibc

/// Whether the tests run under a sanitizer, as `Tools/sanitize` says.
enum Sanitizer {
    static let name = getenv("LOOPGUARD_SANITIZER").map { String(cString: $0) }
    static let isThread = name == "thread"
    static let isAny = name != nil
}

import Foundation
import Glibc

extension WrappedCall {
    /// Names: harmless when there is nothing to look up. `localhost` is in /etc/hosts.
    static let names: [WrappedCall] = [
        WrappedCall("getaddrinfo", ignoresError: true, helper: "found(") {
            Attempt { found("localhost", flags: 0) }
        } harmless: {
            [
                Attempt { found("127.0.0.1", flags: 0) },
                Attempt { found("::1", flags: 0) },
                Attempt { found("localhost", flags: AI_NUMERICHOST) },
            ]
        },
        WrappedCall("getnameinfo", ignoresError: true, helper: "named(") {
            Attempt { named(flags: 0) }
        } harmless: {
            [Attempt { named(flags: NI_NUMERICHOST) }]
        },
        WrappedCall("gethostbyname", result: 1, ignoresError: true) {
            Attempt { made { gethostbyname("localhost") == nil ? 0 : 1 } }
        } harmless: {
            [Attempt { made { gethostbyname("127.0.0.1") == nil ? 0 : 1 } }]
        },
        WrappedCall("gethostbyname2", result: 1, ignoresError: true) {
            Attempt { made { gethostbyname2("localhost", AF_INET) == nil ? 0 : 1 } }
        } harmless: {
            [Attempt { made { gethostbyname2("127.0.0.1", AF_INET) == nil ? 0 : 1 } }]
        },
        WrappedCall("gethostbyname_r", ignoresError: true, helper: "foundReentrantly(") {
            Attempt { foundReentrantly("localhost") }
        } harmless: {
            [Attempt { foundReentrantly("127.0.0.1") }]
        },
        WrappedCall("gethostbyname2_r", ignoresError: true) {
            Attempt {
                withEntry { entry, buffer, found, code in
                    made { foundOfFamily("localhost", AF_INET, entry, buffer, 4096, found, code) }
                }
            }
        } harmless: {
            [
                Attempt {
                    withEntry { entry, buffer, found, code in
                        made { foundOfFamily("127.0.0.1", AF_INET, entry, buffer, 4096, found, code) }
                    }
                }
            ]
        },
        WrappedCall("gethostbyaddr_r", ignoresError: true) {
            Attempt {
                var address = in_addr(s_addr: UInt32(0x7f00_0001).bigEndian)
                return withEntry { entry, buffer, found, code in
                    made { foundByAddress(&address, 4, AF_INET, entry, buffer, 4096, found, code) }
                }
            }
        },
        WrappedCall("gethostbyaddr", result: 1, ignoresError: true) {
            Attempt {
                var address = in_addr(s_addr: UInt32(0x7f00_0001).bigEndian)
                return made { gethostbyaddr(&address, 4, AF_INET) == nil ? 0 : 1 }
            }
        },
    ]

    /// Children: harmless with `WNOHANG`.
    static let processes: [WrappedCall] = [
        WrappedCall("wait", result: 1, isAlone: true) {
            let child = Child("exit 0")
            return Attempt { made { wait(nil) == child.pid ? 1 : 0 } }
        },
        WrappedCall("waitpid", result: 1) {
            let child = Child("exit 0")
            return Attempt { made { waitpid(child.pid, nil, 0) == child.pid ? 1 : 0 } }
        } harmless: {
            [Attempt { made { waitpid(1, nil, WNOHANG) } }]
        },
        WrappedCall("wait3", result: 1, isAlone: true) {
            let child = Child("exit 0")
            return Attempt { made { wait3(nil, 0, nil) == child.pid ? 1 : 0 } }
        } harmless: {
            [Attempt { made { wait3(nil, WNOHANG, nil) } }]
        },
        WrappedCall("wait4", result: 1) {
            let child = Child("exit 0")
            return Attempt { made { wait4(child.pid, nil, 0, nil) == child.pid ? 1 : 0 } }
        } harmless: {
            [Attempt { made { wait4(1, nil, WNOHANG, nil) } }]
        },
        // Not a child of ours: fails at once, but the next one might be.
        WrappedCall("waitid", result: -1, error: ECHILD) {
            Attempt {
                var info = siginfo_t()
                return made { waitid(P_PID, 1, &info, WEXITED) }
            }
        } harmless: {
            [
                Attempt {
                    var info = siginfo_t()
                    return made { waitid(P_PID, 1, &info, WEXITED | WNOHANG) }
                }
            ]
        },
        WrappedCall("system", result: 3 << 8, ignoresError: true) {
            Attempt { made { function("system", as: System.self)("exit 3") } }
        } harmless: {
            [Attempt { made { function("system", as: System.self)(nil) } }]
        },
        WrappedCall("popen", result: 1, ignoresError: true, helper: "Stream.open") {
            let stream = Stream()
            return Attempt { made { stream.open("exit 0") } }
        },
        WrappedCall("pclose", result: 3 << 8, ignoresError: true, helper: "Stream.close") {
            let stream = Stream()
            _ = stream.open("exit 3")
            return Attempt { made { stream.close() } }
        },
    ]
}

private typealias System = @convention(c) (UnsafePointer<CChar>?) -> Int32

private func found(_ name: String, flags: Int32) -> Outcome {
    var hints = addrinfo()
    hints.ai_flags = flags
    var list: UnsafeMutablePointer<addrinfo>?
    defer { if let list { freeaddrinfo(list) } }
    return made { getaddrinfo(name, "80", &hints, &list) }
}

private func foundReentrantly(_ name: String) -> Outcome {
    withUnsafeTemporaryAllocation(of: CChar.self, capacity: 4096) { buffer in
        var entry = hostent()
        var result: UnsafeMutablePointer<hostent>?
        var code: Int32 = 0
        return made { gethostbyname_r(name, &entry, buffer.baseAddress!, buffer.count, &result, &code) }
    }
}

private func named(flags: Int32) -> Outcome {
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
    return withUnsafePointer(to: &address) { pointer in
        pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
            withUnsafeTemporaryAllocation(of: CChar.self, capacity: 256) { host in
                let length = socklen_t(MemoryLayout<sockaddr_in>.size)
                return made { getnameinfo(address, length, host.baseAddress!, 256, nil, 0, flags) }
            }
        }
    }
}

/// A child that somebody else waits for.
private struct Child: Sendable {
    let pid: pid_t

    init(_ command: String) {
        var pid: pid_t = 0
        let words: [UnsafeMutablePointer<CChar>?] = [strdup("sh"), strdup("-c"), strdup(command), nil]
        defer { for word in words { free(word) } }
        let failure = posix_spawn(&pid, "/bin/sh", nil, nil, words, environ)
        precondition(failure == 0)
        self.pid = pid
    }
}

/// The output of a child; closes itself.
private final class Stream: @unchecked Sendable {
    // SAFETY: one thread uses it at a time: the test's before and after, and the one that makes the call.
    private var stream: UnsafeMutablePointer<FILE>?

    /// 1 = a stream.
    func open(_ command: String) -> Int {
        stream = popen(command, "r")
        return stream == nil ? 0 : 1
    }

    func close() -> Int32 {
        defer { stream = nil }
        return stream.map { pclose($0) } ?? -1
    }

    deinit { _ = close() }
}

private typealias FoundOfFamily =
    @convention(c) (
        UnsafePointer<CChar>, Int32, UnsafeMutableRawPointer, UnsafeMutableRawPointer, Int, UnsafeMutableRawPointer,
        UnsafeMutableRawPointer
    ) -> Int32
private typealias FoundByAddress =
    @convention(c) (
        UnsafeRawPointer, socklen_t, Int32, UnsafeMutableRawPointer, UnsafeMutableRawPointer, Int,
        UnsafeMutableRawPointer, UnsafeMutableRawPointer
    ) -> Int32

private var foundOfFamily: FoundOfFamily { function("gethostbyname2_r", as: FoundOfFamily.self) }
private var foundByAddress: FoundByAddress { function("gethostbyaddr_r", as: FoundByAddress.self) }

/// Room for an answer: the entry, 4096 bytes, a pointer to the entry and a number.
private func withEntry<T>(
    _ body: (UnsafeMutableRawPointer, UnsafeMutableRawPointer, UnsafeMutableRawPointer, UnsafeMutableRawPointer) -> T
) -> T {
    withUnsafeTemporaryAllocation(byteCount: 4096, alignment: 16) { buffer in
        var entry = hostent()
        var found: UnsafeMutablePointer<hostent>?
        var code: Int32 = 0
        return body(&entry, buffer.baseAddress!, &found, &code)
    }
}

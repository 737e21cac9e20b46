import Dispatch
import Glibc
import Logging
import Loopguard
import LoopguardCore
import LoopguardStrict
import NIOCore

/// A runtime with one or two loops under strict mode, ended afterwards.
func withStrict<T: Sendable>(
    loops: Int = 1, options: StrictOptions = .defaults, threshold: Duration = .seconds(5),
    _ body: @Sendable (LoopguardRuntime, Strict) async throws -> T
) async throws -> T {
    var configuration = LoopguardRuntime.Configuration.defaults
    configuration.group.loops = loops
    configuration.group.threshold = threshold
    configuration.offload.threads = 2
    configuration.logger = Logger(label: "strict-tests") { _ in SwiftLogNoOpLogHandler() }
    configuration.reporters = []
    let runtime = try await LoopguardRuntime.start(configuration)
    let strict: Strict
    do { strict = try Strict.start(runtime, options: options) } catch {
        await runtime.shutdown()
        throw error
    }
    do {
        let result = try await body(runtime, strict)
        await strict.stop()
        await runtime.shutdown()
        return result
    } catch {
        await strict.stop()
        await runtime.shutdown()
        throw error
    }
}

extension LoopguardRuntime {
    /// Runs `body` on the first loop.
    @discardableResult
    func onLoop<T: Sendable>(_ index: Int = 0, _ body: @escaping @Sendable () throws -> T) async throws -> T {
        try await group.loops[index].eventLoop.submit(body).get()
    }
}

/// The reports of all calls so far; the report thread may need a moment.
func reports(of strict: Strict, atLeast count: Int) async -> [StallReport] {
    await strict.settle()
    for _ in 0..<2000 where strict.reports.count < count { try? await Task.sleep(for: .milliseconds(5)) }
    return strict.reports
}

func later(_ milliseconds: Int, _ body: @escaping @Sendable () -> Void) {
    DispatchQueue.global().asyncAfter(deadline: .now() + .milliseconds(milliseconds), execute: body)
}

/// A pipe or socket pair that closes itself.
final class Pair: Sendable {
    let near: Int32
    let far: Int32

    private init(_ near: Int32, _ far: Int32) {
        self.near = near
        self.far = far
    }

    static func pipe() -> Pair {
        var ends: [Int32] = [-1, -1]
        precondition(Glibc.pipe(&ends) == 0)
        return Pair(ends[0], ends[1])
    }

    static func sockets(nonBlocking: Bool = false) -> Pair {
        var ends: [Int32] = [-1, -1]
        let type = Int32(SOCK_STREAM.rawValue) | (nonBlocking ? Int32(SOCK_NONBLOCK.rawValue) : 0)
        precondition(socketpair(AF_UNIX, type, 0, &ends) == 0)
        return Pair(ends[0], ends[1])
    }

    deinit {
        close(near)
        close(far)
    }
}

/// A temporary file that removes itself.
final class TemporaryFile: Sendable {
    let path: String
    let descriptor: Int32

    init() {
        var template = Array("/tmp/loopguard-strict-XXXXXX".utf8CString)
        descriptor = mkstemp(&template)
        path = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
        precondition(descriptor >= 0)
    }

    deinit {
        close(descriptor)
        unlink(path)
    }
}

func withUnixAddress<T>(_ path: String, _ body: (UnsafePointer<sockaddr>, socklen_t) -> T) -> T {
    var address = sockaddr_un()
    address.sun_family = sa_family_t(AF_UNIX)
    withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: Array(path.utf8.prefix(100))) }
    return withUnsafePointer(to: &address) {
        $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { body($0, socklen_t(MemoryLayout<sockaddr_un>.size)) }
    }
}

/// `MSG_DONTWAIT`: an enumeration or an integer, depending on the C library's headers.
let dontWait: Int32 = 0x40

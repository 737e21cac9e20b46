import Foundation
import Testing

/// A `redis-server` of this test's own: on a free port, without files, stopped by its pid.
final class RedisServer {
    enum Failure: Error, CustomStringConvertible {
        case missing
        case notReady(String)

        var description: String {
            switch self {
            case .missing:
                "redis-server is not installed: run Tools/setup (it installs the Debian package), then try again."
            case .notReady(let why): "redis-server did not become ready: \(why)"
            }
        }
    }

    let port: Int
    let directory: URL
    private let arguments: [String]
    private var process: Process?

    private init(arguments: [String]) throws {
        self.arguments = arguments
        port = try Self.freePort()
        directory = FileManager.default.temporaryDirectory.appending(path: "loopguard-redis-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
    }

    /// Runs `body` with a server, and stops it whatever happens.
    static func with<Result>(
        _ arguments: [String] = [], isolation: isolated (any Actor)? = #isolation,
        _ body: (RedisServer) async throws -> Result
    ) async throws -> Result {
        let server = try RedisServer(arguments: arguments)
        defer {
            server.kill(SIGKILL)
            try? FileManager.default.removeItem(at: server.directory)
        }
        try await server.start()
        return try await body(server)
    }

    var address: String { "127.0.0.1:\(port)" }
    var socketPath: String { directory.appending(path: "redis.sock").path() }

    /// Starts it (again), on the same port, and waits until it answers.
    func start() async throws {
        guard
            let path = ["/usr/bin", "/usr/local/bin"].map({ $0 + "/redis-server" }).first(
                where: FileManager.default.isExecutableFile)
        else { throw Failure.missing }
        let process = Process()
        process.executableURL = URL(filePath: path)
        process.arguments =
            [
                "--port", "\(port)", "--bind", "127.0.0.1", "--save", "", "--appendonly", "no", "--dir",
                directory.path(),
                "--unixsocket", socketPath,
            ] + arguments
        process.standardOutput = FileHandle.nullDevice
        process.standardError = FileHandle.nullDevice
        try process.run()
        self.process = process
        for _ in 0..<1000 {
            if !process.isRunning { throw Failure.notReady("it ended with \(process.terminationStatus)") }
            if (try? command("PING")) != nil { return }
            try await Task.sleep(for: .milliseconds(5))
        }
        throw Failure.notReady("no answer on \(address)")
    }

    /// Sends a signal to the process; waits for its end when it is one that ends it.
    func kill(_ signal: Int32) {
        guard let process, process.isRunning else { return }
        Foundation.kill(process.processIdentifier, signal)
        if signal == SIGKILL { process.waitUntilExit() }
    }

    /// Sends one inline command over a connection of its own and returns what comes within the first packet.
    @discardableResult
    func command(_ text: String) throws -> String {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        defer { close(descriptor) }
        var address = Self.loopback(port: port)
        let connected = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        guard connected == 0 else { throw Failure.notReady("connect: \(errno)") }
        let line = Array("\(text)\r\n".utf8)
        guard send(descriptor, line, line.count, Int32(MSG_NOSIGNAL)) == line.count else {
            throw Failure.notReady("send: \(errno)")
        }
        var answer = [UInt8](repeating: 0, count: 65_536)
        let count = recv(descriptor, &answer, answer.count, 0)
        guard count > 0 else { throw Failure.notReady("recv: \(errno)") }
        return String(decoding: answer.prefix(count), as: UTF8.self)
    }

    /// A port that was free a moment ago.
    static func freePort() throws -> Int {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        defer { close(descriptor) }
        var address = loopback(port: 0)
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let result = withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
                bind(descriptor, address, length) == 0 ? getsockname(descriptor, address, &length) : -1
            }
        }
        guard result == 0 else { throw Failure.notReady("no free port: \(errno)") }
        return Int(UInt16(bigEndian: address.sin_port))
    }

    private static func loopback(port: Int) -> sockaddr_in {
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = UInt16(truncatingIfNeeded: port).bigEndian
        address.sin_addr.s_addr = inet_addr("127.0.0.1")
        return address
    }
}

import Foundation
import Testing

/// Programs and files that the tests need.
enum Workshop {
    /// This executable.
    static let executable =
        (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")) ?? "/proc/self/exe"
    /// The command, built beside it.
    static let command = (executable as NSString).deletingLastPathComponent + "/loopguard-symbolicate"
    static let objcopy = find("llvm-objcopy") ?? find("objcopy")
    static let compiler = find("clang") ?? find("cc")

    private static func find(_ name: String) -> String? {
        let path = ProcessInfo.processInfo.environment["PATH"] ?? "/usr/bin"
        let folders = path.split(separator: ":").map(String.init) + ["/opt/swift/usr/bin", "/usr/bin"]
        return folders.map { $0 + "/" + name }.first { FileManager.default.isExecutableFile(atPath: $0) }
    }

    struct Ended {
        var status: Int32
        var output: String
        var errors: String
    }

    static func run(
        _ path: String, _ arguments: [String], input: String? = nil, environment: [String: String] = [:]
    ) throws -> Ended {
        let folder = try Folder()
        let process = Process()
        process.executableURL = URL(fileURLWithPath: path)
        process.arguments = arguments
        process.environment = ProcessInfo.processInfo.environment.merging(environment) { $1 }
        let files = ["in", "out", "err"].map { folder.path($0) }
        for file in files { try Data((file == files[0] ? input ?? "" : "").utf8).write(to: URL(fileURLWithPath: file)) }
        process.standardInput = FileHandle(forReadingAtPath: files[0])
        process.standardOutput = FileHandle(forWritingAtPath: files[1])
        process.standardError = FileHandle(forWritingAtPath: files[2])
        try process.run()
        process.waitUntilExit()
        func text(_ file: String) throws -> String {
            String(decoding: try Data(contentsOf: URL(fileURLWithPath: file)), as: UTF8.self)
        }
        return Ended(status: process.terminationStatus, output: try text(files[1]), errors: try text(files[2]))
    }

    static func objcopy(_ arguments: String...) throws {
        let ended = try run(try #require(objcopy), arguments)
        try #require(ended.status == 0, "\(ended.errors)")
    }
}

/// A folder that goes with its last reference.
final class Folder: Sendable {
    let root: String

    init() throws {
        root = NSTemporaryDirectory() + "loopguard-" + UUID().uuidString
        try FileManager.default.createDirectory(atPath: root, withIntermediateDirectories: true)
    }

    deinit { try? FileManager.default.removeItem(atPath: root) }

    func path(_ name: String) -> String { root + "/" + name }

    func write(_ name: String, _ bytes: some Sequence<UInt8>) throws -> String {
        try Data(bytes).write(to: URL(fileURLWithPath: path(name)))
        return path(name)
    }
}

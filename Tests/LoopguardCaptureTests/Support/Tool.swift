import Foundation
import Testing

/// Programs of the toolchain that some tests need.
enum Tool {
    /// Looks beside the compiler, then in PATH.
    static func find(_ name: String) -> String? {
        let path = ProcessInfo.processInfo.environment["PATH"] ?? "/usr/bin"
        let folders = path.split(separator: ":").map(String.init) + ["/opt/swift/usr/bin", "/usr/bin"]
        return folders.map { $0 + "/" + name }.first { FileManager.default.isExecutableFile(atPath: $0) }
    }

    /// Runs a program to its end. Throws unless it exits with `status`.
    @discardableResult static func run(
        _ path: String, _ arguments: [String], input: String = "", status: Int32 = 0
    ) throws -> String {
        let folder = try TemporaryFolder()
        let inputFile = folder.path("input")
        try Data(input.utf8).write(to: URL(fileURLWithPath: inputFile))
        let process = Process()
        process.executableURL = URL(fileURLWithPath: path)
        process.arguments = arguments
        process.standardInput = FileHandle(forReadingAtPath: inputFile)
        let pipe = Foundation.Pipe()
        process.standardOutput = pipe
        process.standardError = FileHandle.nullDevice
        try process.run()
        let output = try pipe.fileHandleForReading.readToEnd() ?? Data()
        process.waitUntilExit()
        try #require(
            process.terminationStatus == status, "\(path) \(arguments) ended with \(process.terminationStatus)")
        return String(decoding: output, as: UTF8.self)
    }
}

/// A folder that goes with its last reference.
final class TemporaryFolder: Sendable {
    let root: String

    init() throws {
        root = NSTemporaryDirectory() + "loopguard-" + UUID().uuidString
        try FileManager.default.createDirectory(atPath: root, withIntermediateDirectories: true)
    }

    deinit { try? FileManager.default.removeItem(atPath: root) }

    func path(_ name: String) -> String { root + "/" + name }
}

/// What the tests need to know of an ELF file.
enum ELFImage {
    static let ownPath =
        (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")) ?? "/proc/self/exe"

    /// Addresses of the section `.text`.
    static func codeRange(of path: String) -> Range<UInt64>? {
        guard let data = try? Data(contentsOf: URL(fileURLWithPath: path), options: .alwaysMapped) else { return nil }
        func number(_ at: Int, _ bytes: Int) -> Int {
            (0..<bytes).reduce(0) { $0 | Int(data[data.startIndex + at + $1]) << (8 * $1) }
        }
        let (sections, count, names) = (number(40, 8), number(60, 2), number(62, 2))
        let strings = number(sections + 64 * names + 24, 8)
        for index in 0..<count {
            let at = sections + 64 * index
            let name = strings + number(at, 4)
            guard data[name..<name + 6].elementsEqual(".text\0".utf8) else { continue }
            let low = UInt64(number(at + 16, 8))
            return low..<low + UInt64(number(at + 32, 8))
        }
        return nil
    }
}

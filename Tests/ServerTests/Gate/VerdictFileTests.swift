import Foundation
import Testing

@testable import loopguard_server

/// In a folder of its own: never with a path that exists on the machine.
struct VerdictFileTests {
    private let folder = FileManager.default.temporaryDirectory.appending(path: UUID().uuidString).path

    private func inFolder(_ body: (String) throws -> Void) throws {
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: folder) }
        try body(folder)
    }

    private func type(of path: String) throws -> FileAttributeType? {
        try FileManager.default.attributesOfItem(atPath: path)[.type] as? FileAttributeType
    }

    @Test("a new file, and one that is there, get exactly the bytes")
    func regular() throws {
        try inFolder { folder in
            let path = folder + "/verdict.json"
            try VerdictFile.write(Array("first, and longer".utf8), to: path)
            try VerdictFile.write(Array("second".utf8), to: path)
            #expect(try String(contentsOfFile: path, encoding: .utf8) == "second")
        }
    }

    @Test("a pipe is written into, and still a pipe afterwards")
    func pipe() throws {
        try inFolder { folder in
            let path = folder + "/pipe"
            #expect(mkfifo(path, 0o600) == 0)
            let reader = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC)
            defer { close(reader) }
            try VerdictFile.write(Array("told".utf8), to: path)
            var buffer = [UInt8](repeating: 0, count: 16)
            let count = read(reader, &buffer, buffer.count)
            #expect(count == 4 && buffer.prefix(4).elementsEqual("told".utf8))
            #expect(try type(of: path) != .typeRegular)
        }
    }

    @Test("a pipe that nobody reads is waited for neither at the start nor at the end", .timeLimit(.minutes(1)))
    func pipeWithoutReader() throws {
        try inFolder { folder in
            let path = folder + "/pipe"
            #expect(mkfifo(path, 0o600) == 0)
            #expect(VerdictFile.objection(to: path) == nil, "a reader may come")
            #expect(throws: POSIXError.self) { try VerdictFile.write(Array("told".utf8), to: path) }
            #expect(VerdictFile.objection(to: folder) == EISDIR)
            #expect(VerdictFile.objection(to: folder + "/none/verdict.json") == ENOENT)
            #expect(VerdictFile.objection(to: folder + "/new.json") == nil)
        }
    }

    @Test("a symbolic link stays one; the file behind it gets the bytes")
    func link() throws {
        try inFolder { folder in
            let target = folder + "/target.json"
            let path = folder + "/link.json"
            try Data("old".utf8).write(to: URL(fileURLWithPath: target))
            #expect(symlink(target, path) == 0)
            try VerdictFile.write(Array("new".utf8), to: path)
            #expect(try String(contentsOfFile: target, encoding: .utf8) == "new")
            #expect(try type(of: path) == .typeSymbolicLink)
        }
    }

    @Test("devices are written into, never replaced", arguments: ["/dev/null", "/dev/full"])
    func device(_ path: String) {
        #expect(VerdictFile.way(to: path) == .append)
    }
}

import Foundation
import Testing

@testable import LoopguardLint

/// The examples of all rule pages as two modules, `Bad` and `Good`, with stubs of the libraries that they import.
struct PageProgram {
    let folder: URL
    private let toolchain: Toolchain

    /// - Parameter compiled: without it the sources are written, and no more.
    init(compiled: Bool = true) throws {
        folder = FileManager.default.temporaryDirectory.appending(path: "pages-\(UUID().uuidString)")
        toolchain = try #require(Toolchain.find())
        for (name, text) in Self.headers {
            try write("\(name)/stub.h", text)
            try write("\(name)/module.modulemap", "module \(name) { header \"stub.h\" export * }\n")
        }
        for section in ["Bad", "Good"] {
            for id in RulePage.ids {
                let code = RulePageTests.code(section, of: RulePage.text(for: id) ?? "")
                // The marks are the page's, not the program's.
                try write("\(section)/\(id).swift", code.replacing(/\s*\/\/ ←.*/, with: ""))
            }
        }
        guard compiled else { return }
        for (name, text) in Self.stubs {
            try write("stubs/\(name).swift", text)
            try compile(name, ["stubs/\(name).swift"])
        }
        for section in ["Bad", "Good"] { try compile(section, RulePage.ids.map { "\(section)/\($0).swift" }) }
    }

    func remove() { try? FileManager.default.removeItem(at: folder) }

    func lint(_ section: String, strict: Bool = false, syntaxOnly: Bool = false) throws -> Linter.Result {
        var configuration = Linter.Configuration(
            sources: RulePage.ids.map { folder.appending(path: "\(section)/\($0).swift").path },
            indexStore: syntaxOnly ? nil : folder.appending(path: "store").path, indexLibrary: toolchain.indexLibrary,
            catalogue: try .builtIn(), today: "2026-11-24")
        if strict { configuration.tiers = Set(Catalogue.Tier.allCases) }
        return try Linter(configuration).run()
    }

    private func write(_ name: String, _ text: String) throws {
        let file = folder.appending(path: name)
        try FileManager.default.createDirectory(at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
        try text.write(to: file, atomically: true, encoding: .utf8)
    }

    private func compile(_ module: String, _ files: [String]) throws {
        let process = Process()
        process.executableURL = URL(filePath: toolchain.compiler)
        // Objects of one name in one folder would be one unit of the index.
        let objects = folder.appending(path: "objects-\(module)")
        try FileManager.default.createDirectory(at: objects, withIntermediateDirectories: true)
        process.currentDirectoryURL = objects
        process.arguments =
            [
                "-c", "-swift-version", "6", "-index-ignore-system-modules", "-index-store-path",
                folder.appending(path: "store").path,
                "-module-name",
                module, "-I", folder.path, "-emit-module", "-emit-module-path",
                folder.appending(path: "\(module).swiftmodule").path,
                "-parse-as-library", "-suppress-warnings",
            ] + files.map { folder.appending(path: $0).path }
        let errors = Pipe()
        process.standardError = errors
        try process.run()
        let text = String(decoding: errors.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        process.waitUntilExit()
        try #require(process.terminationStatus == 0, "\(module) does not compile: \(text)")
    }

    private static let headers = [
        "CPostgres": "typedef struct pg_conn PGconn;\nvoid *PQexec(PGconn *connection, const char *query);\n",
        "CSQLite": "typedef struct sqlite3_stmt sqlite3_stmt;\nint sqlite3_step(sqlite3_stmt *statement);\n",
    ]

    private static let stubs = [
        (
            "NIOCore",
            """
            public final class EventLoopFuture<Value: Sendable>: Sendable {
                @available(*, noasync) public func wait() throws -> Value { fatalError() }
                public func get() async throws -> Value { fatalError() }
                public func whenSuccess(_ callback: @escaping @Sendable (Value) -> Void) {}
            }
            public struct NIOAny {}
            public final class ChannelHandlerContext {}
            public protocol ChannelHandler: AnyObject {}
            public protocol ChannelInboundHandler: ChannelHandler {
                associatedtype InboundIn
                func channelRead(context: ChannelHandlerContext, data: NIOAny)
            }
            extension ChannelInboundHandler {
                public func channelRead(context: ChannelHandlerContext, data: NIOAny) {}
            }
            """
        ),
        (
            "NIOPosix",
            """
            public final class MultiThreadedEventLoopGroup: Sendable {
                public init(numberOfThreads: Int) {}
                @available(*, noasync) public func syncShutdownGracefully() throws {}
                public func shutdownGracefully() async throws {}
            }
            """
        ),
        (
            "NIOConcurrencyHelpers",
            "public struct NIOLock: Sendable { public init() {}; public func lock() {}; public func unlock() {} }"
        ),
        (
            "HummingbirdBcrypt",
            "public enum Bcrypt { public static func hash(_ text: String, cost: UInt8) -> String { text } }"
        ),
        (
            "_CryptoExtras",
            """
            public enum _RSA {
                public enum Signing { public struct PrivateKey: Sendable { public init(keySize: Int) throws {} } }
            }
            """
        ),
        (
            "SystemPackage",
            "public struct FileDescriptor: Sendable { public func seek(offset: Int64) throws -> Int { 0 } }"
        ),
        (
            "Loopguard",
            """
            public struct Context: Sendable {
                public func offload<T: Sendable>(_ body: @escaping @Sendable () throws -> T) async throws -> T { try body() }
            }
            """
        ),
    ]
}

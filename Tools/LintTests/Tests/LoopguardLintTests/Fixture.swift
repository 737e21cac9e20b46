import Foundation
import Testing

@testable import LoopguardLint

/// A program of a few modules, compiled with the running toolchain, and what the linter says about it.
///
/// A line that ends in `// expect: RULE` must have exactly one finding of that rule; all other lines none.
struct Fixture {
    /// Modules in the order in which they are built, each with its files.
    var modules: [(name: String, files: [String: String])]
    /// A module of C with its module map, built before the others; its files are not judged.
    var c: (name: String, files: [String: String])?

    init(modules: [(name: String, files: [String: String])], c: (name: String, files: [String: String])? = nil) {
        self.modules = modules
        self.c = c
    }

    /// What the compiler left behind.
    struct Built {
        var sources: [String] = []
        /// As `File.swift:LINE RULE`, sorted.
        var expected: [String] = []
        /// What the compiler said.
        var diagnostics = ""
        var store: String
        var toolchain: Toolchain
    }

    /// Writes and compiles everything into `folder`.
    func build(in folder: URL, languageMode: String = "6") throws -> Built {
        let toolchain = try #require(Toolchain.find())
        var built = Built(store: folder.appending(path: "store").path, toolchain: toolchain)
        if let c { try compileC(c.name, c.files, folder, toolchain) }
        for module in modules {
            let home = folder.appending(path: module.name)
            try FileManager.default.createDirectory(at: home, withIntermediateDirectories: true)
            var paths: [String] = []
            for (name, text) in module.files.sorted(by: { $0.key < $1.key }) {
                let path = home.appending(path: name).path
                try text.write(toFile: path, atomically: true, encoding: .utf8)
                paths.append(path)
                for (number, line) in text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline)
                    .enumerated()
                {
                    guard let mark = line.firstRange(of: "// expect: ") else { continue }
                    for rule in line[mark.upperBound...].split(separator: " ") {
                        built.expected.append("\(name):\(number + 1) \(rule)")
                    }
                }
            }
            built.sources += paths
            built.diagnostics += try compile(module.name, paths, folder, toolchain, languageMode)
        }
        built.expected.sort()
        return built
    }

    /// Runs `body` with a folder that is gone afterwards.
    static func withFolder<T>(_ body: (URL) throws -> T) throws -> T {
        let folder = FileManager.default.temporaryDirectory.appending(path: "lint-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        return try body(folder)
    }

    static func configuration(of built: Built) throws -> Linter.Configuration {
        var configuration = Linter.Configuration(
            sources: built.sources, indexStore: built.store, indexLibrary: built.toolchain.indexLibrary,
            catalogue: try Catalogue.builtIn(), today: "2026-11-24")
        // Those have tests of their own: here a line has the finding of the call that stands on it.
        configuration.hasStructuralRules = false
        return configuration
    }

    /// Lines with findings, as `File.swift:LINE RULE`.
    func findings(_ change: (inout Linter.Configuration) -> Void = { _ in }) throws -> (
        found: [Finding], expected: [String], result: Linter.Result
    ) {
        try Self.withFolder { folder in
            let built = try build(in: folder)
            var configuration = try Self.configuration(of: built)
            change(&configuration)
            let result = try Linter(configuration).run()
            return (result.findings, built.expected, result)
        }
    }

    private func compile(
        _ name: String, _ paths: [String], _ folder: URL, _ toolchain: Toolchain, _ languageMode: String
    )
        throws -> String
    {
        let process = Process()
        process.executableURL = URL(filePath: toolchain.compiler)
        process.currentDirectoryURL = folder
        let isLibrary = !paths.contains { $0.hasSuffix("/main.swift") }
        process.arguments =
            [
                "-c", "-swift-version", languageMode, "-index-ignore-system-modules", "-index-store-path", "store",
                "-module-name", name,
            ]
            + (c.map { ["-I", folder.appending(path: $0.name).path] } ?? [])
            + ["-I", folder.path, "-emit-module", "-emit-module-path", "\(name).swiftmodule"]
            + (isLibrary ? ["-parse-as-library"] : []) + paths
        return try run(process, name)
    }

    private func compileC(_ name: String, _ files: [String: String], _ folder: URL, _ toolchain: Toolchain) throws {
        let home = folder.appending(path: name)
        try FileManager.default.createDirectory(at: home, withIntermediateDirectories: true)
        for (file, text) in files { try text.write(to: home.appending(path: file), atomically: true, encoding: .utf8) }
        for file in files.keys.sorted() where file.hasSuffix(".c") {
            let process = Process()
            process.executableURL = URL(filePath: toolchain.compiler).deletingLastPathComponent().appending(
                path: "clang")
            process.currentDirectoryURL = folder
            process.arguments = [
                "-c", "-index-store-path", "store", "-I", name, "\(name)/\(file)", "-o", "\(file).o",
            ]
            _ = try run(process, name)
        }
    }

    private func run(_ process: Process, _ name: String) throws -> String {
        let errors = Pipe()
        process.standardError = errors
        try process.run()
        let text = String(decoding: errors.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        process.waitUntilExit()
        try #require(process.terminationStatus == 0, "\(name) does not compile: \(text)")
        return text
    }

    /// Findings and expectations agree.
    static func check(
        _ modules: [(name: String, files: [String: String])], _ comment: Comment? = nil,
        sourceLocation: SourceLocation = #_sourceLocation
    ) throws {
        let (found, expected, _) = try Fixture(modules: modules).findings()
        let lines = found.map { "\($0.place.path.split(separator: "/").last ?? ""):\($0.place.line) \($0.rule)" }
            .sorted()
        #expect(lines == expected, comment, sourceLocation: sourceLocation)
    }

    /// The same for one file of one module.
    static func check(_ source: String, sourceLocation: SourceLocation = #_sourceLocation) throws {
        try check([(name: "App", files: ["App.swift": source])], sourceLocation: sourceLocation)
    }
}

import Foundation
import Testing

@testable import LoopguardLint

/// A package in a temporary folder, compiled by `swiftc` into the places where `swift build` would put things: seconds quicker.
struct TinyPackage {
    let folder: URL
    private let toolchain: Toolchain

    /// - Parameter name: of the folder; a space in it is on purpose.
    init(_ files: [String: String], name: String = "tiny package", isCompiled: Bool = true) throws {
        toolchain = try #require(Toolchain.find())
        let base = FileManager.default.temporaryDirectory.appending(path: "lint-\(UUID().uuidString)")
        folder = base.appending(path: name).resolvingSymlinksInPath()
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        try write("Package.swift", "// swift-tools-version: 6.0\n")
        for (file, text) in files { try write(file, text) }
        if isCompiled { try compile(files.keys.filter { $0.hasPrefix("Sources/") }.sorted()) }
    }

    func remove() { try? FileManager.default.removeItem(at: folder.deletingLastPathComponent()) }

    func path(_ file: String) -> String { folder.appending(path: file).path }

    func write(_ file: String, _ text: String) throws { try write(file, Data(text.utf8)) }

    func write(_ file: String, _ bytes: Data) throws {
        let url = folder.appending(path: file)
        try FileManager.default.createDirectory(
            at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
        try bytes.write(to: url)
    }

    /// One module, a debug build's index and object files. True when it compiles.
    @discardableResult
    func compile(_ files: [String], mayFail: Bool = false) throws -> Bool {
        let objects = folder.appending(path: ".build/debug/App.build")
        try FileManager.default.createDirectory(at: objects, withIntermediateDirectories: true)
        var map: [String: [String: String]] = [:]
        for file in files {
            let object = objects.appending(path: (file.split(separator: "/").last ?? "") + ".o").path
            map[path(file)] = ["object": object]
        }
        let mapFile = objects.appending(path: "output-file-map.json")
        try JSONEncoder().encode(map).write(to: mapFile)
        let result = try ChildProcess.run(
            toolchain.compiler,
            [
                "-c", "-swift-version", "6", "-parse-as-library", "-module-name", "App", "-Onone",
                "-index-ignore-system-modules", "-index-store-path", path(".build/debug/index/store"),
                "-output-file-map", mapFile.path, "-working-directory", folder.path,
            ] + files.map(path))
        if !mayFail { try #require(result.status == 0, "\(result.errors)") }
        return result.status == 0
    }

    /// Sets a file's time, in seconds from now.
    func touch(_ file: String, _ seconds: Double) throws {
        try FileManager.default.setAttributes(
            [.modificationDate: Date(timeIntervalSinceNow: seconds)], ofItemAtPath: path(file))
    }

    /// What a run says and ends with.
    struct Run {
        var exit: LintExit
        var report: String
        var messages: [String]
        /// The report read as the JSON of `--format json`.
        var json: [String: Any] {
            (try? JSONSerialization.jsonObject(with: Data(report.utf8))) as? [String: Any] ?? [:]
        }
        var rules: [String] { (json["findings"] as? [[String: Any]] ?? []).compactMap { $0["rule"] as? String } }
        var blindSpots: [String] { json["blind_spots"] as? [String] ?? [] }
        var suppressed: Int { (json["suppressed"] as? [Any])?.count ?? -1 }
    }

    func run(_ change: (inout LintOptions) -> Void = { _ in }) -> Run {
        var options = LintOptions(folder: folder.path, today: "2026-11-24")
        options.format = .json
        change(&options)
        let said = Said()
        let console = LintConsole(report: { said.add(report: $0) }, message: { said.add(message: $0) })
        let exit = LintSession(options, console).run()
        return Run(exit: exit, report: said.report, messages: said.messages)
    }

    private final class Said: @unchecked Sendable {
        // SAFETY: all access is under the lock.
        private let lock = NSLock()
        private var texts = (report: "", messages: [String]())

        func add(report: String) { lock.withLock { texts.report += report } }
        func add(message: String) { lock.withLock { texts.messages.append(message) } }
        var report: String { lock.withLock { texts.report } }
        var messages: [String] { lock.withLock { texts.messages } }
    }

    /// One blocking call two functions away from an async one, and one of a lower severity.
    static let blocking = [
        "Sources/App/Handler.swift": """
        func handle() async {
            load()
        }

        """,
        "Sources/App/Store.swift": """
        import Glibc
        func load() {
            usleep(5)
        }

        """,
    ]
}

import Foundation

/// The files of the repository that a person wrote.
struct Repository {
    /// Extensions of what counts as source.
    static let sourceExtensions: Set<String> = ["swift", "c", "h", "py", "js", "css", "html", "sh"]

    let root: URL
    /// Paths relative to the root, sorted. Build folders and what git keeps are left out.
    let paths: [String]
    /// Everything that counts as source, scripts without an extension too; read and taken apart once.
    let sources: [SourceFile]

    /// This repository; or, to hold another checkout to the same rules, the one that `LOOPGUARD_TIDY_ROOT` names.
    static let current = Repository(
        root: ProcessInfo.processInfo.environment["LOOPGUARD_TIDY_ROOT"].map { URL(fileURLWithPath: $0) }
            ?? URL(fileURLWithPath: #filePath)
            .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent())

    init(root: URL) {
        self.root = root.standardizedFileURL
        var paths: [String] = []
        var folders = [""]
        while let folder = folders.popLast() {
            let url = folder.isEmpty ? self.root : self.root.appendingPathComponent(folder)
            let names = (try? FileManager.default.contentsOfDirectory(atPath: url.path)) ?? []
            for name in names where !Self.isSkipped(name) {
                let path = folder.isEmpty ? name : "\(folder)/\(name)"
                var isFolder: ObjCBool = false
                guard
                    FileManager.default.fileExists(
                        atPath: self.root.appendingPathComponent(path).path, isDirectory: &isFolder)
                else { continue }
                if isFolder.boolValue { folders.append(path) } else { paths.append(path) }
            }
        }
        self.paths = paths.sorted()
        let base = self.root
        sources = self.paths.filter(Self.isSource).compactMap { path in
            guard let data = FileManager.default.contents(atPath: base.appendingPathComponent(path).path),
                let text = String(data: data, encoding: .utf8)
            else { return nil }
            return SourceFile(path: path, text: text)
        }
    }

    /// What git ignores or owns.
    private static func isSkipped(_ name: String) -> Bool {
        name.hasPrefix(".build") || [".git", ".swiftpm", "__pycache__", "node_modules"].contains(name)
    }

    /// Everything in Swift below one of the folders.
    func swiftFiles(in folders: String...) -> [SourceFile] {
        files { path in path.hasSuffix(".swift") && folders.contains { path.hasPrefix($0 + "/") } }
    }

    private func files(where isWanted: (String) -> Bool) -> [SourceFile] { sources.filter { isWanted($0.path) } }

    private static func isSource(_ path: String) -> Bool {
        let name = path.split(separator: "/").last.map(String.init) ?? path
        guard let dot = name.lastIndex(of: ".") else { return path.hasPrefix("Tools/") || path == ".ci/run" }
        return sourceExtensions.contains(String(name[name.index(after: dot)...]))
    }

    /// What git has been told to keep; nil outside a git work tree (a source archive).
    func trackedPaths() -> [String]? {
        let git = Process()
        git.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        git.arguments = ["git", "-C", root.path, "ls-files", "-z"]
        let output = Pipe()
        git.standardOutput = output
        git.standardError = FileHandle.nullDevice
        guard (try? git.run()) != nil else { return nil }
        let data = output.fileHandleForReading.readDataToEndOfFile()
        git.waitUntilExit()
        guard git.terminationStatus == 0 else { return nil }
        return String(decoding: data, as: UTF8.self).split(separator: "\0").map(String.init)
    }
}

/// Something to repair: where, and how.
struct Finding: Equatable, CustomStringConvertible {
    var path: String
    /// Counted from 1; 0 = the file as a whole.
    var line: Int
    var message: String

    var description: String { line == 0 ? "\(path): \(message)" : "\(path):\(line): \(message)" }
}

extension [Finding] {
    /// One a line, for a test's message.
    var listing: String { map(\.description).joined(separator: "\n") }
}

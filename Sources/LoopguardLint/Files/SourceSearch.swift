import Foundation

/// Finds the files to judge.
///
/// Hidden folders (`.build`, `.git`) and manifests are left out, and so are packages inside the package: they have a build of their own. A link to
/// a folder is followed once: a loop ends where it meets a folder that has been seen.
public struct SourceSearch: Sendable {
    /// What was found.
    public struct Result: Sendable, Equatable {
        /// Absolute paths without links, sorted, each once.
        public var files: [String] = []
        /// What could not be looked at, one line each.
        public var problems: [String] = []
    }

    /// A folder or file that is not there.
    public struct Missing: Error, Sendable, CustomStringConvertible {
        public var path: String
        /// What and where.
        public var description: String { "\(path): no such file or folder" }
    }

    /// Folders nested deeper are not looked at. Default 100.
    public static let maximumDepth = 100

    private let root: String
    private let exclude: [Glob]
    private var result = Result()
    private var seenFolders: Set<FileIdentity> = []
    private var seenFiles: Set<String> = []

    private struct FileIdentity: Hashable, Sendable {
        var device: UInt64
        var number: UInt64
    }

    /// - Parameters:
    ///   - paths: files and folders.
    ///   - exclude: relative to `root`.
    ///   - root: folder that patterns count from.
    /// - Throws: ``Missing``.
    public static func files(_ paths: [String], exclude: [Glob] = [], root: String) throws(Missing) -> Result {
        var search = SourceSearch(root: real(root) ?? root, exclude: exclude)
        for path in paths {
            guard let real = real(path) else { throw Missing(path: path) }
            if isFolder(real) {
                search.walk(real, shown: path, depth: 0, isTop: true)
            } else {
                // A file that is named is meant, whatever it is called.
                search.add(real)
            }
        }
        search.result.files.sort()
        return search.result
    }

    private init(root: String, exclude: [Glob]) {
        self.root = root
        self.exclude = exclude
    }

    private mutating func walk(_ folder: String, shown: String, depth: Int, isTop: Bool) {
        guard depth <= Self.maximumDepth else {
            result.problems.append("\(shown): nested deeper than \(Self.maximumDepth) folders; not looked at")
            return
        }
        if let identity = Self.identity(folder), !seenFolders.insert(identity).inserted { return }
        let names: [String]
        do { names = try FileManager.default.contentsOfDirectory(atPath: folder).sorted() } catch {
            result.problems.append("\(shown): the folder cannot be read; nothing in it is checked")
            return
        }
        if !isTop, names.contains("Package.swift") { return }
        for name in names where !name.hasPrefix(".") {
            let path = folder + "/" + name
            if isExcluded(path) || Self.isManifest(name) { continue }
            if name.hasSuffix(".swift") {
                if let real = Self.real(path) {
                    if !Self.isFolder(real) { add(real) }
                } else {
                    result.problems.append("\(path): a link that leads nowhere")
                }
            } else if Self.isFolder(path), let real = Self.real(path) {
                walk(real, shown: path, depth: depth + 1, isTop: false)
            }
        }
    }

    /// No part of the program, and in no index.
    private static func isManifest(_ name: String) -> Bool {
        name == "Package.swift" || (name.hasPrefix("Package@swift-") && name.hasSuffix(".swift"))
    }

    private func isExcluded(_ path: String) -> Bool {
        guard !exclude.isEmpty else { return false }
        let relative = path.hasPrefix(root + "/") ? String(path.dropFirst(root.count + 1)) : path
        return exclude.contains { $0.matches(relative) }
    }

    private mutating func add(_ path: String) {
        if !isExcluded(path), seenFiles.insert(path).inserted { result.files.append(path) }
    }

    // MARK: files

    static func real(_ path: String) -> String? {
        guard let resolved = realpath(path, nil) else { return nil }
        defer { free(resolved) }
        return String(cString: resolved)
    }

    static func isFolder(_ path: String) -> Bool {
        var isFolder: ObjCBool = false
        return FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) && isFolder.boolValue
    }

    private static func identity(_ path: String) -> FileIdentity? {
        var status = stat()
        guard stat(path, &status) == 0 else { return nil }
        return FileIdentity(device: UInt64(truncatingIfNeeded: status.st_dev), number: UInt64(status.st_ino))
    }
}

import ArgumentParser
import Foundation

/// Which files are the user's own, and where the build left its index.
enum SourceList {
    /// All Swift files below the paths; hidden folders (`.build`) and links are left out.
    static func files(_ paths: [String]) throws -> [String] {
        var found: Set<String> = []
        for path in paths {
            let url = URL(filePath: path).standardizedFileURL.resolvingSymlinksInPath()
            var isFolder: ObjCBool = false
            guard FileManager.default.fileExists(atPath: url.path, isDirectory: &isFolder) else {
                FileHandle.standardError.write(Data("loopguard-lint: \(path): no such file or folder\n".utf8))
                throw ExitCode(2)
            }
            guard isFolder.boolValue else {
                found.insert(url.path)
                continue
            }
            let walk = FileManager.default.enumerator(
                at: url, includingPropertiesForKeys: nil, options: [.skipsHiddenFiles, .skipsPackageDescendants])
            while let next = walk?.nextObject() as? URL {
                if next.pathExtension == "swift" { found.insert(next.path) }
            }
        }
        return found.sorted()
    }

    /// The index of the debug build of the package around the first path.
    static func indexStore(near paths: [String]) -> String? {
        var folder = URL(filePath: paths.first ?? ".").standardizedFileURL.resolvingSymlinksInPath()
        while folder.path != "/" {
            if FileManager.default.fileExists(atPath: folder.appending(path: "Package.swift").path) {
                for place in [".build/debug/index/store", ".build/out", ".build/index/store"] {
                    let store = folder.appending(path: place).path
                    if FileManager.default.fileExists(atPath: store + "/v5/units") { return store }
                }
            }
            folder = folder.deletingLastPathComponent()
        }
        return nil
    }
}

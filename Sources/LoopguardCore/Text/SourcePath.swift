/// Paths of source files in a form that is the same on every machine. Debug information has the build machine's.
enum SourcePath {
    /// Folders of a package that hold sources: a path is shown from here on.
    private static let roots: Set<Substring> = ["Sources", "Tests", "Plugins", "Tools", "Benchmarks", "Examples"]

    /// `swift-nio/Sources/NIOPosix/Selector.swift` for a dependency, `Sources/App/Words.swift` for the package itself, and the name
    /// of the file for everything else, such as the toolchain's own sources. A relative path stays as it is.
    static func portable(_ path: String) -> String {
        guard path.hasPrefix("/") else { return path }
        let parts = path.split(separator: "/", omittingEmptySubsequences: true)
        // Where SwiftPM puts dependencies: the folder below bears the package's name.
        if let checkouts = parts.lastIndex(of: "checkouts"), checkouts > 0, parts[checkouts - 1] == ".build",
            checkouts < parts.count - 1
        {
            return parts[(checkouts + 1)...].joined(separator: "/")
        }
        guard let name = parts.last else { return path }
        // The innermost: the package may itself lie in a folder named Sources. Nested packages in Tools have one of their own.
        guard let root = parts.dropLast().lastIndex(where: roots.contains) else { return String(name) }
        return parts[root...].joined(separator: "/")
    }
}

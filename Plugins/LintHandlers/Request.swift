import Foundation
import PackagePlugin

/// What the user asked for: which part of the words is the plugin's, and which the linter's.
struct Request {
    /// For the linter, without paths.
    var options: [String]
    /// Absolute paths, or relative to where the user stands, of what is to be judged.
    var paths: [String]
    /// Take the index as it is.
    var skipsBuild: Bool
    /// Nothing is to be judged: `--help` and its like.
    var onlyAsks: Bool

    init(_ arguments: [String], in package: Package) throws {
        var extractor = ArgumentExtractor(arguments)
        let targets = extractor.extractOption(named: "target")
        skipsBuild = extractor.extractFlag(named: "skip-build") > 0
        options = extractor.remainingArguments
        var named: [String] = []
        if let end = options.firstIndex(of: "--") {
            named = Array(options[(end + 1)...])
            options.removeSubrange(end...)
        }
        onlyAsks = !Set(options).isDisjoint(with: ["--help", "-h", "--version", "--list-rules", "--explain"])
        paths = try named.isEmpty ? Self.sources(of: targets, in: package) : named
    }

    /// Whether the user gave this option: `--name value` or `--name=value`.
    func names(_ option: String) -> Bool { options.contains { $0 == option || $0.hasPrefix(option + "=") } }

    /// The Swift files of the package's targets, which leaves out nested packages and excluded files.
    private static func sources(of names: [String], in package: Package) throws -> [String] {
        let targets = names.isEmpty ? package.targets : try package.targets(named: names)
        let modules = targets.compactMap { $0 as? SwiftSourceModuleTarget }
        let files = modules.flatMap { $0.sourceFiles(withSuffix: "swift").map(\.url.path) }
        guard !files.isEmpty else {
            throw Problem("no Swift files in \(names.isEmpty ? "this package" : names.joined(separator: ", "))")
        }
        // The system takes 2 MiB of arguments. Beyond that folders must do, and what a manifest excludes is judged as well.
        let size = files.reduce(0) { $0 + $1.utf8.count + 9 }
        return size < 1 << 20 ? files : modules.map(\.directoryURL.path)
    }
}

/// A message for the user; SwiftPM prints it and ends with 1.
struct Problem: Error, CustomStringConvertible {
    var description: String
    init(_ description: String) { self.description = description }
}

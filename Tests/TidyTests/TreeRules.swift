import Foundation

/// Rules about files as such.
enum TreeRules {
    /// What a build makes is not kept: a library's users resolve for themselves.
    static func buildProducts(tracked paths: [String]) -> [Finding] {
        paths.compactMap { path in
            let parts = path.split(separator: "/")
            guard
                parts.last == "Package.resolved"
                    || parts.contains(where: { $0.hasPrefix(".build") || $0 == "__pycache__" })
            else { return nil }
            return Finding(path: path, line: 0, message: "is made by a build; git rm --cached it, .gitignore names it")
        }
    }

    /// A script that begins with `#!` is meant to be started.
    static func executableBit(_ file: SourceFile, isExecutable: Bool) -> [Finding] {
        guard file.lines.first?.hasPrefix("#!") == true, !isExecutable else { return [] }
        return [Finding(path: file.path, line: 0, message: "is a script without the execute bit; chmod +x it")]
    }
}

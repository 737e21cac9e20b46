import Foundation

/// What the index knows and does not know of the files to judge, in few words: a line for each kind of gap, not for each file.
struct Freshness {
    private var lines: [String] = []
    private let root: String

    init(root: String) { self.root = root }

    /// Own files without a unit.
    mutating func note(unindexed paths: [String], isWholeIndexForeign: Bool) {
        guard !paths.isEmpty else { return }
        if isWholeIndexForeign {
            lines.append(
                "none of the \(paths.count) files is in this index, it is of another program; judged by their syntax alone "
                    + "(build here, or name the right one with --index-store)")
            return
        }
        let (tests, others) = paths.reduce(into: ([String](), [String]())) { both, path in
            if isTest(path) { both.0.append(path) } else { both.1.append(path) }
        }
        add(
            tests,
            "not in the index: judged by its syntax alone; `swift build` leaves test targets out, use "
                + "`swift build --build-tests`")
        add(others, "not in the index: judged by its syntax alone; build it to have it checked in full")
    }

    /// Units whose source is gone.
    mutating func note(deleted paths: [String]) {
        add(paths, "in the index, but deleted since; left out")
    }

    /// Files whose last compile ended with an error: their index was written before.
    mutating func note(failed paths: [String]) {
        add(paths, "the last compile failed, the index may not have all of it; repair the build")
    }

    /// Files with a reason of their own.
    mutating func note(_ path: String, _ reason: String) { lines.append("\(shown(path)): \(reason)") }

    /// All lines.
    var report: [String] { lines }

    private mutating func add(_ paths: [String], _ text: String) {
        switch paths.count {
        case 0: return
        case 1...3: for path in paths { lines.append("\(shown(path)): \(text)") }
        default:
            let first = paths.prefix(2).map(shown).joined(separator: ", ")
            lines.append("\(paths.count) files (\(first), …): \(text)")
        }
    }

    private func shown(_ path: String) -> String { Renderer.relative(path, to: root) }

    private func isTest(_ path: String) -> Bool { shown(path).split(separator: "/").dropLast().contains("Tests") }

    // MARK: failed compiles

    /// Files whose unit names an object file that is not there, though others of its folder are: a failed compile removes it.
    static func failed(_ files: [ProgramIndex.File]) -> Set<String> {
        var folders: [String: Bool] = [:]
        var failed: Set<String> = []
        for file in files where file.output.hasPrefix("/") {
            guard access(file.output, F_OK) != 0 else { continue }
            let folder = URL(filePath: file.output).deletingLastPathComponent().path
            if folders[folder] == nil {
                // Some build systems name outputs that never exist: then their absence says nothing.
                let names = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
                folders[folder] = names.contains { $0.hasSuffix(".o") || $0.hasSuffix(".dia") }
            }
            if folders[folder] == true { failed.insert(file.path) }
        }
        return failed
    }
}

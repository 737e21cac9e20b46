import Foundation

/// Makes the safe changes in the files, and shows the others. For `--fix`.
public enum FileFixer {
    /// What was done, and what was not.
    public struct Outcome: Sendable {
        /// Files that were written.
        public var changed: [String] = []
        /// Findings that went away.
        public var fixes: [Fix] = []
        /// Proposals, as one unified difference.
        public var preview = ""
        /// Findings that are left to people, with the reasons.
        public var refusals: [FixPlan.Refusal] = []
        /// Files that could not be read or written, one line each.
        public var problems: [String] = []

        public init() {}
    }

    /// - Parameters:
    ///   - findings: as the linter gave them, of the files as they are now.
    ///   - root: paths in ``Outcome/preview`` are relative to it.
    ///   - isDryRun: writes nothing; the safe changes are in the preview then. Default false.
    public static func run(_ findings: [Finding], root: String, isDryRun: Bool = false) -> Outcome {
        var outcome = Outcome()
        for path in Set(findings.map(\.place.path)).sorted() {
            guard let contents = FileManager.default.contents(atPath: path) else {
                outcome.problems.append("\(path): cannot be read")
                continue
            }
            let bytes = [UInt8](contents)
            let plan = Fixer.plan(findings, path: path, bytes: bytes)
            outcome.refusals += plan.refusals
            let safe = plan.fixes.filter { $0.kind == .safe }
            let written = isDryRun ? bytes : FixPlan.apply(safe, to: bytes)
            if !safe.isEmpty, !isDryRun {
                do {
                    // In place: the file keeps its mode and its links.
                    try Data(written).write(to: URL(filePath: path))
                    outcome.changed.append(path)
                    outcome.fixes += safe
                } catch {
                    outcome.problems.append("\(path): cannot be written: \(error)")
                    continue
                }
            }
            // The proposals stand beside what has been written.
            outcome.preview += UnifiedDiff.text(
                path: Renderer.relative(path, to: root), from: written, to: FixPlan.apply(plan.fixes, to: bytes))
        }
        return outcome
    }
}

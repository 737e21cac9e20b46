import Foundation

/// Makes the changes that are safe, and shows those that somebody has to judge.
struct FixRun {
    /// What was done, for the console.
    struct Outcome: Sendable {
        var applied: [Fix] = []
        var refused = 0
        /// Proposals as a diff, nothing of which was written.
        var preview = ""
        /// Findings that are gone, by place and rule.
        var repaired: Set<Key> = []
    }

    struct Key: Hashable, Sendable {
        var place: Finding.Place
        var rule: String
    }

    /// Files whose text is that of the analysis are rewritten as a whole, others are left alone.
    ///
    /// - Throws: ``ConfigurationError`` when a file cannot be written.
    static func run(_ findings: [Finding], root: String) throws(ConfigurationError) -> Outcome {
        var outcome = Outcome()
        let byFile = Dictionary(grouping: findings, by: \.place.path).sorted { $0.key < $1.key }
        for (path, findings) in byFile where path.hasSuffix(".swift") {
            guard let data = FileManager.default.contents(atPath: path) else { continue }
            let bytes = [UInt8](data)
            let plan = Fixer.plan(findings, path: path, bytes: bytes)
            outcome.refused += plan.refusals.count
            let safe = plan.fixes.filter { $0.kind == .safe }
            let proposals = plan.fixes.filter { $0.kind == .preview }
            var text = bytes
            if !safe.isEmpty {
                text = FixPlan.apply(safe, to: bytes)
                try OutputFile.write(bytes: text, to: path)
                outcome.applied += safe
                for fix in safe { outcome.repaired.insert(Key(place: fix.place, rule: fix.rule)) }
            }
            if !proposals.isEmpty {
                outcome.preview += UnifiedDiff.text(
                    path: Renderer.relative(path, to: root), from: bytes, to: FixPlan.apply(proposals, to: bytes))
            }
        }
        return outcome
    }
}

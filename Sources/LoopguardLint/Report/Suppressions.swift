/// The comments that silence findings, and what is wrong with them.
struct Suppressions {
    private struct Entry {
        var path: String
        var comment: SourceFacts.Suppression
        var isUsed = false
    }

    private var entries: [Entry] = []
    private let today: String

    init(facts: [SourceFacts], today: String) {
        self.today = today
        for file in facts { entries += file.suppressions.map { Entry(path: file.path, comment: $0) } }
    }

    /// What a valid comment that covers the finding says; nil when there is none.
    mutating func silence(_ finding: Finding) -> Finding.Allowance? {
        var allowance: Finding.Allowance?
        for index in entries.indices
        where entries[index].path == finding.place.path && entries[index].comment.covers.contains(finding.place.line)
            && entries[index].comment.rules.contains(finding.rule) && entries[index].comment.problem == nil
        {
            entries[index].isUsed = true
            let comment = entries[index].comment
            if !isExpired(comment) {
                allowance = .init(by: .comment, reason: comment.reason, until: comment.until)
            }
        }
        return allowance
    }

    private func isExpired(_ comment: SourceFacts.Suppression) -> Bool { comment.until.map { $0 < today } ?? false }

    /// Comments that cannot be used, that have expired, and that silence nothing.
    func complaints() -> [Finding] {
        entries.compactMap { entry in
            let comment = entry.comment
            if let problem = comment.problem { return complaint("suppression-invalid", .error, entry, problem) }
            if isExpired(comment) {
                return complaint(
                    "suppression-expired", .warning, entry,
                    "this allowance of \(comment.rules.joined(separator: ", ")) ended on \(comment.until ?? "?")")
            }
            guard !entry.isUsed else { return nil }
            return complaint(
                "suppression-unused", .warning, entry,
                "nothing here is found by \(comment.rules.joined(separator: ", ")); remove the comment")
        }
    }

    private func complaint(_ rule: String, _ severity: Finding.Severity, _ entry: Entry, _ message: String) -> Finding {
        Finding(
            rule: rule, severity: severity, place: .init(path: entry.path, line: entry.comment.line, column: 1),
            message: message, sink: "", context: "", path: [], related: [], confidence: 1,
            key: "\(rule) > \(entry.comment.rules.joined(separator: ","))")
    }
}

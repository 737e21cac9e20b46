/// What there is to say about a rule, apart from its page in Documentation/Rules.
public struct RuleInfo: Sendable, Equatable {
    public var id: String
    /// Tier of the catalogue, or `structure`, or `comments` for rules about the linter's own comments and files.
    public var group: String
    /// What the linter gives by itself.
    public var severity: Finding.Severity
    /// One sentence.
    public var summary: String
    /// What to use instead; nil for rules without a call.
    public var replacement: String?
    /// Calls that it knows, as the catalogue writes them.
    public var functions: [String] = []
    /// Reported unless the configuration says otherwise.
    public var isOnByDefault = true

    /// Where its page is.
    public var page: String { Self.pages + id + ".md" }

    static let pages = "https://github.com/loopguard/loopguard/blob/main/Documentation/Rules/"

    /// All rules: those of the catalogue, by tier, then the others.
    public static func all(_ catalogue: Catalogue) -> [RuleInfo] {
        var known: [String: RuleInfo] = [:]
        for sink in catalogue.sinks {
            if known[sink.rule] == nil {
                known[sink.rule] = RuleInfo(
                    id: sink.rule, group: sink.tier.rawValue, severity: sink.tier.severity,
                    summary: "A call that \(sink.tier.verb), on an event loop or in an async function.",
                    replacement: sink.replacement, isOnByDefault: sink.tier > .stdio)
            }
            known[sink.rule]?.functions += sink.functions
        }
        let order = Catalogue.Tier.allCases.reversed().map(\.rawValue)
        let ofCatalogue = known.values.sorted { a, b in
            let (x, y) = (order.firstIndex(of: a.group) ?? 99, order.firstIndex(of: b.group) ?? 99)
            return (x, a.id) < (y, b.id)
        }
        return ofCatalogue + ofComments.filter { known[$0.id] == nil }
    }

    private static let ofComments = [
        RuleInfo(
            id: "suppression-invalid", group: "comments", severity: .error,
            summary: "A loopguard:allow comment without a rule, without a reason, or with a date that is none."),
        RuleInfo(
            id: "suppression-expired", group: "comments", severity: .warning,
            summary: "A loopguard:allow comment whose `until` is over: it silences nothing any more."),
        RuleInfo(
            id: "suppression-unused", group: "comments", severity: .warning,
            summary: "A loopguard:allow comment that silences nothing."),
        RuleInfo(
            id: "baseline-expired", group: "comments", severity: .warning,
            summary: "An entry of the baseline whose `until` is over."),
        RuleInfo(
            id: "baseline-stale", group: "comments", severity: .warning,
            summary: "An entry of the baseline that matches nothing any more."),
    ]

    /// For `--explain`.
    public var explanation: String {
        var lines = ["\(id)  [\(group), \(severity.rawValue)\(isOnByDefault ? "" : ", off by default")]", "", summary]
        if let replacement { lines += ["", "Instead: \(replacement)"] }
        if !functions.isEmpty {
            lines += ["", "Calls that it knows:"]
            lines += functions.map { "  " + $0 }
        }
        lines += ["", "Allow one place, with a reason, by a comment on its line or above it:"]
        lines += ["  // loopguard:allow(\(id)) reason: …  until: 2027-01-31", "", "More: \(page)"]
        return lines.joined(separator: "\n") + "\n"
    }

    /// For `--list-rules`: one line.
    public var line: String {
        let id = id + String(repeating: " ", count: max(1, 30 - id.count))
        let group = group + String(repeating: " ", count: max(1, 11 - group.count))
        let severity = (isOnByDefault ? severity.rawValue : "off") + String(repeating: " ", count: 1)
        return id + group + severity + String(repeating: " ", count: max(0, 8 - severity.count))
            + (replacement.map { "use " + $0 } ?? summary)
    }
}

extension Catalogue.Tier {
    /// What a finding of this kind is, before confidence is looked at.
    var severity: Finding.Severity {
        switch self {
        case .waits: .error
        case .file, .cpu: .warning
        case .lock, .stdio: .note
        }
    }

    /// What such a call does to a loop.
    var verb: String {
        switch self {
        case .waits: "blocks its thread"
        case .file: "waits for the disk"
        case .cpu: "computes for long"
        case .lock: "may wait for a lock"
        case .stdio: "may wait for whoever reads the output"
        }
    }
}

extension RuleInfo {
    /// What somebody probably meant who asked for a rule that there is not.
    public static func hint(_ text: String, among rules: [RuleInfo]) -> String {
        NearestName.hint(text, among: rules.map(\.id)) + " --list-rules shows all"
    }
}

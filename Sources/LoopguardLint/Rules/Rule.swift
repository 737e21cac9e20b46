/// One of the linter's rules, as its page in Documentation/Rules describes it.
public struct Rule: Sendable, Equatable {
    /// Stable name: what comments, configuration and baselines say.
    public var id: String
    /// One sentence.
    public var title: String
    /// Of a rule of the catalogue its tier; `structure` for rules about how calls stand to each other, `comment` for rules about
    /// the linter's own comments.
    public var tier: String
    /// Before confidence and configuration change it.
    public var severity: Finding.Severity
    /// What is found and what to do about it: two short paragraphs of Markdown.
    public var help: String

    /// All rules, by name.
    public static let all: [Rule] = RulePage.ids.compactMap { id in
        RulePage.text(for: id).flatMap { Rule(id: id, page: $0) }
    }

    /// The rule of a name; nil when there is none.
    public static func named(_ id: String) -> Rule? { all.first { $0.id == id } }

    /// Nil when the page has not the form that Documentation/Rules/README.md describes.
    init?(id: String, page: String) {
        let lines = page.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
        guard lines.count > 4, lines[0] == "# \(id)", let row = lines.first(where: { $0.hasPrefix("Tier: ") }) else {
            return nil
        }
        let words = row.split(separator: " ").map { $0.trimmingSuffix { $0 == "." || $0 == "," } }
        guard words.count == 4, words[2] == "Severity:", let severity = Finding.Severity(rawValue: words[3]) else {
            return nil
        }
        self.id = id
        title = lines[2]
        tier = words[1]
        self.severity = severity
        help = [Self.section("What", of: lines), Self.section("Fix", of: lines)].joined(separator: "\n\n")
    }

    /// The text below a heading.
    static func section(_ name: String, of lines: [String]) -> String {
        guard let start = lines.firstIndex(of: "## \(name)") else { return "" }
        return lines[(start + 1)...].prefix { !$0.hasPrefix("## ") }.joined(separator: "\n").trimmed
    }
}

extension StringProtocol {
    fileprivate func trimmingSuffix(_ isUnwanted: (Character) -> Bool) -> String {
        var text = Substring(self)
        while let last = text.last, isUnwanted(last) { text.removeLast() }
        return String(text)
    }
}

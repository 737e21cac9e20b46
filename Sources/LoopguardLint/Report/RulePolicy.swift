/// Which rules are reported, and how severely: the team's choices laid over the linter's own.
struct RulePolicy: Sendable {
    private let tiers: Set<Catalogue.Tier>
    private let settings: [String: LintConfiguration.RuleSetting]
    private let tierOfRule: [String: Catalogue.Tier]

    init(
        tiers: Set<Catalogue.Tier>, settings: [String: LintConfiguration.RuleSetting], catalogue: Catalogue
    ) {
        self.tiers = tiers
        self.settings = settings
        tierOfRule = Dictionary(catalogue.sinks.map { ($0.rule, $0.tier) }, uniquingKeysWith: { max($0, $1) })
    }

    /// Tiers that the analysis has to look for: those chosen, and those of rules that are on by themselves.
    var analysedTiers: Set<Catalogue.Tier> {
        tiers.union(settings.filter { $0.value != .off }.compactMap { tierOfRule[$0.key] })
    }

    /// The finding as the team wants it; nil when it does not.
    func apply(_ finding: Finding) -> Finding? {
        guard let setting = settings[finding.rule] else {
            guard let tier = tierOfRule[finding.rule] else { return finding }
            return tiers.contains(tier) ? finding : nil
        }
        var finding = finding
        switch setting {
        case .off: return nil
        case .on: break
        case .note: finding.severity = .note
        case .warning: finding.severity = .warning
        case .error: finding.severity = .error
        }
        return finding
    }

    /// A comment that allows nothing but rules that are off cannot be used, and is no reason to complain.
    func isOff(_ complaint: Finding) -> Bool {
        guard complaint.rule == "suppression-unused", let rules = complaint.key.split(separator: ">").last else {
            return false
        }
        let names = rules.split(separator: ",").map { $0.trimmed }
        return names.allSatisfy { name in
            if let setting = settings[name] { return setting == .off }
            return tierOfRule[name].map { !tiers.contains($0) } ?? false
        }
    }
}

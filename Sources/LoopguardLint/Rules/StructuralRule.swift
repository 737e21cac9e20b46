/// A rule about how calls stand to each other, where the catalogue's rules are about single calls.
protocol StructuralRule: Sendable {
    /// As in Documentation/Rules.
    var id: String { get }
    /// What the rule has to say of one of the user's files.
    func findings(in file: RuleFile) -> [Finding]
}

/// Asks all structural rules.
struct StructuralRules {
    /// In the order in which their findings are made; the report is sorted by place.
    static let all: [any StructuralRule] = [
        BlockingUnderLock(), LockAcrossAwait(), SemaphoreBridge(), FakeAsync(), NestedOffload(), NeedlessOffload(),
        BlockingWitness(), BlockingTopLevel(),
    ]

    let program: Program
    let graph: CallGraph
    var tiers: Set<Catalogue.Tier>
    var includesStartup = false
    var bySyntax: Set<String> = []

    /// What the rules find, and the others' findings with those left out that a rule says better.
    func findings(besides others: [Finding]) -> [Finding] {
        let calls = RuleProgram(
            program: program, graph: graph, tiers: tiers, includesStartup: includesStartup,
            bySyntax: bySyntax)
        var all = others
        for number in program.index.files.indices where program.isOwn[number] {
            guard let file = RuleFile(number, in: calls) else { continue }
            for rule in Self.all {
                for finding in rule.findings(in: file) { add(finding, to: &all) }
            }
        }
        return all
    }

    /// One root cause is one finding: of two at one place the more telling one stays, with what the other knew.
    private func add(_ finding: Finding, to all: inout [Finding]) {
        guard let number = all.firstIndex(where: { $0.place == finding.place }) else { return all.append(finding) }
        if finding.rule == SemaphoreBridge().id, all[number].rule != finding.rule {
            var better = finding
            better.path = all[number].path
            better.context = all[number].context
            better.severity = max(finding.severity, all[number].severity)
            better.related = finding.related + all[number].related
            all[number] = better
        } else if all[number].rule != finding.rule {
            all[number].related += finding.related.filter { !all[number].related.contains($0) }
        }
    }
}

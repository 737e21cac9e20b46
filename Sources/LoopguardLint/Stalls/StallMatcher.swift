/// Finds out which finding explains which stall of a production server.
struct StallMatcher: Sendable {
    private let export: StallExport

    init(_ export: StallExport) { self.export = export }

    /// Marks the findings that were seen; the rest of the stalls is returned, most time first.
    ///
    /// A stall whose machine was at fault is nobody's finding, and left out.
    func mark(_ findings: inout [Finding], rules: Set<String>) -> [StallSiteSummary] {
        var unexplained: [StallSiteSummary] = []
        for site in export.sites where site.worst.cause.hostAtFault != true {
            let stack = Self.stack(site.worst)
            let scores = findings.map { Self.score($0, stack, rule: site.worst.rule) }
            guard let best = scores.max(), best > 0 else {
                unexplained.append(Self.summary(site, stack, rules))
                continue
            }
            for index in findings.indices where scores[index] == best {
                var seen =
                    findings[index].production ?? .init(stalls: 0, totalNs: 0, maxNs: 0, fingerprints: [])
                seen.stalls = Self.sum(seen.stalls, site.count)
                seen.totalNs = Self.sum(seen.totalNs, site.totalNs)
                seen.maxNs = max(seen.maxNs, site.maxNs)
                seen.fingerprints.append(site.fingerprint)
                findings[index].production = seen
            }
        }
        return unexplained.sorted { ($1.totalNs, $0.fingerprint) < ($0.totalNs, $1.fingerprint) }
    }

    private static func sum(_ a: UInt64, _ b: UInt64) -> UInt64 {
        let (value, overflow) = a.addingReportingOverflow(b)
        return overflow ? .max : value
    }

    private static func stack(_ report: StallExport.Report) -> [StallExport.Frame] {
        let best = report.samples.first { $0.validity == "verified" && !$0.frames.isEmpty }
        return best?.frames ?? report.samples.first { !$0.frames.isEmpty }?.frames ?? []
    }

    /// How surely the stack is the finding's: by the lines of the path, or else by the function that makes the call, and the rule.
    /// 0 for another one.
    private static func score(_ finding: Finding, _ stack: [StallExport.Frame], rule: String?) -> Int {
        guard !finding.sink.isEmpty else { return 0 }
        let own = stack.filter { $0.isRuntime != true }.prefix(16)
        var score = 0
        let places = Set([finding.place] + finding.path.dropFirst().map(\.place))
        for frame in own {
            guard let file = frame.file else { continue }
            for place in places where frame.line == place.line && isSame(file, place.path) { score += 4 }
        }
        // A server may run an older text: then names tell.
        let names = Set(finding.key.split(separator: " > ").dropFirst(2).compactMap { baseName($0) })
        if let first = own.first, let function = first.function.flatMap({ baseName($0[...]) }),
            names.contains(function), first.file.map({ isSame($0, finding.place.path) }) ?? (rule == finding.rule)
        {
            score += 1
        }
        if score > 0, rule == finding.rule { score += 2 }
        // By name alone, a rule that says otherwise counts for more.
        return score == 1 && rule != nil && rule != finding.rule ? 0 : score
    }

    /// Whether two paths end alike: builds on other machines have other folders above.
    private static func isSame(_ a: String, _ b: String) -> Bool {
        let a = a.split(separator: "/")
        let b = b.split(separator: "/")
        let common = zip(a.reversed(), b.reversed()).prefix { $0 == $1 }.count
        return common > 0 && common >= min(2, a.count, b.count)
    }

    /// `load` of `Store.load(id:)` and of `closure #1 in App.Store.load(id: Swift.Int) async -> ()`; nil for a closure without more.
    static func baseName(_ name: Substring) -> String? {
        var text = name
        while let range = text.firstRange(of: "closure "), let rest = text[range.upperBound...].firstRange(of: "in ") {
            text = text[rest.upperBound...]
        }
        if text.hasPrefix("closure") { return nil }
        if let end = text.firstIndex(where: { "(<".contains($0) }) {
            // `(extension in App):App.Store.load(…)`, `(2) await resume partial function for …`.
            if end == text.startIndex, let close = text.firstIndex(of: ")") {
                return baseName(text[text.index(after: close)...].drop { " :".contains($0) })
            }
            text = text[..<end]
        }
        return text.split(separator: ".").last?.split(separator: " ").last.map(String.init)
    }

    private static func summary(
        _ site: StallExport.Site, _ stack: [StallExport.Frame], _ rules: Set<String>
    ) -> StallSiteSummary {
        let own = stack.first { $0.isRuntime != true }
        let call = stack.prefix { $0.isRuntime == true }.last?.function ?? site.worst.cause.systemCall
        let rule = site.worst.rule.flatMap { rules.contains($0) ? $0 : nil }
        let why =
            if let rule {
                "\(rule) knows the call, but no way from an event loop to it was found in these files"
            } else if site.worst.cause.category.hasPrefix("computing") {
                "computing: no rule covers work of one's own"
            } else if let call {
                "no rule covers \(call); a catalogue entry would"
            } else {
                "no rule covers it"
            }
        return StallSiteSummary(
            fingerprint: site.fingerprint, stalls: site.count, totalNs: site.totalNs, cause: site.worst.cause.category,
            function: own?.function, file: own?.file, line: own?.line, call: call, rule: rule, why: why)
    }
}

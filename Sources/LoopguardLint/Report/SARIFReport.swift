import Foundation

/// SARIF 2.1.0 (OASIS): one run, rules with help, code flows, fingerprints that survive moved lines. What of the standard is used is
/// written down in Documentation/lint-sarif.schema.json.
struct SARIFReport {
    private let result: Linter.Result
    private let options: Renderer.Options
    private let lines = SourceLines()

    init(_ result: Linter.Result, _ options: Renderer.Options) {
        self.result = result
        self.options = options
    }

    var text: String {
        let all = result.findings + result.suppressed
        let used = Set(all.map(\.rule))
        let known = options.rules.filter { used.contains($0.id) }
        let unknown = used.subtracting(known.map(\.id)).sorted().map {
            RuleInfo(id: $0, group: "structure", severity: .warning, summary: $0)
        }
        let rules = (known + unknown).sorted { $0.id < $1.id }
        let number = Dictionary(rules.enumerated().map { ($1.id, $0) }, uniquingKeysWith: { first, _ in first })
        var seen: [String: Int] = [:]
        let entries = all.map { finding -> SARIF.Entry in
            seen[finding.key, default: 0] += 1
            return entry(finding, number[finding.rule] ?? 0, occurrence: seen[finding.key] ?? 1)
        }
        let log = SARIF.Log(runs: [
            SARIF.Run(
                tool: .init(driver: .init(rules: rules.map(rule))),
                originalUriBaseIds: ["SRCROOT": .init(uri: "file://" + encoded(options.root) + "/")],
                results: entries,
                invocations: [
                    .init(
                        executionSuccessful: true,
                        toolExecutionNotifications: result.blindSpots.map {
                            .init(level: "note", message: .init(text: $0))
                        })
                ])
        ])
        return JSONReport.json(log, .useDefaultKeys)
    }

    private func rule(_ info: RuleInfo) -> SARIF.Rule {
        let use = info.replacement.map { " Use \($0) instead." } ?? ""
        return SARIF.Rule(
            id: info.id, shortDescription: .init(text: info.summary),
            fullDescription: .init(text: info.summary + use),
            help: .init(text: info.explanation, markdown: "\(info.summary)\(use)\n\n[More](\(info.page))"),
            helpUri: info.page,
            defaultConfiguration: .init(enabled: info.isOnByDefault, level: info.severity.rawValue),
            properties: .init(tags: ["event-loop", info.group]))
    }

    private func entry(_ finding: Finding, _ rule: Int, occurrence: Int) -> SARIF.Entry {
        SARIF.Entry(
            ruleId: finding.rule, ruleIndex: rule, level: finding.severity.rawValue,
            message: .init(text: Renderer.message(finding)), locations: [location(finding.place)],
            relatedLocations: finding.related.isEmpty
                ? nil : finding.related.enumerated().map { location($1.place, $1.text, id: $0 + 1) },
            codeFlows: finding.path.isEmpty
                ? nil
                : [
                    .init(threadFlows: [
                        .init(locations: finding.path.map { .init(location: location($0.place, $0.text)) })
                    ])
                ],
            partialFingerprints: ["loopguardPath/v1": Self.hash("\(finding.key) #\(occurrence)")],
            suppressions: finding.allowance.map { allowance in
                [
                    .init(
                        kind: allowance.by == .comment ? "inSource" : "external", status: "accepted",
                        justification: allowance.reason.isEmpty ? nil : allowance.reason)
                ]
            },
            rank: (finding.confidence * 100).rounded(),
            properties: finding.production.map {
                .init(productionStalls: $0.stalls, productionTotalNs: $0.totalNs)
            })
    }

    private func location(_ place: Finding.Place, _ text: String? = nil, id: Int? = nil) -> SARIF.Location {
        let path = Renderer.relative(place.path, to: options.root)
        let isBelow = !path.hasPrefix("/")
        return SARIF.Location(
            id: id,
            physicalLocation: .init(
                artifactLocation: .init(
                    uri: isBelow ? encoded(path) : "file://" + encoded(path), uriBaseId: isBelow ? "SRCROOT" : nil),
                region: .init(
                    startLine: max(1, place.line), startColumn: max(1, lines.utf16Column(place, in: place.path)))),
            message: text.map { .init(text: $0) })
    }

    private func encoded(_ path: String) -> String {
        var allowed = CharacterSet.urlPathAllowed
        // The first part of a relative path must not look like a scheme.
        allowed.remove(charactersIn: ":")
        return path.addingPercentEncoding(withAllowedCharacters: allowed) ?? path
    }

    /// FNV-1a, 64 bits: the same text has the same value on every machine.
    static func hash(_ text: String) -> String {
        var hash: UInt64 = 0xcbf2_9ce4_8422_2325
        for byte in text.utf8 { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01b3 }
        let digits = String(hash, radix: 16)
        return String(repeating: "0", count: 16 - digits.count) + digits
    }
}

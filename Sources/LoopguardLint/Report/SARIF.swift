import Foundation

/// SARIF 2.1.0 (OASIS): one run, rules with help, code flows, fingerprints that survive moved lines.
enum SARIF {
    static func log(_ result: Linter.Result, root: String) -> String {
        let findings = result.findings.map { $0.relative(to: root) }
        let rules = Set(findings.map(\.rule)).sorted()
        let log = Log(runs: [
            Run(
                tool: Tool(driver: Driver(rules: rules.map { Rule(id: $0, help: Text(text: help($0, findings))) })),
                results: findings.map { entry($0, rules) },
                invocations: [
                    Invocation(
                        executionSuccessful: true,
                        toolExecutionNotifications: result.blindSpots.map {
                            Notification(level: "note", message: Text(text: $0))
                        })
                ])
        ])
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes, .prettyPrinted]
        guard let bytes = try? encoder.encode(log) else { return "" }
        return String(decoding: bytes, as: UTF8.self) + "\n"
    }

    private static func help(_ rule: String, _ findings: [Finding]) -> String {
        findings.first { $0.rule == rule }.map { "For example: \($0.message)" } ?? rule
    }

    private static func entry(_ finding: Finding, _ rules: [String]) -> Entry {
        Entry(
            ruleId: finding.rule, ruleIndex: rules.firstIndex(of: finding.rule) ?? 0, level: finding.severity.rawValue,
            message: Text(text: finding.message), locations: [location(finding.place)],
            relatedLocations: finding.related.map { location($0.place, $0.text) },
            codeFlows: finding.path.isEmpty
                ? []
                : [
                    Flow(threadFlows: [
                        ThreadFlow(locations: finding.path.map { .init(location: location($0.place, $0.text)) })
                    ])
                ],
            partialFingerprints: ["loopguard/v1": finding.key], rank: (finding.confidence * 100).rounded())
    }

    private static func location(_ place: Finding.Place, _ text: String? = nil) -> Location {
        Location(
            physicalLocation: Physical(
                artifactLocation: Artifact(uri: uri(place.path)),
                region: Region(startLine: place.line, startColumn: place.column)),
            message: text.map { Text(text: $0) })
    }

    private static func uri(_ path: String) -> String {
        var allowed = CharacterSet.urlPathAllowed
        allowed.remove(charactersIn: ":")
        let encoded = path.addingPercentEncoding(withAllowedCharacters: allowed) ?? path
        return path.hasPrefix("/") ? "file://" + encoded : encoded
    }

    private struct Log: Encodable {
        var version = "2.1.0"
        var schema = "https://json.schemastore.org/sarif-2.1.0.json"
        var runs: [Run]
        private enum CodingKeys: String, CodingKey {
            case version
            case schema = "$schema"
            case runs
        }
    }
    private struct Run: Encodable {
        var tool: Tool
        var results: [Entry]
        var invocations: [Invocation]
        var columnKind = "utf16CodeUnits"
    }
    private struct Tool: Encodable { var driver: Driver }
    private struct Driver: Encodable {
        var name = "loopguard-lint"
        var informationUri = "https://github.com/loopguard/loopguard"
        var rules: [Rule]
    }
    private struct Rule: Encodable {
        var id: String
        var help: Text
    }
    private struct Entry: Encodable {
        var ruleId: String
        var ruleIndex: Int
        var level: String
        var message: Text
        var locations: [Location]
        var relatedLocations: [Location]
        var codeFlows: [Flow]
        var partialFingerprints: [String: String]
        var rank: Double
    }
    private struct Text: Encodable { var text: String }
    private struct Location: Encodable {
        var physicalLocation: Physical
        var message: Text?
    }
    private struct Physical: Encodable {
        var artifactLocation: Artifact
        var region: Region
    }
    private struct Artifact: Encodable { var uri: String }
    private struct Region: Encodable {
        var startLine: Int
        var startColumn: Int
    }
    private struct Flow: Encodable { var threadFlows: [ThreadFlow] }
    private struct ThreadFlow: Encodable { var locations: [Stop] }
    private struct Stop: Encodable { var location: Location }
    private struct Invocation: Encodable {
        var executionSuccessful: Bool
        var toolExecutionNotifications: [Notification]
    }
    private struct Notification: Encodable {
        var level: String
        var message: Text
    }
}

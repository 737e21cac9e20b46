/// The objects of SARIF 2.1.0 that we write, by the standard's names.
enum SARIF {
    struct Log: Encodable {
        var version = "2.1.0"
        var schema = "https://json.schemastore.org/sarif-2.1.0.json"
        var runs: [Run]
        private enum CodingKeys: String, CodingKey {
            case version
            case schema = "$schema"
            case runs
        }
    }
    struct Run: Encodable {
        var tool: Tool
        var originalUriBaseIds: [String: Artifact]
        var results: [Entry]
        var invocations: [Invocation]
        var columnKind = "utf16CodeUnits"
    }
    struct Tool: Encodable { var driver: Driver }
    struct Driver: Encodable {
        var name = "loopguard-lint"
        var informationUri = "https://github.com/loopguard/loopguard"
        var rules: [Rule]
    }
    struct Rule: Encodable {
        var id: String
        var shortDescription: Text
        var fullDescription: Text
        var help: Text
        var helpUri: String
        var defaultConfiguration: RuleConfiguration
        var properties: RuleProperties
    }
    struct RuleConfiguration: Encodable {
        var enabled: Bool
        var level: String
    }
    struct RuleProperties: Encodable { var tags: [String] }
    struct Entry: Encodable {
        var ruleId: String
        var ruleIndex: Int
        var level: String
        var message: Text
        var locations: [Location]
        var relatedLocations: [Location]?
        var codeFlows: [Flow]?
        var partialFingerprints: [String: String]
        var suppressions: [Suppression]?
        var rank: Double
        var properties: EntryProperties?
    }
    struct EntryProperties: Encodable {
        var productionStalls: UInt64
        var productionTotalNs: UInt64
    }
    struct Suppression: Encodable {
        var kind: String
        var status: String
        var justification: String?
    }
    struct Text: Encodable {
        var text: String
        var markdown: String?
    }
    struct Location: Encodable {
        var id: Int?
        var physicalLocation: Physical
        var message: Text?
    }
    struct Physical: Encodable {
        var artifactLocation: Artifact
        var region: Region
    }
    struct Artifact: Encodable {
        var uri: String
        var uriBaseId: String?
    }
    struct Region: Encodable {
        var startLine: Int
        var startColumn: Int
    }
    struct Flow: Encodable { var threadFlows: [ThreadFlow] }
    struct ThreadFlow: Encodable { var locations: [Stop] }
    struct Stop: Encodable { var location: Location }
    struct Invocation: Encodable {
        var executionSuccessful: Bool
        var toolExecutionNotifications: [Notification]
    }
    struct Notification: Encodable {
        var level: String
        var message: Text
    }
}

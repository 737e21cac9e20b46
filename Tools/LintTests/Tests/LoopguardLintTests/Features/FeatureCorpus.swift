import Testing

@testable import LoopguardLint

/// One language feature: a file of the module App that blocks on event loops by way of it, and does not right beside.
struct Feature: Sendable, CustomTestStringConvertible {
    var name: String
    var source: String

    init(_ name: String, _ source: String) {
        self.name = name
        self.source = source
    }

    var testDescription: String { name }

    static let all = codeFeatures + memberFeatures + dispatchFeatures + valueFeatures + concurrencyFeatures
}

/// All features as one program, so that it is compiled and judged once: module App on Base and CLib, and a module Elsewhere
/// that App does not link.
enum FeatureCorpus {
    struct Outcome: Sendable {
        /// `File.swift:LINE RULE`, sorted.
        var found: [String]
        var expected: [String]
    }

    static var fixture: Fixture {
        let app = Dictionary(uniqueKeysWithValues: Feature.all.map { ("\($0.name).swift", $0.source) })
        return Fixture(
            modules: [
                (name: "Base", files: ["Base.swift": base]), (name: "Elsewhere", files: ["Elsewhere.swift": elsewhere]),
                (name: "App", files: app),
            ], c: (name: "CLib", files: cModule))
    }

    static let outcome = Result<Outcome, any Error> {
        let (found, expected, _) = try fixture.findings()
        return Outcome(found: found.map(line).sorted(), expected: expected)
    }

    static func line(_ finding: Finding) -> String {
        "\(finding.place.path.split(separator: "/").last ?? ""):\(finding.place.line) \(finding.rule)"
    }
}

import Foundation
import Testing

@testable import LoopguardLint

@Suite struct BaselineTests {
    private func finding(_ path: [String], line: Int = 3, rule: String = "blocking-sleep") -> Finding {
        Finding(
            rule: rule, severity: .error, place: .init(path: "/p/Sources/A.swift", line: line, column: 5),
            message: "m", sink: "usleep()", context: "c", path: [], related: [], confidence: 1,
            key: ([rule, "usleep()"] + path).joined(separator: " > "))
    }

    private func apply(
        _ baseline: Baseline, _ findings: [Finding], today: String = "2026-11-24"
    ) -> Baseline.Outcome { baseline.apply(findings, today: today) { _ in true } }

    @Test func movedLinesChangeNothing() {
        let baseline = Baseline(accepting: [finding(["handle()", "load()"])], root: "/p")
        let outcome = apply(baseline, [finding(["handle()", "load()"], line: 99)])
        #expect(outcome.remaining.isEmpty)
        #expect(outcome.accepted.map(\.allowance) == [.init(by: .baseline, reason: "", until: nil)])
        #expect(outcome.complaints.isEmpty)
    }

    @Test func aSecondOneOfTheKindIsNew() {
        let one = finding(["handle()"])
        let baseline = Baseline(accepting: [one], root: "/p")
        #expect(baseline.entries.map(\.count) == [1])
        let outcome = apply(baseline, [one, finding(["handle()"], line: 8)])
        #expect(outcome.remaining.map(\.place.line) == [8])
        #expect(Baseline(accepting: [one, one], root: "/p").entries.map(\.count) == [2])
    }

    @Test func anotherWayOrAnotherRuleIsNew() {
        let baseline = Baseline(accepting: [finding(["handle()"])], root: "/p")
        let others = [finding(["handle2()"]), finding(["handle()"], rule: "blocking-dns")]
        let outcome = apply(baseline, others)
        #expect(outcome.remaining == others)
        #expect(outcome.complaints.map(\.rule) == ["baseline-stale"])
    }

    @Test func whatMatchesNothingIsSaidIfItsFileWasLookedAt() {
        let baseline = Baseline(accepting: [finding(["a()"]), finding(["a()"]), finding(["b()"])], root: "/p")
        let outcome = apply(baseline, [finding(["a()"])])
        #expect(outcome.complaints.map(\.message).filter { $0.contains("accepts 1 more than there are") }.count == 1)
        #expect(outcome.complaints.map(\.message).filter { $0.contains("matches nothing any more") }.count == 1)
        #expect(baseline.apply([], today: "2026-11-24") { _ in false }.complaints.isEmpty)
    }

    @Test func anEntryHoldsToItsLastDay() {
        var baseline = Baseline(accepting: [finding(["a()"])], root: "/p")
        baseline.entries[0].until = "2026-11-24"
        #expect(apply(baseline, [finding(["a()"])]).remaining.isEmpty)
        let late = apply(baseline, [finding(["a()"])], today: "2026-11-25")
        #expect(late.remaining.count == 1)
        #expect(late.complaints.map(\.rule) == ["baseline-expired"])
    }

    @Test func reasonsAreKeptWhenItIsWrittenAgain() {
        var old = Baseline(accepting: [finding(["a()"]), finding(["gone()"])], root: "/p")
        for index in old.entries.indices {
            old.entries[index].reason = "because"
            old.entries[index].until = "2027-01-31"
        }
        let new = Baseline(accepting: [finding(["a()"]), finding(["b()"])], root: "/p", keeping: old)
        #expect(new.entries.map(\.path) == [["a()"], ["b()"]])
        #expect(new.entries.map(\.reason) == ["because", nil])
        #expect(new.entries.map(\.until) == ["2027-01-31", nil])
    }

    @Test func theFileIsThatOfTheSchema() throws {
        let schema = try JSONSchema(file: Repository.root.appending(path: "Documentation/lint-baseline.schema.json"))
        var baseline = Baseline(accepting: [finding(["a()", "b()"])], root: "/p")
        baseline.entries[0].reason = "r"
        baseline.entries[0].until = "2027-01-31"
        let value = try JSONSerialization.jsonObject(with: Data(BaselineFile.text(baseline).utf8))
        #expect(schema.problems(value) == [])
        #expect(baseline.entries[0].file == "Sources/A.swift")
    }

    @Test(arguments: [
        ("{", "is no baseline: not JSON"), ("[]", "is no baseline: the document is of the wrong type"),
        (#"{"version": 1}"#, "is no baseline: the document has no `entries`"),
        (#"{"version": 1, "entries": [{"rule": "a"}]}"#, "is no baseline: entries.0 has no `sink`"),
        (#"{"version": 9, "entries": []}"#, "version 9 of the baseline is not known"),
        (
            #"{"version": 1, "entries": [{"rule": "a", "sink": "", "path": [], "file": "", "count": 1, "until": "soon"}]}"#,
            "until soon is not a date"
        ),
    ])
    func aDamagedFileIsNamed(_ text: String, _ message: String) throws {
        let file = FileManager.default.temporaryDirectory.appending(path: "baseline-\(UUID().uuidString).json")
        defer { try? FileManager.default.removeItem(at: file) }
        try Data(text.utf8).write(to: file)
        let error = #expect(throws: ConfigurationError.self) { try BaselineFile(path: file.path) }
        #expect(error?.description.hasPrefix("\(file.path): \(message)") == true, "\(error?.description ?? "")")
    }

    @Test func complaintsPointAtTheEntry() throws {
        let file = FileManager.default.temporaryDirectory.appending(path: "baseline-\(UUID().uuidString).json")
        defer { try? FileManager.default.removeItem(at: file) }
        let baseline = Baseline(accepting: [finding(["a()"]), finding(["b()"])], root: "/p")
        let text = BaselineFile.text(baseline)
        try Data(text.utf8).write(to: file)
        let findings = try BaselineFile(path: file.path).findings([(1, "baseline-stale", "m")])
        let line = text.split(separator: "\n", omittingEmptySubsequences: false)[(findings.first?.place.line ?? 1) - 1]
        #expect(line.contains("\"rule\""))
        #expect(findings.first.map { $0.place.line > 12 } == true)
    }
}

/// Files of the repository that tests read.
enum Repository {
    static let root = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../../../../..")
        .standardizedFileURL
}

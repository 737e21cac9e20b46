import Foundation
import Testing

@testable import LoopguardCore

/// What the gate reads and writes, against the schemas in Documentation.
struct BudgetFilesTests {
    private func schema(_ name: String) throws -> JSONSchema {
        try JSONSchema(
            file: URL(filePath: #filePath).deletingLastPathComponent()
                .appending(path: "../../../Documentation/\(name).schema.json").standardizedFileURL)
    }

    private func object(_ bytes: [UInt8]) throws -> [String: Any] {
        try #require(JSONSerialization.jsonObject(with: Data(bytes)) as? [String: Any])
    }

    /// A run in which everything that a verdict can say is said.
    private func verdict() throws -> GateVerdict {
        let budget = try StallBudget("p99<20ms,max<200ms,/ws/echo:count<3,connection-seconds<1")
        var figures = RunFigures(tally: StallTally(boundsNs: budget.boundsNs))
        for fingerprint in ["00112233aabbccdd", "1111111111111111", "2222222222222222"] {
            figures.tally.add(.sample(durationMs: 300, fingerprint: fingerprint))
        }
        var starved = StallReport.sample(durationMs: 90, fingerprint: "3333333333333333")
        starved.cause.category = .starved
        starved.cause.hostAtFault = true
        figures.tally.add(starved)
        figures.ticks = 1_000
        figures.lateTicks = 5
        figures.cutShort = 1
        let baseline = StallBaseline(accepted: [
            .init(fingerprint: "1111111111111111", reason: "known"),
            .init(fingerprint: "2222222222222222", reason: "old", until: "2020-01-31"),
            .init(
                fingerprint: "4444444444444444", reason: "unused", until: "2027-01-31", where: "a() Sources/A.swift:1"),
        ])
        return StallGate(budget: budget, baseline: baseline).judge(figures, nowUnixNs: 1_800_000_000_000_000_000)
    }

    @Test func aVerdictKeepsToItsSchema() throws {
        let verdict = try verdict()
        #expect(Set(verdict.places.map(\.standing)) == [.new, .accepted, .expired, .hostAtFault])
        let schema = try schema("stall-verdict")
        var object = try object(StallJSON.encode(verdict))
        #expect(schema.problems(object) == [])
        // The check itself must be able to fail.
        object["surprise"] = 1
        object["ticks"] = -1
        #expect(schema.problems(object).count == 2)
    }

    @Test func aBaselineThatIsWrittenKeepsToItsSchemaAndCanBeReadOnceReasonsAreFilledIn() throws {
        var tally = StallTally()
        tally.add(.sample())
        tally.add(.sample(fingerprint: "1111111111111111"))
        let known = StallBaseline(accepted: [
            .init(fingerprint: "1111111111111111", reason: "known", until: "2027-01-31")
        ])
        let written = known.covering(tally)
        let schema = try schema("stall-baseline")
        #expect(try schema.problems(object(StallJSON.encode(written))) == [])
        #expect(throws: StallBaselineError.self) { try written.validate() }
        var filled = written
        for index in filled.accepted.indices { filled.accepted[index].reason = "because" }
        #expect(try schema.problems(object(StallJSON.encode(filled))) == [])
        let read: StallBaseline = try StallJSON.decode(from: try StallJSON.encode(filled))
        try read.validate()
        #expect(read == filled)
    }

    /// What the schema refuses the program refuses, and the other way round; but for what a schema cannot say.
    @Test(
        arguments: [
            (#"{"version":1,"accepted":[{"fingerprint":"0123456789abcdef","reason":"x"}]}"#, true),
            (#"{"version":2,"accepted":[]}"#, false),
            (#"{"accepted":[]}"#, false),
            (#"{"version":1,"accepted":[],"more":1}"#, false),
            (#"{"version":1,"accepted":[{"fingerprint":"0123456789ABCDEF","reason":"x"}]}"#, false),
            (#"{"version":1,"accepted":[{"fingerprint":"0123456789abcdef"}]}"#, false),
            (
                #"{"version":1,"accepted":[{"fingerprint":"0123456789abcdef","reason":"x","untill":"2027-01-31"}]}"#,
                false
            ),
            (#"{"version":1,"accepted":[{"fingerprint":"0123456789abcdef","reason":"x","until":"soon"}]}"#, false),
        ] as [(String, Bool)])
    func theSchemaAndTheProgramAgree(_ text: String, _ isGood: Bool) throws {
        let object = try #require(JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any])
        #expect(try schema("stall-baseline").problems(object).isEmpty == isGood)
        let isRead =
            (try? StallJSON.decode(StallBaseline.self, from: Array(text.utf8))).map { (try? $0.validate()) != nil }
            ?? false
        #expect(isRead == isGood)
    }

    /// The same source, built in two places.
    @Test func aPlaceHasTheSameNameOnEveryMachine() {
        func place(_ root: String) -> String {
            var tally = StallTally()
            tally.add(.sample(frames: [.runtime("usleep"), .user("load(_:)", root + "Sources/App/Words.swift", 17)]))
            return tally.places[0].at
        }
        #expect(place("/home/ann/app/") == "load(_:) Sources/App/Words.swift:17")
        #expect(place("/builds/Sources/4711/app/") == place("/home/ann/app/"))
    }

    @Test(
        arguments: [
            ("/work/app/Sources/App/Words.swift", "Sources/App/Words.swift"),
            (
                "/work/app/.build/checkouts/swift-nio/Sources/NIOPosix/Selector.swift",
                "swift-nio/Sources/NIOPosix/Selector.swift"
            ),
            ("/work/app/Tools/Examples/Sources/Demo/main.swift", "Sources/Demo/main.swift"),
            ("/work/app/Sources/App/Tests/Helper.swift", "Tests/Helper.swift"),
            ("/usr/src/swift/stdlib/public/Concurrency/Task.cpp", "Task.cpp"),
            ("/Sources", "Sources"), ("/", "/"), ("", ""), ("Sources/App/Words.swift", "Sources/App/Words.swift"),
            ("/a/.build/checkouts", "checkouts"),
        ])
    func paths(_ path: String, _ portable: String) { #expect(SourcePath.portable(path) == portable) }

    @Test func aStackOfTheRuntimeAloneIsNamedAsWhatItIs() {
        let frames: [StackFrame] = [.runtime("swift_retain"), .runtime("NIOPosix.SelectableEventLoop.run()")]
        var report = StallReport.sample(frames: frames)
        #expect(
            StallWords(report: report).headline
                == "no application frame: blocked in clock_nanosleep(2), in swift_retain")
        report.cause = StallCause(category: .starved, summary: "ready to run, but waited for a CPU 92 % of the time")
        #expect(
            StallWords(report: report).headline
                == "no application frame: ready to run, without a CPU, in swift_retain")
        var tally = StallTally()
        tally.add(report)
        #expect(tally.places[0].at == StallWords(report: report).headline)
        // One frame of the program is enough.
        report = .sample(frames: frames + [.user("load(_:)")])
        #expect(StallWords(report: report).headline == "load(_:)")
    }
}

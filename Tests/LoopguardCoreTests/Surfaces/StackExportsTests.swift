import Foundation
import Testing

@testable import LoopguardCore

@Suite struct StackExportsTests {
    private static func document(_ reports: [StallReport]) -> StallsDocument {
        var store = StallStore()
        for report in reports { store.finish(report, at: 0) }
        return StallsDocument(.sample([.sample(stalls: store.status(total: 1))]))
    }

    @Test func `collapsed stacks weigh by microseconds, outermost first`() {
        let a = StallReport.sample(
            id: "a", durationMs: 300, fingerprint: "a", frames: [.user("leaf;A()"), .user("root()")])
        let b = StallReport.sample(
            id: "b", startedMs: 9_000, durationMs: 100, fingerprint: "b",
            frames: [.user("leaf B()"), .user("parent()", kind: .async), .user("root()")])
        #expect(
            StackExports.collapsed(Self.document([a, b])) == """
                root();leaf,A() 300000
                root();async parent();leaf B() 100000

                """)
        #expect(StackExports.collapsed(Self.document([])) == "")
    }

    /// The rules of https://www.speedscope.app/file-format-schema.json for sampled profiles.
    @Test func `a speedscope file is well formed`() throws {
        for document in [
            Self.document([]), StallsDocument(Gallery.cluster()), StallsDocument(Gallery.poisoned("\"\n\\")),
        ] {
            let text = try StackExports.speedscope(document)
            let file = try #require(try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any])
            #expect(file["$schema"] as? String == "https://www.speedscope.app/file-format-schema.json")
            let shared = try #require(file["shared"] as? [String: Any])
            let frames = try #require(shared["frames"] as? [[String: Any]])
            #expect(frames.allSatisfy { $0["name"] is String && ($0["line"] == nil || $0["line"] is Int) })
            let profiles = try #require(file["profiles"] as? [[String: Any]])
            #expect((file["activeProfileIndex"] as? Int).map(profiles.indices.contains) == true)
            for profile in profiles {
                #expect(profile["type"] as? String == "sampled")
                #expect(profile["unit"] as? String == "nanoseconds")
                #expect(profile["name"] is String && profile["startValue"] as? Int == 0)
                let samples = try #require(profile["samples"] as? [[Int]])
                let weights = try #require(profile["weights"] as? [UInt64])
                #expect(samples.count == weights.count)
                #expect(samples.joined().allSatisfy(frames.indices.contains))
                #expect(profile["endValue"] as? UInt64 == weights.reduce(0, +))
            }
        }
    }
}

import Foundation
import Testing

@testable import LoopguardCore

@Suite struct StallJSONTests {
    static func full() -> ClusterStatus {
        var report = StallReport.sample(ongoing: true)
        report.cause.target = "10.0.0.7:5432"
        report.cause.lockOwner = "12 (x)"
        report.samples[0].note = "note"
        report.durationNs = .max
        var bare = StallReport.sample(id: "bare", fingerprint: "ffffffffffffffff", scope: nil)
        bare.detectionLatencyNs = nil
        bare.rule = nil
        bare.cause.systemCall = nil
        bare.samples = []
        var store = StallStore()
        store.finish(report, at: 5)
        store.finish(bare, at: 6)
        store.begin(.sample(id: "going on", ongoing: true))
        var stalls = store.status(total: .max)
        stalls.suppressed = 3
        stalls.evictedSites = 2
        var status = WorkerStatus.sample(stalls: stalls)
        status.notReady = ["redis is away"]
        status.degradations = ["no libdw: no line numbers"]
        status.metrics.append(
            MetricSample(
                name: "m", help: "h", kind: .gauge, labels: ["camelCase": "v", "snake_case": "w"], value: .infinity
            )
        )
        return ClusterStatus(workers: [
            .init(worker: 1, pid: 2, state: "running", silentForNs: 0, restarts: 1, status: status),
            .init(worker: 2, pid: 3, state: "silent", silentForNs: 9, restarts: 0, status: nil),
        ])
    }

    @Test func everythingSurvivesTheRoundTrip() throws {
        let cluster = Self.full()
        #expect(try StallJSON.decode(ClusterStatus.self, from: StallJSON.encode(cluster)) == cluster)
        let status = try #require(cluster.workers[0].status)
        #expect(try StallJSON.decode(WorkerStatus.self, from: StallJSON.encode(status)) == status)
        #expect(
            try StallJSON.decode([StallReport].self, from: StallJSON.encode(status.stalls.recent))
                == status.stalls.recent
        )
        let document = StallsDocument(cluster)
        #expect(try StallJSON.decode(StallsDocument.self, from: StallJSON.encode(document)) == document)
        let loops = LoopsDocument(cluster)
        #expect(try StallJSON.decode(LoopsDocument.self, from: StallJSON.encode(loops)) == loops)
        let offload = OffloadDocument(cluster)
        #expect(try StallJSON.decode(OffloadDocument.self, from: StallJSON.encode(offload)) == offload)
    }

    @Test func keysAreSnakeCaseSortedAndLabelsAreLeftAlone() throws {
        let text = String(decoding: try StallJSON.encode(Self.full()), as: UTF8.self)
        for key in ["started_at_unix_ns", "build_id", "is_runtime", "module_offset", "host_at_fault", "run_delay"] {
            #expect(text.contains("\"\(key)\":"))
        }
        #expect(text.contains("\"camelCase\":\"v\",\"snake_case\":\"w\""))
        #expect(text.contains("\"/ws/rooms/{room}\""))
        #expect(text.contains("\"+Inf\""))
        #expect(text.hasPrefix("{\"notes\":[],\"others\":[],\"workers\":[{\"pid\":2,"))
    }

    @Test func theDocumentKeepsToTheSchema() throws {
        let file = URL(filePath: #filePath).deletingLastPathComponent()
            .appending(path: "../../../Documentation/stall-report.schema.json").standardizedFileURL
        let schema = try JSONSchema(file: file)
        let bytes = try StallJSON.encode(StallsDocument(Self.full()))
        var object = try #require(JSONSerialization.jsonObject(with: Data(bytes)) as? [String: Any])
        #expect(schema.problems(object) == [])
        // The checker itself must be able to fail.
        object["surprise"] = 1
        object["total"] = -1
        #expect(schema.problems(object).count == 2)
    }

    @Test(arguments: ["loops", "offload"])
    func theOtherDocumentsKeepToTheirSchemas(_ name: String) throws {
        let file = URL(filePath: #filePath).deletingLastPathComponent()
            .appending(path: "../../../Documentation/\(name).schema.json").standardizedFileURL
        let schema = try JSONSchema(file: file)
        // One worker that tells everything, one of which nothing is known.
        var cluster = Self.full()
        cluster.workers[0].status?.offload.byName = [
            OffloadNameStatus(name: "load", completed: 1, totalNs: 2, maxNs: 3, cpuNs: 4)
        ]
        let bytes =
            name == "loops"
            ? try StallJSON.encode(LoopsDocument(cluster)) : try StallJSON.encode(OffloadDocument(cluster))
        var object = try #require(JSONSerialization.jsonObject(with: Data(bytes)) as? [String: Any])
        #expect(schema.problems(object) == [])
        let text = String(decoding: bytes, as: UTF8.self)
        for key in name == "loops" ? ["late_buckets", "threshold_ns"] : ["nested", "cpu_ns"] {
            #expect(text.contains("\"\(key)\":"))
        }
        object["surprise"] = 1
        #expect(schema.problems(object).count == 1)
    }

    @Test func badInputIsRefusedInWords() {
        func code(_ bytes: [UInt8], max: Int = StallJSON.defaultMaxBytes) -> StallJSONError.Code? {
            do throws(StallJSONError) {
                _ = try StallJSON.decode(WorkerStatus.self, from: bytes, maxBytes: max)
                return nil
            } catch {
                #expect(!error.message.isEmpty)
                return error.code
            }
        }
        #expect(code([]) == .malformed)
        #expect(code(Array("{\"host\":1}".utf8)) == .malformed)
        #expect(code([0xff, 0xfe, 0x00]) == .malformed)
        #expect(code(Array(repeating: 0x20, count: 11), max: 10) == .tooLarge)
        #expect(code(Array(String(repeating: "[", count: 100_000).utf8)) == .malformed)
    }

    @Test func aStallGrowsBetweenTheMessagesOfItsWorker() {
        var store = StallStore()
        store.begin(.sample(startedMs: 98_000, durationMs: 60, ongoing: true, connections: 10))
        // The status was made at 100 s; the worker was last heard 500 ms ago.
        var cluster = ClusterStatus.sample([.sample(stalls: store.status(total: 1))])
        cluster.workers[0].silentForNs = 500_000_000
        let report = StallsDocument(cluster).ongoing[0]
        #expect(report.durationNs == 2_500_000_000)
        #expect(report.blast.connectionSeconds == 24.5)
        cluster.workers[0].state = "silent"
        #expect(StallsDocument(cluster).ongoing[0].durationNs == 60_000_000)
    }

    @Test func mergingWorkers() {
        func worker(_ number: Int, _ reports: [StallReport], ongoing: [StallReport] = []) -> WorkerStatus {
            var store = StallStore()
            for report in reports { store.finish(report, at: report.startedAtUnixNs) }
            for report in ongoing { store.begin(report) }
            return .sample(worker: number, stalls: store.status(total: UInt64(reports.count)))
        }
        let cluster = ClusterStatus.sample([
            worker(
                1, [.sample(id: "a", startedMs: 10, fingerprint: "same", connections: 10)],
                ongoing: [.sample(id: "short", startedMs: 99_900, durationMs: 60, ongoing: true)]
            ),
            worker(
                2,
                [
                    .sample(id: "b", startedMs: 30, durationMs: 900, fingerprint: "same", connections: 10),
                    .sample(id: "c", startedMs: 20, fingerprint: "worse", connections: 99_999),
                ], ongoing: [.sample(id: "long", startedMs: 94_000, durationMs: 6_000, ongoing: true)]
            ),
        ])
        let document = StallsDocument(cluster)
        #expect(document.total == 3)
        #expect(document.ongoing.map(\.id) == ["long", "short"])
        #expect(document.recent.map(\.id) == ["b", "c", "a"])
        #expect(document.sites.map(\.fingerprint) == ["worse", "same"])
        #expect(document.sites[1].count == 2)
        #expect(document.sites[1].totalNs == 1_712_000_000)
        #expect(document.sites[1].worst.id == "b")
        #expect(StallsDocument(cluster, recentLimit: 1, siteLimit: 0).recent.count == 1)
        #expect(StallsDocument(cluster, recentLimit: 1, siteLimit: 0).sites.isEmpty)
    }
}

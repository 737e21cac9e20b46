import Foundation
import Testing

@testable import LoopguardLint

@Suite struct StallTests {
    private func finding(_ rule: String = "blocking-sleep", path: String = "/p/Sources/App/Store.swift", line: Int = 3)
        -> Finding
    {
        Finding(
            rule: rule, severity: .error, place: .init(path: path, line: line, column: 5), message: "m",
            sink: "usleep()", context: "c",
            path: [
                .init(place: .init(path: "/p/Sources/App/Handler.swift", line: 1, column: 1), text: "handle()"),
                .init(
                    place: .init(path: "/p/Sources/App/Handler.swift", line: 2, column: 1), text: "runs Store.load(id:)"
                ),
                .init(place: .init(path: path, line: line, column: 5), text: "calls"),
            ], related: [], confidence: 1, key: "\(rule) > usleep() > handle() > Store.load(id:)")
    }

    private func site(
        _ function: String, _ file: String?, _ line: Int?, rule: String? = nil, count: Int = 12,
        category: String = "blocked-in-system-call", hostAtFault: Bool = false, runtime: String = "usleep"
    ) -> [String: Any] {
        var user: [String: Any] = ["function": function, "address": "0x1", "kind": "physical", "is_runtime": false]
        user["file"] = file
        user["line"] = line
        let top: [String: Any] = ["function": runtime, "address": "0x2", "kind": "physical", "is_runtime": true]
        var worst: [String: Any] = [
            "kind": "single-job", "samples": [["validity": "verified", "frames": [top, user]]],
            "cause": ["category": category, "host_at_fault": hostAtFault],
        ]
        worst["rule"] = rule
        return [
            "fingerprint": "00000000000000ff", "count": count, "total_ns": 2_100_000_000, "max_ns": 400_000_000,
            "worst": worst,
        ]
    }

    private func mark(_ findings: [Finding], _ sites: [[String: Any]]) throws -> ([Finding], [StallSiteSummary]) {
        let data = try JSONSerialization.data(withJSONObject: ["sites": sites, "total": 3])
        var findings = findings
        let rest = StallMatcher(try StallExport(json: data, from: "x")).mark(&findings, rules: ["blocking-sleep"])
        return (findings, rest)
    }

    @Test func theVeryLineIsTheFinding() throws {
        let stall = site("App.Store.load(id: Swift.Int) -> ()", "/build/src/Sources/App/Store.swift", 3)
        let (found, rest) = try mark([finding(), finding(line: 9)], [stall])
        #expect(
            found[0].production
                == .init(
                    stalls: 12, totalNs: 2_100_000_000, maxNs: 400_000_000, fingerprints: ["00000000000000ff"]))
        #expect(found[1].production == nil)
        #expect(rest.isEmpty)
    }

    @Test func anOlderTextIsKnownByItsNames() throws {
        let stall = site(
            "App.Store.load(id: Swift.Int) -> ()", "/b/Sources/App/Store.swift", 77, rule: "blocking-sleep")
        #expect(try mark([finding()], [stall]).0[0].production?.stalls == 12)
        let other = site("App.Store.load(id: Swift.Int) -> ()", "/b/Sources/App/Store.swift", 77, rule: "blocking-dns")
        #expect(try mark([finding()], [other]).0[0].production == nil)
        let elsewhere = site("App.Other.save() -> ()", "/b/Sources/App/Store.swift", 77, rule: "blocking-sleep")
        #expect(try mark([finding()], [elsewhere]).0[0].production == nil)
    }

    @Test func sitesOfOneFindingAddUp() throws {
        let stall = site("App.Store.load(id: Swift.Int) -> ()", "/b/Sources/App/Store.swift", 3)
        let (found, _) = try mark([finding()], [stall, stall])
        #expect(found[0].production?.stalls == 24)
        #expect(found[0].production?.totalNs == 4_200_000_000)
    }

    @Test func theRestIsListedWithTheReason() throws {
        let unknown = site("App.hash() -> ()", "/b/Sources/App/Hash.swift", 5, runtime: "slow_thing")
        let known = site("App.nap() -> ()", "/b/Sources/App/Nap.swift", 5, rule: "blocking-sleep")
        let computing = site("App.sum() -> ()", nil, nil, category: "computing")
        let host = site("App.x() -> ()", nil, nil, hostAtFault: true)
        let rest = try mark([finding()], [unknown, known, computing, host]).1
        #expect(rest.count == 3)
        #expect(
            rest.map(\.why) == [
                "no rule covers slow_thing; a catalogue entry would",
                "blocking-sleep knows the call, but no way from an event loop to it was found in these files",
                "computing: no rule covers work of one's own",
            ])
        #expect(rest.map(\.rule) == [nil, "blocking-sleep", nil])
    }

    @Test(arguments: [
        ("Store.load(id:)", "load"), ("App.Store.load(id: Swift.Int) async -> ()", "load"),
        ("closure #1 () -> () in closure #2 in App.Store.load<A>(id: A) -> ()", "load"),
        ("static App.Store.load() -> ()", "load"), ("(extension in App):App.Store.load() -> ()", "load"),
        ("closure of get", nil), ("(2) await resume partial function for App.Store.load() -> ()", "load"),
    ])
    func namesOfStacksAndOfPathsMeet(_ name: String, _ base: String?) {
        #expect(StallMatcher.baseName(name[...]) == base)
    }

    @Test func addresses() {
        #expect(StallExport.address("http://h:9") == "http://h:9/debug/stalls.json")
        #expect(StallExport.address("http://h:9/") == "http://h:9/debug/stalls.json")
        #expect(StallExport.address("https://h/debug/stalls") == "https://h/debug/stalls.json")
        #expect(StallExport.address("https://h/x.json") == "https://h/x.json")
    }

    @Test func whatIsNoExportIsNamed() throws {
        let package = try TinyPackage(TinyPackage.blocking.merging(["x.json": "[]"]) { $1 }, isCompiled: false)
        defer { package.remove() }
        for (name, words) in [
            ("x.json", "x.json: is no export of stalls"), ("none.json", "none.json: the export cannot be read"),
            ("http://127.0.0.1:1/", "http://127.0.0.1:1/: the export cannot be fetched"),
        ] {
            let run = package.run { $0.stalls = name }
            #expect(run.exit == .usage)
            #expect(run.messages.count == 1 && run.messages[0].contains(words), "\(run.messages)")
        }
    }
}

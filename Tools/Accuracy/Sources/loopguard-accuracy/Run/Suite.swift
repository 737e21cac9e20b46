import CAccuracy
import Foundation

/// Runs the scenarios, each in a process of its own, and judges what they hand back.
struct Suite {
    var isSmoke: Bool
    var rounds: Int
    var seed: UInt64
    var thresholdMs: Int
    var only: String?

    /// Everything that the tables and the JSON are made from.
    struct Outcome {
        var suite: Suite
        var results: [ChildResult]
        var failures: [String]
        var tookNs: UInt64
        var judgement: Judgement
        var targets: [Target]

        /// A smoke run is held to what does not depend on the machine.
        var isPassed: Bool { targets.allSatisfy { $0.isMet || (suite.isSmoke && !$0.isRobust) } }
    }

    func run() throws -> Outcome {
        let began = acc_now_ns()
        let scenario = only.flatMap(Scenario.init(rawValue:))
        let kinds = scenario == nil ? [only].compactMap(\.self) : []
        let scenarios = scenario.map { [$0] } ?? (kinds.isEmpty ? Scenario.allCases : [.core])
        var results: [ChildResult] = []
        var failures: [String] = []
        for scenario in scenarios {
            do {
                results.append(try runChild(scenario, kinds: kinds))
            } catch {
                failures.append("\(scenario.rawValue): \(error)")
            }
        }
        let judgement = Judgement(results.filter { $0.baselines.isEmpty })
        let memory = results.compactMap(\.memory).first
        return Outcome(
            suite: self, results: results, failures: failures, tookNs: acc_now_ns() - began, judgement: judgement,
            targets: Target.all(
                judgement, storms: results.flatMap(\.storms), memory: memory, crashes: failures.count))
    }

    private func runChild(_ scenario: Scenario, kinds: [String]) throws -> ChildResult {
        let directory = FileManager.default.temporaryDirectory
            .appendingPathComponent("loopguard-accuracy-\(getpid())-\(scenario.rawValue)")
        try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: directory) }
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath()
        process.arguments =
            [
                "child", scenario.rawValue, "--rounds", "\(rounds)", "--seed", "\(seed)", "--threshold-ms",
                "\(thresholdMs)", "--directory", directory.path,
            ] + (isSmoke ? ["--smoke"] : []) + kinds.flatMap { ["--kind", $0] }
        try process.run()
        let end = acc_now_ns() + UInt64(scenario.limitSeconds) * 1_000_000_000
        while process.isRunning {
            guard acc_now_ns() < end else {
                kill(process.processIdentifier, SIGKILL)
                process.waitUntilExit()
                throw AccuracyError("did not end within \(scenario.limitSeconds) s, and was killed")
            }
            usleep(20_000)
        }
        guard process.terminationReason == .exit, process.terminationStatus == 0 else {
            let how = process.terminationReason == .exit ? "exit code" : "signal"
            throw AccuracyError("ended with \(how) \(process.terminationStatus)")
        }
        return try JSONDecoder().decode(
            ChildResult.self, from: Data(contentsOf: directory.appendingPathComponent("result.json")))
    }
}

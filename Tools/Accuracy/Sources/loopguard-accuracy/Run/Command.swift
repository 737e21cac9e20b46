import ArgumentParser
import CAccuracy
import Foundation
import LoopguardCore

@main
struct Accuracy: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "loopguard-accuracy",
        abstract: "Plants labelled stalls on watched loops and measures how well the watchdog sees them.",
        subcommands: [Run.self, Child.self], defaultSubcommand: Run.self)

    struct Run: AsyncParsableCommand {
        @Flag(help: "Less than a minute. Only what does not depend on how busy the machine is decides the exit code.")
        var smoke = false
        @Option(help: "How often each kind is planted in each place at each length. Default 4, 1 with --smoke.")
        var rounds: Int?
        @Option(help: "Order and gaps of the planted stalls.")
        var seed: UInt64 = 1
        @Option(name: .customLong("threshold-ms"), help: "The watchdog's threshold, milliseconds.")
        var thresholdMs: Int = 20
        @Option(
            help: "One scenario (\(Scenario.allCases.map(\.rawValue).joined(separator: ", "))) or one kind of stall.")
        var only: String?
        @Option(help: "Write all figures as JSON (Documentation/accuracy.schema.json).")
        var json: String?
        @Flag(help: "List every run that came out wrong.")
        var mistakes = false

        func validate() throws {
            guard (1...1000).contains(rounds ?? 1) else {
                throw ValidationError("--rounds is \(rounds ?? 1): 1 to 1000.")
            }
            guard (2...1000).contains(thresholdMs) else {
                throw ValidationError("--threshold-ms is \(thresholdMs): 2 to 1000.")
            }
            if let only, Scenario(rawValue: only) == nil, !PlantCatalogue.all.contains(where: { $0.name == only }) {
                let kinds = PlantCatalogue.all.map(\.name).joined(separator: ", ")
                throw ValidationError(
                    "--only is \(only): a scenario (\(Scenario.allCases.map(\.rawValue).joined(separator: ", "))) "
                        + "or a kind (\(kinds)).")
            }
        }

        mutating func run() async throws {
            let suite = Suite(
                isSmoke: smoke, rounds: rounds ?? (smoke ? 1 : 4), seed: seed, thresholdMs: thresholdMs, only: only)
            let outcome = try suite.run()
            print(Report.text(outcome, listsMistakes: mistakes))
            if let json { try Report.json(outcome).write(to: URL(fileURLWithPath: json)) }
            if !outcome.isPassed { throw ExitCode(1) }
        }
    }

    /// One scenario; what it measured goes to a file.
    struct Child: AsyncParsableCommand {
        static let configuration = CommandConfiguration(shouldDisplay: false)
        @Argument var scenario: String
        @Option var rounds: Int
        @Option var seed: UInt64
        @Option var thresholdMs: Int
        @Flag var smoke = false
        @Option var kind: [String] = []
        @Option var directory: String

        mutating func run() async throws {
            // The parent may be gone before it could end us.
            acc_end_with_parent()
            guard let scenario = Scenario(rawValue: scenario) else { throw ValidationError("no scenario \(scenario)") }
            let plan = Plan(
                rounds: rounds, seed: seed, thresholdNs: UInt64(thresholdMs) * 1_000_000, isSmoke: smoke, kinds: kind,
                directory: directory)
            let result = try await scenario.measure(plan, progress: Progress(scenario.title))
            try JSONEncoder().encode(result).write(to: URL(fileURLWithPath: directory + "/result.json"))
        }
    }
}

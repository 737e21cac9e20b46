import ArgumentParser
import CBench

@main
struct Bench: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "loopguard-bench",
        abstract: "Measures Loopguard against baselines of the same run and prints ratios.",
        subcommands: [Run.self, Serve.self, Jobs.self], defaultSubcommand: Run.self)

    struct Run: AsyncParsableCommand {
        @Flag(help: "A few seconds only: shows that everything runs, the figures mean little.")
        var smoke = false
        @Option(help: "runtime, or servers (with this process pinned to the second core).")
        var part = "runtime"

        mutating func run() async throws {
            cbench_flush_lines()
            switch part {
            case "runtime": try await runtime()
            case "servers": try servers()
            default: throw ValidationError("--part is \(part): runtime or servers.")
            }
        }

        private var rounds: Int { smoke ? 1 : 5 }
        private var serverRounds: Int { smoke ? 1 : 9 }
        private var scale: Int { smoke ? 20 : 1 }

        private func runtime() async throws {
            print(Measurement.header)
            show([try RuntimeBenchmarks.heartbeat(rounds: rounds * 20, count: 50_000 / scale)])
            show(try await JobBenchmarks.all(rounds: rounds * 80, count: 8_192 / scale))
            show(try MemoryBenchmark.measure())
            show(try await StrictBenchmarks.all(rounds: rounds * 20, count: 50_000 / scale))
            show(try await StallBenchmarks.detection(count: smoke ? 5 : 200))
            show(try FrameBenchmarks.all(rounds: rounds, count: 2_000_000 / scale))
        }

        private func servers() throws {
            show([try ServerBenchmarks.idle(seconds: smoke ? 2 : 10)])
            for inFlight in [1, 16] {
                let messages = (inFlight == 1 ? 1_000 : 10_000) / scale
                show(
                    try ServerBenchmarks.echo(
                        rounds: serverRounds, connections: 64, messages: messages, inFlight: inFlight))
            }
            for inFlight in [1, 8] {
                show(
                    try ServerBenchmarks.fanOut(
                        rounds: serverRounds, connections: smoke ? 50 : 500, messages: 1_000 / scale,
                        inFlight: inFlight))
            }
        }

        private func show(_ measurements: [Measurement]) { for one in measurements { print(one.line(judges: !smoke)) } }
    }

    struct Serve: AsyncParsableCommand {
        static let configuration = CommandConfiguration(shouldDisplay: false)
        @Argument var kind: String

        mutating func run() async throws {
            // The parent may be gone before it could kill us.
            cbench_end_with_parent()
            try await BenchServer.run(kind: kind)
        }
    }

    /// Jobs alone, for a profiler or a tool that counts instructions.
    struct Jobs: AsyncParsableCommand {
        static let configuration = CommandConfiguration(shouldDisplay: false)
        @Argument(help: "marked or plain.")
        var kind: String
        @Argument(help: "Jobs a drain; 0 = one handler that yields.")
        var drain: Int
        @Argument(help: "Jobs in all.")
        var count: Int

        mutating func run() async throws {
            guard let kind = JobBenchmarks.Kind(rawValue: kind) else {
                throw ValidationError("The kind is \(kind): marked or plain.")
            }
            let bench = try await JobBenchmarks()
            let cost =
                drain == 0
                ? try await bench.yields(kind, count: count) : try await bench.drains(kind, of: drain, count: count)
            print(cost)
            try await bench.shutdown()
        }
    }
}

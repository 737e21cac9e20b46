import ArgumentParser
import Foundation

/// All options of the server; the root command and `serve` share them.
struct ServeArguments: ParsableArguments {
    @OptionGroup(title: "Network") var network: NetworkOptions
    @OptionGroup(title: "Workers, loops, watchdog") var runtime: RuntimeOptions
    @OptionGroup(title: "Bus") var bus: BusOptions
    @OptionGroup(title: "Authentication of /ws/secure") var keys: KeyOptions
    @OptionGroup(title: "Authentication of /ws/secure") var authentication: AuthenticationOptions
    @OptionGroup(title: "Limits") var limits: LimitOptions
    @OptionGroup(title: "Budget of stalls, judged at the end") var gate: GateOptions
    @OptionGroup(title: "Logging and configuration") var general: GeneralOptions

    func serve() async throws {
        do {
            let settings = try SettingsLoader.load(flags: flags, config: general.config)
            try await ServerProcess(settings: settings).run()
        } catch let failure as StartFailure {
            StandardStreams.printError("loopguard-server: \(failure.message)")
            throw failure.exitCode
        }
    }

    private var flags: [Setting: [String]] {
        let single =
            network.flags + runtime.flags + bus.flags + keys.flags + authentication.flags + limits.flags + gate.flags
            + general.flags
        var flags: [Setting: [String]] = [:]
        for (setting, value) in single { flags[setting] = value.map { [$0] } }
        if !network.origin.isEmpty { flags[.origin] = network.origin }
        return flags
    }
}

/// `loopguard-server serve`: the same as without a subcommand.
struct ServeCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "serve", abstract: "Run the server (what happens without a subcommand).")

    @OptionGroup var arguments: ServeArguments

    func run() async throws { try await arguments.serve() }
}

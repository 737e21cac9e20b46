import ArgumentParser
import Foundation

@main
enum Main {
    /// Not `async`: what the runtime starts for that opens descriptors, and would take the numbers of closed standard streams.
    static func main() {
        StandardStreams.openMissing()
        Task {
            await LoopguardServerCommand.main()
            exit(ExitCode.success.rawValue)
        }
        dispatchMain()
    }
}

/// `loopguard-server`.
struct LoopguardServerCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "loopguard-server",
        abstract: "A WebSocket server that finds handlers which block its event loops.",
        discussion: """
            Every option can also be given as an environment variable (--watchdog-ms as LOOPGUARD_WATCHDOG_MS) or in a \
            JSON file named by --config ({"watchdog_ms": 50}). A flag beats the environment, the environment beats the \
            file.

            Exit codes: 0 ended as asked; 3 the stall budget is broken or a stall is not in the baseline; 64 a setting cannot be used; 69 an address is in use or cannot be bound; \
            70 failed while running; 71 the system refused threads or memory; 73 the \
            verdict could not be written.
            """,
        version: Version.current,
        subcommands: [ServeCommand.self, TokenCommand.self])

    // Here and not in a default subcommand, so that `--help` shows them.
    @OptionGroup var arguments: ServeArguments

    func run() async throws { try await arguments.serve() }
}

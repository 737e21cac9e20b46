import ArgumentParser
import Foundation
import Logging
import Loopguard

/// Decides what this process is, supervisor, worker of a supervisor, or the only one, and runs it.
struct ServerProcess {
    let settings: ServerSettings

    /// - Throws: ``StartFailure``, or `ExitCode` when it ended otherwise than asked.
    func run() async throws {
        let environment = ProcessInfo.processInfo.environment
        let index = environment[InternalVariables.workerIndex].flatMap { Int($0) }
        bootstrapLogging(worker: index ?? 0)
        let logger = Logger(label: "loopguard-server")
        if index == nil {
            for name in SettingSources.unknownVariables(environment) {
                logger.warning("unknown environment variable \(name) is ignored")
            }
        }
        let inherited = try Descriptors.inherited(environment: environment, isWorker: index != nil)
        // The one process that the user started judges the run.
        let gate = index == nil ? try RunGate(settings.gate) : nil
        let code: Int32
        if let index {
            code = try await runWorker(index, inherited, environment, gate, logger)
        } else if settings.workers > 1 {
            try await checkBeforeWorkers()
            code = try await runSupervisor(inherited, gate, logger)
        } else {
            code = try await runWorker(0, inherited, environment, gate, logger)
        }
        guard code == 0 else { throw ExitCode(code) }
    }

    /// What would end every worker is said once, here.
    private func checkBeforeWorkers() async throws {
        _ = try WorkerFactory.tlsContext(settings)
        _ = try await TokenVerifier.load(settings.auth.keys, random: TokenVerifier.randomSecret())
    }

    private func runSupervisor(_ inherited: CInt?, _ gate: RunGate?, _ logger: Logger) async throws -> Int32 {
        let listener =
            if let inherited {
                try Descriptors.aside(inherited)
            } else {
                try Descriptors.listen(host: settings.host, port: settings.port, backlog: 4096)
            }
        let supervisor = Supervisor(
            settings: settings, listener: listener, sharedSecret: TokenVerifier.randomSecret(), gate: gate,
            logger: logger)
        return try await supervisor.run()
    }

    private func runWorker(
        _ index: Int, _ inherited: CInt?, _ environment: [String: String], _ gate: RunGate?, _ logger: Logger
    ) async throws -> Int32 {
        SignalEvents.ignoreBrokenPipes()
        let worker = try await Worker(
            settings: settings, index: index, listener: inherited,
            adminAddress: environment[InternalVariables.adminAddress].flatMap { HostPort($0) },
            sharedSecret: environment[InternalVariables.sharedSecret] ?? TokenVerifier.randomSecret(), gate: gate,
            logger: logger)
        return try await worker.run()
    }

    private func bootstrapLogging(worker: Int) {
        let format = settings.logFormat
        let level = Logger.Level(rawValue: settings.logLevel) ?? .info
        LoggingSystem.bootstrap(
            { label, provider in
                StandardErrorLogHandler(
                    label: label, worker: worker, format: format, level: level, metadataProvider: provider)
            }, metadataProvider: .loopguard)
        // Every way out of the process runs this: returning, throwing, and `exit` after a second signal.
        atexit { LogWriter.standardError.flush() }
    }
}

import ArgumentParser
import Foundation
import Logging
import Loopguard
import LoopguardCore
import NIOCore
import NIOPosix
import Synchronization

/// The process that owns the listening socket and the workers when there are several. It runs no user code, so its admin
/// address answers whatever the workers do.
actor Supervisor {
    private let settings: ServerSettings
    private let logger: Logger
    private let listener: CInt
    private let events: AsyncStream<Input>
    private let inputs: AsyncStream<Input>.Continuation
    private let book: Mutex<ClusterBook>
    private let began = ContinuousClock.now
    private let sharedSecret: String
    private let gate: RunGate?
    private let runBook: Mutex<RunBook>
    private var machine: SupervisorStateMachine
    private var pids: [Int: pid_t] = [:]
    private var timers: [Task<Void, Never>] = []
    private var adminAddress: HostPort?
    private let desk = SelfTestDesk()
    private let hosts = HostsBox()

    private enum Input: Sendable {
        case machine(SupervisorStateMachine.Event)
        case signal(Int32)
    }

    /// SIGKILL comes this much after the workers' own deadline.
    private static let killGrace = Duration.seconds(3)

    init(settings: ServerSettings, listener: CInt, sharedSecret: String, gate: RunGate? = nil, logger: Logger) {
        self.settings = settings
        self.listener = listener
        self.sharedSecret = sharedSecret
        self.gate = gate
        runBook = Mutex(RunBook(budget: settings.gate.budget))
        self.logger = logger
        var configuration = SupervisorStateMachine.Configuration(
            workers: settings.workers, drain: .seconds(settings.drainSeconds) + Self.killGrace)
        configuration.startTimeout = .seconds(settings.workerStartSeconds)
        machine = SupervisorStateMachine(configuration)
        book = Mutex(ClusterBook(workers: settings.workers))
        (events, inputs) = AsyncStream.makeStream()
    }

    /// Runs until all workers have ended.
    ///
    /// - Returns: the exit code.
    /// - Throws: ``StartFailure`` when the admin address cannot be bound.
    func run() async throws -> Int32 {
        SignalEvents.ignoreBrokenPipes()
        let inputs = inputs
        let signals = SignalEvents([SIGTERM, SIGINT, SIGHUP]) { inputs.yield(.signal($0)) }
        defer { withExtendedLifetime(signals) {} }

        let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
        var admin: AdminServer?
        if let address = settings.admin {
            let (desk, hosts) = (desk, hosts)
            let most = settings.selftestMaxMilliseconds
            let timer = group.next()
            let action = SelfTestRequest.action(settings) {
                await desk.perform($0, maximumMilliseconds: most, timer: timer)
            }
            let server = AdminServer(
                eventLoop: group.next(), logger: logger, action: action, offersSelfTest: settings.selftest
            ) { [self] in
                hosts.exchange?.everybody() ?? clusterStatus()
            }
            adminAddress = try await Banner.startAdmin(server, at: address)
            admin = server
        }
        if let url = settings.redis {
            let port = Descriptors.localAddress(of: listener)?.port ?? settings.port
            let exchange = try HostExchange(
                settings: settings, url: url, id: settings.hostID(port: port), eventLoop: group.next()
            ) { [self] in clusterStatus() }
            hosts.set(exchange)
            exchange.start()
        }
        Banner(settings: settings, admin: adminAddress).print(
            listening: Descriptors.localAddress(of: listener), degradations: [],
            demoToken: try await Banner.demoToken(settings, secret: sharedSecret))

        var exitCode: Int32?
        perform(machine.handle(.start, at: elapsed), &exitCode)
        let pulse = pulse()
        for await input in events {
            guard exitCode == nil else { break }
            perform(machine.handle(event(input), at: elapsed), &exitCode)
            if exitCode != nil { break }
        }
        for timer in timers { timer.cancel() }
        pulse.cancel()
        await hosts.exchange?.stop()
        await admin?.shutdown()
        try? await group.shutdownGracefully()
        close(listener)
        return await verdict(exitCode ?? ExitCode.software.rawValue)
    }

    /// Judges the run once all that the workers told has been read: their last messages may come after their ends are known.
    private func verdict(_ code: Int32) async -> Int32 {
        guard let gate else { return code }
        for _ in 0..<200 where runBook.withLock({ $0.connected }) > 0 {
            try? await Task.sleep(for: .milliseconds(10))
        }
        return gate.finish(runBook.withLock { $0.figures }, code: code, logger: logger)
    }

    /// Once a second: who does not start, and who has fallen silent.
    private func pulse() -> Task<Void, Never> {
        let limit = settings.workerSilentSeconds
        let inputs = inputs
        return Task { [self] in
            while !Task.isCancelled {
                try? await Task.sleep(for: .seconds(1))
                inputs.yield(.machine(.timer))
                guard limit > 0 else { continue }
                for process in book.withLock({ $0.checkSilence(limit: limit) }) {
                    inputs.yield(.machine(.silent(process: process)))
                }
            }
        }
    }

    private func event(_ input: Input) -> SupervisorStateMachine.Event {
        switch input {
        case .machine(let event): event
        case .signal(SIGHUP): .reload
        case .signal: .terminate
        }
    }

    private var elapsed: Duration { ContinuousClock.now - began }

    private nonisolated func clusterStatus() -> ClusterStatus {
        book.withLock { $0.view(at: ContinuousClock.now - began) }
    }

    private func perform(_ actions: [SupervisorStateMachine.Action], _ exitCode: inout Int32?) {
        for action in actions {
            switch action {
            case .spawn(let slot, let process): spawn(slot: slot, process: process)
            case .terminate(let process): signal(process, SIGTERM)
            case .kill(let process): signal(process, SIGKILL)
            case .wake(let at): wake(at)
            case .log(let notice): log(notice)
            case .exit(let code): exitCode = code
            }
        }
    }

    private func signal(_ process: Int, _ number: Int32) {
        guard let pid = pids[process] else { return }
        kill(pid, number)
    }

    private func wake(_ at: Duration) {
        timers.removeAll(where: \.isCancelled)
        if timers.count > 64 { timers.removeFirst(timers.count - 64) }
        let instant = began + at
        let inputs = inputs
        timers.append(
            Task {
                try? await Task.sleep(until: instant, clock: .continuous)
                inputs.yield(.machine(.timer))
            })
    }

    // MARK: Processes

    private func spawn(slot: Int, process: Int) {
        let inputs = inputs
        do {
            let pair = try Descriptors.socketPair()
            defer { close(pair.theirs) }
            let pid: pid_t
            do {
                pid = try WorkerProcess.spawn(
                    arguments: CommandLine.arguments, environment: environment(slot: slot), listener: listener,
                    status: pair.theirs)
            } catch {
                close(pair.ours)
                throw error
            }
            pids[process] = pid
            let restarts = machine.slots[slot - 1].restarts
            book.withLock { $0.spawned(slot: slot, process: process, pid: pid, restarts: restarts, at: elapsed) }
            logger.info("worker started", metadata: ["slot": "\(slot)", "pid": "\(pid)"])
            read(pair.ours, process: process, slot: slot)
            WorkerProcess.onExit(of: pid) { [self] ending in
                Task { await exited(process: process, slot: slot, pid: pid, ending) }
            }
        } catch {
            logger.error("\((error as? StartFailure)?.message ?? "\(error)")", metadata: ["slot": "\(slot)"])
            inputs.yield(.machine(.exited(process: process, code: ExitCode.system.rawValue)))
        }
    }

    private func exited(process: Int, slot: Int, pid: pid_t, _ ending: WorkerProcess.Ending) {
        pids[process] = nil
        book.withLock { $0.gone(process: process) }
        logger.log(
            level: ending == .code(0) ? .info : .error, "worker ended",
            metadata: ["slot": "\(slot)", "pid": "\(pid)", "by": "\(ending)"])
        inputs.yield(.machine(.exited(process: process, code: ending.exitCode)))
    }

    private func environment(slot: Int) -> [String: String] {
        var environment = ProcessInfo.processInfo.environment
        environment[InternalVariables.workerIndex] = "\(slot)"
        environment[InternalVariables.adminAddress] = adminAddress?.description
        environment[InternalVariables.sharedSecret] = sharedSecret
        environment["LISTEN_FDS"] = "1"
        environment["LISTEN_PID"] = nil
        return environment
    }

    /// Reads what a worker tells, on a thread of its own: decoding must not delay the admin address.
    private func read(_ descriptor: CInt, process: Int, slot: Int) {
        let inputs = inputs
        let desk = desk
        desk.opened(process: process, slot: slot, descriptor: descriptor)
        runBook.withLock { $0.connected(process: process) }
        NamedThread.start("status-\(slot)") { [self] in
            defer {
                desk.closed(process: process)
                close(descriptor)
                runBook.withLock { $0.disconnected(process: process) }
            }
            var decoder = StatusLineDecoder()
            var buffer = [UInt8](repeating: 0, count: 64 << 10)
            var isFirst = true
            while true {
                let count = Foundation.read(descriptor, &buffer, buffer.count)
                if count < 0 && errno == EINTR { continue }
                guard count > 0 else { return }
                for output in decoder.feed(buffer[..<count]) {
                    let understood = heard(output, process: process, slot: slot)
                    if understood && isFirst {
                        isFirst = false
                        inputs.yield(.machine(.ready(process: process)))
                    }
                }
            }
        }
    }

    private nonisolated func heard(_ output: StatusLineDecoder.Output, process: Int, slot: Int) -> Bool {
        let now = ContinuousClock.now - began
        switch output {
        case .line(let bytes):
            if let answer = SelfTestMessages.answer(bytes) {
                desk.answered(answer)
                return false
            }
            do {
                let status: WorkerStatus = try StallJSON.decode(from: bytes)
                runBook.withLock { $0.heard(process: process, status: status) }
                book.withLock { $0.heard(process: process, status: status, at: now) }
                return true
            } catch {
                logger.warning("unreadable status of a worker", metadata: ["slot": "\(slot)", "error": "\(error)"])
            }
        case .tooLong(let bytes):
            logger.warning("status of a worker is too long", metadata: ["slot": "\(slot)", "bytes": "\(bytes)"])
        }
        book.withLock { $0.heardGarbage(process: process) }
        return false
    }

    private func log(_ notice: SupervisorStateMachine.Notice) {
        switch notice {
        case .startTimedOut(let slot):
            logger.error(
                "worker is not ready in time and is killed",
                metadata: ["slot": "\(slot)", "limit_s": "\(settings.workerStartSeconds)"])
        case .killedSilent(let slot):
            logger.error(
                "worker has said nothing for too long and is killed",
                metadata: ["slot": "\(slot)", "limit_s": "\(settings.workerSilentSeconds)"])
        case .restarting(let slot, let wait):
            logger.notice("worker will be restarted", metadata: ["slot": "\(slot)", "after": "\(wait)"])
        case .givingUp(let code):
            logger.critical(
                "all workers failed to start in the same way; giving up", metadata: ["exit_code": "\(code)"])
        case .reloadStarted: logger.notice("rolling restart begins")
        case .reloadFinished: logger.notice("rolling restart is complete")
        case .reloadAborted(let slot):
            logger.error("rolling restart aborted: the new worker did not start", metadata: ["slot": "\(slot)"])
        case .reloadRefused: logger.notice("a rolling restart is under way already")
        case .draining: logger.notice("draining the workers", metadata: ["deadline_s": "\(settings.drainSeconds)"])
        case .cutting: logger.warning("second signal: ending the workers at once")
        }
    }
}

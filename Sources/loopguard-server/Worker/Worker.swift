import ArgumentParser
import Foundation
import Logging
import Loopguard
import LoopguardBus
import LoopguardCore
import LoopguardStrict
import LoopguardWebSocket
import NIOCore
import Synchronization

/// One process that serves connections: the runtime, the bus, the hub, the WebSocket server, and, without a supervisor, the
/// admin address.
final class Worker: Sendable {
    let settings: ServerSettings
    /// 0 without a supervisor.
    let index: Int
    let logger: Logger
    let runtime: LoopguardRuntime
    /// Watches as long as it lives.
    let strict: Strict?
    let bus: TappedBus
    let hub: Hub
    let server: WebSocketServer
    let verifier: TokenVerifier
    let feed = DashboardFeed()
    /// Such as `host-1/2`.
    let name: String
    private let listener: CInt?
    /// Counts stalls for the verdict at the end; nil without a gate.
    private let counter: StallCounter?
    /// Nil when the supervisor judges.
    private let gate: RunGate?
    private let isEnded = Atomic<Bool>(false)
    private let sharedSecret: String
    private let adminAddress: Mutex<HostPort?>
    private let isDraining = Atomic<Bool>(false)
    private let isListening = Atomic<Bool>(false)
    private let inputs: AsyncStream<Input>
    private let input: AsyncStream<Input>.Continuation

    private enum Input: Sendable {
        case signal(Int32)
        case supervisorGone
    }

    static let hostName = LoopguardRuntime.Configuration.defaults.host

    /// - Parameters:
    ///   - listener: an inherited listening socket; nil = bind.
    ///   - adminAddress: the supervisor's; nil = serve our own.
    ///   - sharedSecret: signs tokens when no key is configured.
    /// - Throws: ``StartFailure``.
    init(
        settings: ServerSettings, index: Int, listener: CInt?, adminAddress: HostPort?, sharedSecret: String,
        gate: RunGate? = nil, logger: Logger
    ) async throws(StartFailure) {
        self.settings = settings
        self.index = index
        self.logger = logger
        self.listener = listener
        self.sharedSecret = sharedSecret
        self.adminAddress = Mutex(adminAddress)
        name = "\(settings.hostName ?? Self.hostName)/\(index == 0 ? getpid() : Int32(clamping: index))"
        (inputs, input) = AsyncStream.makeStream()
        verifier = try await TokenVerifier.load(settings.auth.keys, random: sharedSecret)
        self.gate = gate
        counter = settings.gate.isActive ? StallCounter(budget: settings.gate.budget) : nil
        runtime = try await WorkerFactory.runtime(settings, index: index, counter: counter)
        strict = try WorkerFactory.strict(settings, runtime: runtime)
        let base = try WorkerFactory.bus(
            settings, workerName: name.filter { $0.isASCII }, eventLoop: runtime.control, onStatusChange: { _ in })
        let feed = feed
        bus = TappedBus(base, topics: [DashboardMessages.topic, DashboardMessages.workersTopic]) { feed.received($0) }
        hub = Hub(bus: bus, group: runtime.group, logger: Logger(label: "loopguard.hub"), workerName: name)
        server = try WorkerFactory.server(settings, runtime: runtime)
    }

    /// Serves until it is told to end.
    ///
    /// - Returns: the exit code.
    /// - Throws: ``StartFailure`` when an address cannot be had.
    func run() async throws -> Int32 {
        let input = input
        let signals = SignalEvents([SIGTERM, SIGINT, SIGHUP]) { input.yield(.signal($0)) }
        defer { withExtendedLifetime(signals) {} }
        let link = index == 0 ? nil : SupervisorLink(descriptor: WorkerProcess.statusDescriptor)

        let hosts = HostsBox()
        let admin = try await startAdmin(hosts)
        let address = try await startServing()
        if index == 0, let url = settings.redis {
            let exchange = try HostExchange(
                settings: settings, url: url, id: settings.hostID(port: address.port), eventLoop: runtime.control
            ) { self.clusterStatus() }
            hosts.set(exchange)
            exchange.start()
        }
        isListening.store(true, ordering: .releasing)
        if link == nil {
            Banner(settings: settings, admin: adminAddress.withLock { $0 }).print(
                listening: address, degradations: runtime.status().degradations,
                demoToken: try await Banner.demoToken(settings, secret: sharedSecret))
        }
        link?.start(
            status: { self.status() }, selftest: { await self.selftest($0, maximumMilliseconds: $1) },
            onGone: { input.yield(.supervisorGone) })
        if let link { runtime.onStallChange { link.push() } }
        let producer = DashboardProducer(
            bus: bus, pool: runtime.pool, feed: feed, workerName: name, logger: logger, status: { self.status() })
        let producing = Task { await producer.run() }
        logger.info("serving", metadata: ["address": "\(address)", "pid": "\(getpid())"])

        await waitForEnd()
        producing.cancel()
        await hosts.exchange?.stop()
        return await end(link: link, admin: admin, producer: producer)
    }

    private func startAdmin(_ hosts: HostsBox) async throws -> AdminServer? {
        guard index == 0, let wanted = settings.admin else { return nil }
        let most = settings.selftestMaxMilliseconds
        let action = SelfTestRequest.action(settings) { request in
            // There is only one, whatever its number.
            guard (request.worker ?? 0) <= 1 else { return .failure(.init(404, "there is only one worker: 0.")) }
            return await self.selftest(request.test, maximumMilliseconds: most)
        }
        let admin = AdminServer(
            eventLoop: runtime.control, logger: Logger(label: "loopguard.admin"), action: action,
            offersSelfTest: settings.selftest
        ) {
            hosts.exchange?.everybody() ?? self.clusterStatus()
        }
        let bound = try await Banner.startAdmin(admin, at: wanted)
        adminAddress.withLock { $0 = bound }
        return admin
    }

    private func startServing() async throws -> HostPort {
        WorkerRoutes(worker: self).register()
        do {
            try await hub.start()
        } catch {
            throw StartFailure(.software, "the bus cannot be started: \(error)")
        }
        do {
            let listen: WebSocketServer.Listen =
                listener.map { .inherited(descriptor: $0) } ?? .bind(host: settings.host, port: settings.port)
            let bound = try await server.start(listen)
            return HostPort(host: bound.ipAddress ?? settings.host, port: bound.port ?? settings.port)
        } catch let error as LoopguardError where error.code == .bind {
            throw Descriptors.addressFailure(
                HostPort(host: settings.host, port: settings.port), reason: error.description)
        } catch {
            throw WorkerFactory.startFailure(error)
        }
    }

    private func waitForEnd() async {
        for await input in inputs {
            switch input {
            case .signal(SIGHUP):
                if index == 0 { logger.notice("SIGHUP is ignored: a rolling restart needs --workers 2 or more") }
            case .signal(let number):
                logger.notice("ending", metadata: ["signal": "\(number == SIGINT ? "SIGINT" : "SIGTERM")"])
                return
            case .supervisorGone:
                logger.error("the supervisor has died; draining")
                return
            }
        }
    }

    private func end(link: SupervisorLink?, admin: AdminServer?, producer: DashboardProducer) async -> Int32 {
        isDraining.store(true, ordering: .releasing)
        link?.push()
        let impatience = Task {
            for await input in inputs {
                if case .signal(let number) = input, number != SIGHUP {
                    logger.warning("second signal: ending at once")
                    exit(verdict())
                }
            }
        }
        let began = ContinuousClock.now
        async let released: Void = producer.release()
        let report = await server.drain(deadline: .seconds(settings.drainSeconds), code: .serviceRestart)
        await released
        await bus.shutdown()
        logger.notice(
            "ended",
            metadata: [
                "closed_cleanly": "\(report.closedCleanly)", "cut": "\(report.timedOut)",
                "unsent_bytes": "\(report.unsentBytes)", "took": "\(ContinuousClock.now - began)",
            ])
        impatience.cancel()
        await counter?.settle(loops: { self.runtime.group.loops.map(\.status) })
        isEnded.store(true, ordering: .releasing)
        link?.stop()
        await admin?.shutdown()
        // The threads are not wound down: a handler that still blocks its loop would keep the process, and the kernel
        // cleans up better than we do.
        return verdict()
    }

    /// The exit code of a worker that has ended as asked.
    private func verdict() -> Int32 {
        guard let gate, let counter else { return 0 }
        let figures = RunFigures(loops: runtime.group.loops.map(\.status), tally: counter.tally)
        return gate.finish(figures, code: 0, logger: logger)
    }

    // MARK: What it tells

    var notReady: [String] {
        var reasons: [String] = []
        if isEnded.load(ordering: .acquiring) { reasons.append(WorkerReadiness.ended) }
        if isDraining.load(ordering: .acquiring) { reasons.append(WorkerReadiness.draining) }
        if !isListening.load(ordering: .acquiring) { reasons.append(WorkerReadiness.starting) }
        let bus = bus.status
        if !bus.isAvailable { reasons.append(WorkerReadiness.bus(bus.detail)) }
        return reasons
    }

    func status() -> WorkerStatus {
        var status = runtime.status(
            notReady: notReady, metrics: server.metrics + hub.metrics + BusMetrics.samples(bus.status))
        status.tally = counter?.tally
        return status
    }

    private func selftest(
        _ test: SelfTest, maximumMilliseconds: Int
    ) async -> Result<SelfTest.Outcome, SelfTestRequest.Refusal> {
        do {
            logger.notice(
                "planting a stall: self-test", metadata: ["loop": "\(test.loop)", "ms": "\(test.milliseconds)"])
            return .success(try await runtime.selftest(test, maximumMilliseconds: maximumMilliseconds))
        } catch {
            return .failure(.init(error))
        }
    }

    private func clusterStatus() -> ClusterStatus {
        let status = status()
        let state = isDraining.load(ordering: .acquiring) ? "draining" : "running"
        return ClusterStatus(workers: [
            .init(worker: index, pid: status.pid, state: state, silentForNs: 0, restarts: 0, status: status)
        ])
    }

    /// Where `/debug` is to be found.
    var admin: HostPort? { adminAddress.withLock { $0 } }
}

public import Logging
public import LoopguardCore
public import NIOCore
public import NIOPosix
import Synchronization

/// Watches the event loops of a program that has made them itself, such as one built on a web framework.
///
/// ```swift
/// let watchdog = try await Watchdog.watch(MultiThreadedEventLoopGroup.singleton)
/// let address = try await watchdog.serveAdmin(host: "127.0.0.1", port: 9090)
/// ```
///
/// The loops go on as before; what is measured is the time between two calls of `epoll_wait` on their threads. Handlers that are
/// run by ``run(on:as:_:)`` are named in reports; other work on a loop is reported without a name.
///
/// Any thread. A program that wants its loops made for it uses ``LoopguardRuntime``.
public final class Watchdog: Sendable {
    /// What is watched, and who is told.
    public struct Configuration: Sendable {
        /// A tick that takes at least this long is a stall. Default 50 ms; 1 ms to 1 h.
        public var threshold: Duration = .milliseconds(50)
        /// Notices when Swift's cooperative pool runs no task any more. Default true.
        public var watchesCooperativePool: Bool = true
        /// A pool for blocking work, to watch and to show at `/debug/offload`. Nil = none.
        public var offload: OffloadPool?
        /// Host name in reports. Default: the machine's.
        public var host: String = System.hostName
        /// Worker number in reports, 0 = the only one.
        public var worker: Int = 0
        public var logger = Logger(label: "loopguard")
        /// Who is told of stalls. Nil = one log line a stall (``LogStallReporter``).
        public var reporters: [any StallReporter]?

        public static let defaults = Configuration()
        public init() {}

        /// - Throws: ``LoopguardError`` with code `.invalidConfiguration`.
        public func validate() throws(LoopguardError) { try GuardedEventLoopGroup.validate(threshold: threshold) }
    }

    private struct State {
        var admins: [(server: AdminServer, group: MultiThreadedEventLoopGroup)] = []
        var ending: Task<Void, Never>?
    }

    private let service: WatchService
    private let logger: Logger
    private let state = Mutex(State())

    private init(service: WatchService, logger: Logger) {
        self.service = service
        self.logger = logger
    }

    /// Watches the loops of a group that somebody else made and shuts down.
    ///
    /// Waits until each loop has turned. Several watchdogs of one process may watch different groups.
    ///
    /// - Throws: ``LoopguardError``: `.invalidConfiguration`; `.alreadyWatched` when another watchdog or runtime watches one of
    ///   the loops; `.resources` when the system refuses threads or memory.
    public static func watch(
        _ group: MultiThreadedEventLoopGroup, _ configuration: Configuration = .defaults
    ) async throws -> Watchdog {
        try configuration.validate()
        let guarded = try await GuardedEventLoopGroup(adopting: group, threshold: configuration.threshold)
        do {
            let service = try await WatchService(
                WatchService.Configuration(
                    group: guarded, watchesCooperativePool: configuration.watchesCooperativePool,
                    offload: configuration.offload, host: configuration.host, worker: configuration.worker,
                    logger: configuration.logger, reporters: configuration.reporters))
            return Watchdog(service: service, logger: configuration.logger)
        } catch {
            await guarded.release()
            throw error
        }
    }

    /// All that is known about the watched loops and their stalls. Never waits for a loop.
    ///
    /// - Parameters:
    ///   - notReady: reasons why the process should get no traffic; empty = ready.
    ///   - metrics: further figures of the program.
    public func status(notReady: [String] = [], metrics: [MetricSample] = []) -> WorkerStatus {
        service.status(notReady: notReady, metrics: metrics)
    }

    /// Answers one request for `/debug/…`, `/metrics`, `/healthz` or `/readyz`, for the program's own router.
    ///
    /// A route on a watched loop cannot answer while that loop is stuck; ``serveAdmin(host:port:)`` can.
    ///
    /// - Parameters:
    ///   - method: `GET` and `HEAD` are answered, others get 405.
    ///   - path: without the query.
    ///   - query: without the `?`.
    ///   - accept: value of the Accept header.
    public func respond(method: String, path: String, query: String?, accept: String?) -> DebugResponse {
        DebugResponder.respond(
            method: method, path: path, query: query, accept: accept, cluster: ClusterStatus(alone: status()))
    }

    /// Calls `body` on the report thread whenever a stall begins, goes on or ends.
    public func onStallChange(_ body: @escaping @Sendable () -> Void) { service.onStallChange(body) }

    /// Serves the same as ``respond(method:path:query:accept:)`` on an address and a thread of its own, which answers while
    /// every loop and the cooperative pool are stuck. Until ``shutdown()``.
    ///
    /// Bind it to loopback or to a private network: it has no authentication.
    ///
    /// - Returns: the address, with the real port when `port` was 0.
    /// - Throws: ``LoopguardError`` with code `.bind`, also after ``shutdown()``.
    public func serveAdmin(host: String, port: Int) async throws -> SocketAddress {
        let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
        let server = AdminServer(eventLoop: group.next(), logger: logger) { [service] in
            ClusterStatus(alone: service.status())
        }
        do {
            let address = try await server.start(host: host, port: port)
            let isKept = state.withLock { state in
                guard state.ending == nil else { return false }
                state.admins.append((server, group))
                return true
            }
            guard isKept else { throw LoopguardError(.bind, "the watchdog has been shut down.") }
            return address
        } catch {
            await server.shutdown()
            try? await group.shutdownGracefully()
            throw error
        }
    }

    /// Runs an async handler on a watched loop, marked with its scope, so that a stall in it is seen and attributed.
    ///
    /// All nonisolated async code and all default actors called from `body` run on the loop, as does the code of the tasks of
    /// task groups and `async let` in it; `Task { }` and `Task.detached { }` do not. `body` sees ``HandlerScope/current`` and
    /// ``CorrelationID/current``. While it runs it counts as one connection of the loop.
    ///
    /// - Parameters:
    ///   - eventLoop: the one that serves the connection or request. When it is not watched, `body` runs where it would have run.
    ///   - scope: whom reports name.
    public func run<T: Sendable>(
        on eventLoop: any EventLoop, as scope: HandlerScope, _ body: () async throws -> T
    ) async rethrows -> T {
        try await HandlerScope.$current.withValue(scope) {
            try await CorrelationID.$current.withValue(scope.correlationID) {
                guard let loop = service.group.loop(of: eventLoop) else { return try await body() }
                loop.connectionOpened()
                defer { loop.connectionClosed() }
                return try await withTaskExecutorPreference(ConnectionExecutor(loop: loop, scope: scope)) {
                    try await body()
                }
            }
        }
    }

    /// Ends watching. The loops go on. Works before, during and after the group's own shutdown; a loop that is stalled is waited
    /// for, and its stall is reported to its end. Idempotent.
    public func shutdown() async {
        let ending = state.withLock { state in
            let task = state.ending ?? Task { await self.end() }
            state.ending = task
            return task
        }
        await ending.value
    }

    private func end() async {
        // The loops first: their last ticks end here, and the watchdog must see them end.
        await service.group.release()
        service.stop()
        let admins = state.withLock { state in
            defer { state.admins = [] }
            return state.admins
        }
        for admin in admins {
            await admin.server.shutdown()
            try? await admin.group.shutdownGracefully()
        }
    }
}

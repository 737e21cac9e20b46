import DequeModule
import Logging
import LoopguardBus
import NIOCore
import NIOSSL

/// The part of ``RedisBus`` that lives on the event loop: puts the links, the table of subscriptions and the probe
/// together. What is decided, is decided by those; this performs.
// SAFETY: all stored properties are constants of Sendable types, or are read and written on `eventLoop` only; every entry
// asserts it.
final class RedisBusCore: @unchecked Sendable {
    typealias Tracker = SubscriptionTable.Tracker

    let eventLoop: any EventLoop
    let configuration: RedisBus.Configuration
    let shared: RedisBusShared
    let keys: RedisKeys
    let logger: Logger
    let onStatusChange: (@Sendable (BusStatus) -> Void)?
    let publisher: RedisLink
    let subscriber: RedisLink
    /// Names this bus: in the probe's channel, and at the beginning of epochs.
    let identity = RedisBusCore.hexadecimal(.random(in: .min ... .max))
    /// Makes epochs unique; see ``nextEpoch()``.
    private var epochs: UInt64 = 0
    /// Channel of this bus alone, for the probe.
    let probeChannel: String

    var deliver: (@Sendable (BusMessage) -> Void)?
    var table: SubscriptionTable
    var isPumpScheduled = false
    var lingerTimer: Scheduled<Void>?
    var checkTimer: Scheduled<Void>?

    var digests: [RedisScript: String] = [:]
    /// Counters of Redis as last seen, to explain a disconnect.
    var statistics = RedisStatistics()
    /// Set when the subscriber was lost and Redis shall be asked why.
    var owesExplanation = false

    /// Histories to be read, in order.
    var fetches: Deque<(topic: String, fetch: Tracker.Fetch)> = []
    var activeFetches = 0
    /// Topics whose history could not be read since the publisher is away.
    var unrepaired: Set<String> = []

    var probe: LivenessProbe?
    var probeTimer: Scheduled<Void>?

    /// Both, once the first attempt of either connection is decided.
    private var undecided: Set<RedisHandshake.Role> = [.publisher, .subscriber]
    private var started: EventLoopPromise<Void>?
    private var lastFailure: [RedisHandshake.Role: String] = [:]
    private var lastStatus: (isAvailable: Bool, detail: String)?

    init(
        configuration: RedisBus.Configuration, tls: NIOSSLContext?, eventLoop: any EventLoop, shared: RedisBusShared,
        logger: Logger, onStatusChange: (@Sendable (BusStatus) -> Void)?
    ) {
        self.configuration = configuration
        self.eventLoop = eventLoop
        self.shared = shared
        self.logger = logger
        self.onStatusChange = onStatusChange
        keys = RedisKeys(prefix: configuration.keyPrefix)
        probeChannel = keys.probe(identity)
        var limits = Tracker.Limits()
        limits.bufferedMessages = configuration.repairBuffer
        table = SubscriptionTable(limits: limits, linger: TimeAmount(configuration.linger))
        var readerLimits = RESPReader.Limits()
        readerLimits.replyBytes = configuration.maximumReplyBytes
        let route = RedisConnection.Route(
            url: configuration.url, connectTimeout: TimeAmount(configuration.connectTimeout), limits: readerLimits,
            tls: tls)
        func link(_ role: RedisHandshake.Role) -> RedisLink {
            RedisLink(
                role: role, route: route, worker: configuration.worker,
                patience: TimeAmount(configuration.commandDeadline), backoff: configuration.backoff,
                eventLoop: eventLoop,
                logger: logger)
        }
        publisher = link(.publisher)
        subscriber = link(.subscriber)
    }

    /// Epoch to begin a topic with, should it have none. Never the same twice: a Redis that lost its state begins again at 1,
    /// and under the old epoch its messages would be taken for doubles.
    func nextEpoch() -> String {
        epochs += 1
        return "\(identity).\(String(epochs, radix: 36))"
    }

    var patience: TimeAmount { TimeAmount(configuration.commandDeadline) }

    // MARK: - Life

    func start(deliver: @escaping @Sendable (BusMessage) -> Void, started: EventLoopPromise<Void>) {
        eventLoop.assertInEventLoop()
        guard !shared.isClosed else { return started.fail(BusError(.closed, "The bus has been shut down.")) }
        guard self.deliver == nil else {
            return started.fail(BusError(.invalidConfiguration, "The bus has been started already; start it once."))
        }
        self.deliver = deliver
        self.started = started
        publisher.onReady = { [self] in publisherReady($0, $1) }
        publisher.onDown = { [self] in publisherDown($0, wasReady: $1) }
        subscriber.onReady = { [self] connection, _ in subscriberReady(connection) }
        subscriber.onDown = { [self] in subscriberDown($0, wasReady: $1) }
        publisher.start()
        subscriber.start()
        schedulePositionCheck()
    }

    func shutdown() {
        eventLoop.assertInEventLoop()
        for timer in [lingerTimer, checkTimer, probeTimer] { timer?.cancel() }
        probe = nil
        deliver = nil
        fetches = []
        subscriber.close()
        publisher.close()
        resumeWaiters()
        decided(.publisher)
        decided(.subscriber)
        if let onStatusChange { onStatusChange(shared.status) }
    }

    /// The first attempt of a link has ended in one way or the other.
    func decided(_ role: RedisHandshake.Role) {
        undecided.remove(role)
        guard undecided.isEmpty else { return }
        started?.succeed()
        started = nil
    }

    // MARK: - Publisher

    private func publisherReady(_ connection: RedisConnection, _ outcome: RedisHandshake.Outcome) {
        digests = outcome.digests
        explainDisconnect(outcome.statistics)
        statistics = outcome.statistics
        shared.setCanCommand(!shared.isClosed)
        statusChanged()
        decided(.publisher)
        schedulePump()
        let topics = unrepaired
        unrepaired = []
        for topic in topics { perform(table.retry(topic), topic) }
    }

    private func publisherDown(_ error: BusError, wasReady: Bool) {
        shared.setCanCommand(false)
        logDown("Redis publisher \(wasReady ? "lost" : "cannot connect")", error, .publisher, wasReady)
        resumeWaiters()
        statusChanged()
        decided(.publisher)
    }

    // MARK: - Subscriber

    private func subscriberReady(_ connection: RedisConnection) {
        connection.becomeSubscriber { [self] in received($0) }
        // The probe's channel first: its confirmation tells that the connection subscribes at all.
        connection.push(RedisCommand("SUBSCRIBE", probeChannel))
        schedulePump()
    }

    /// The probe's channel is confirmed.
    func subscriberProven() {
        beginProbing()
        statusChanged()
        decided(.subscriber)
    }

    private func subscriberDown(_ error: BusError, wasReady: Bool) {
        let what = wasReady ? "lost; what is missed will be read from the history" : "cannot connect"
        logDown("Redis subscriber \(what)", error, .subscriber, wasReady)
        endProbing()
        table.subscriberLost()
        unrepaired = []
        fetches = []
        resumeWaiters()
        if wasReady { askForExplanation() }
        statusChanged()
        decided(.subscriber)
    }

    /// The first of equal failures in a row is worth a warning; with Redis away for an hour there are hundreds.
    private func logDown(_ message: String, _ error: BusError, _ role: RedisHandshake.Role, _ wasReady: Bool) {
        let isNews = wasReady || lastFailure[role] != error.description
        lastFailure[role] = error.description
        logger.log(
            level: isNews ? .warning : .debug, "\(message)",
            metadata: ["redis": "\(configuration.url.address)", "reason": "\(error)"])
    }

    /// Nobody waits for a broker that is away: the subscriptions are made after the reconnect.
    private func resumeWaiters() {
        for waiter in table.takeWaiters() { waiter() }
    }

    var isFullyReady: Bool { publisher.isReady && probe != nil }

    // MARK: - Why the subscriber was lost

    private func askForExplanation() {
        owesExplanation = true
        publisher.connection?.send(RedisCommand("INFO", "stats"), patience: patience) { [self] result in
            // Without an answer the next handshake brings it.
            guard case .success(let reply) = result, let text = reply.text else { return }
            explainDisconnect(RedisStatistics(text))
            statistics = RedisStatistics(text)
        }
    }

    private func explainDisconnect(_ now: RedisStatistics) {
        guard owesExplanation else { return }
        owesExplanation = false
        logger.warning(
            "Why the Redis subscriber was lost: \(RedisStatistics.explanation(before: statistics, after: now))",
            metadata: ["redis": "\(configuration.url.address)"])
    }

    // MARK: - Status

    func statusChanged() {
        guard !shared.isClosed else { return }
        let isAvailable = isFullyReady
        let detail = statusDetail
        guard lastStatus?.isAvailable != isAvailable || lastStatus?.detail != detail else { return }
        lastStatus = (isAvailable, detail)
        let reconnects = publisher.state.reconnects + subscriber.state.reconnects
        shared.update { status in
            status.isAvailable = isAvailable
            status.detail = detail
            status.reconnects = reconnects
        }
        onStatusChange?(shared.status)
    }

    private var statusDetail: String {
        if isFullyReady { return "connected to \(configuration.url.address)" }
        for link in [publisher, subscriber] {
            guard let error = link.lastError else { continue }
            let reason = error.cause.map { "\(error.message) (\($0))" } ?? error.message
            guard case .backingOff(let until) = link.state.phase else {
                return "\(reason) The \(link.role.rawValue) is connecting again."
            }
            let wait = max(0, (until - .now()).milliseconds)
            return "\(reason) The \(link.role.rawValue) tries again in \(wait) ms."
        }
        return "connecting to \(configuration.url.address)"
    }

    static func hexadecimal(_ value: UInt64) -> String {
        let digits = String(value, radix: 16)
        return String(repeating: "0", count: 16 - digits.count) + digits
    }
}

import Logging
import LoopguardBus
import NIOCore

/// One of the two connections of a bus: connects, shakes hands, and comes back with back-off when it is lost. What to do
/// when is decided by ``RedisLinkState``. Event loop only.
// SAFETY: all stored properties are read and written on `eventLoop` only; every entry asserts it.
final class RedisLink: @unchecked Sendable {
    let role: RedisHandshake.Role
    private let route: RedisConnection.Route
    private let handshake: RedisHandshake
    private let patience: TimeAmount
    private let eventLoop: any EventLoop
    private let logger: Logger
    private(set) var state: RedisLinkState
    /// Present while ready.
    private(set) var connection: RedisConnection?
    /// A connection that is not ready yet.
    private var unready: RedisConnection?
    private var timer: Scheduled<Void>?
    /// Why it is not ready; nil before the first failure.
    private(set) var lastError: BusError?

    /// Called when the handshake is done.
    var onReady: ((RedisConnection, RedisHandshake.Outcome) -> Void)?
    /// Called when an attempt failed or the connection was lost (`wasReady`).
    var onDown: ((_ error: BusError, _ wasReady: Bool) -> Void)?

    init(
        role: RedisHandshake.Role, route: RedisConnection.Route, worker: String, patience: TimeAmount,
        backoff: Backoff.Configuration, eventLoop: any EventLoop, logger: Logger
    ) {
        self.role = role
        self.route = route
        self.handshake = RedisHandshake(url: route.url, role: role, worker: worker)
        self.patience = patience
        self.eventLoop = eventLoop
        self.logger = logger
        state = RedisLinkState(backoff: Backoff(backoff))
    }

    var isReady: Bool { state.isReady }

    func start() {
        eventLoop.assertInEventLoop()
        perform(state.start())
    }

    /// Closes for good.
    func close() {
        eventLoop.assertInEventLoop()
        state.close()
        timer?.cancel()
        let reason = BusError(.closed, "The bus has been shut down.")
        unready?.close(reason: reason)
        connection?.close(reason: reason)
        unready = nil
        connection = nil
        onReady = nil
        onDown = nil
    }

    private func perform(_ action: RedisLinkState.Action?) {
        switch action {
        case nil: break
        case .connect(let attempt): connect(attempt)
        case .wait(let until, let attempt):
            timer = eventLoop.scheduleTask(deadline: until) {
                self.perform(self.state.waited(attempt: attempt))
            }
        }
    }

    private func connect(_ attempt: UInt64) {
        RedisConnection.connect(route, eventLoop: eventLoop) { result in
            switch result {
            case .failure(let error): self.ended(attempt, error)
            case .success(let connection): self.shakeHands(connection, attempt)
            }
        }
    }

    private func shakeHands(_ connection: RedisConnection, _ attempt: UInt64) {
        guard state.phase == .connecting, state.attempt == attempt else {
            return connection.close(reason: BusError(.closed, "The bus has been shut down."))
        }
        unready = connection
        connection.whenClosed { self.ended(attempt, $0) }
        var replies: [RESPValue] = []
        let count = handshake.commands.count
        for command in handshake.commands {
            connection.send(command, patience: patience) { result in
                // A failure is a closed connection, and reported as such.
                guard case .success(let reply) = result else { return }
                replies.append(reply)
                guard replies.count == count else { return }
                self.judge(replies, connection, attempt)
            }
        }
    }

    private func judge(_ replies: [RESPValue], _ connection: RedisConnection, _ attempt: UInt64) {
        do {
            let outcome = try handshake.judge(replies)
            unready = nil
            guard state.connected(attempt: attempt, now: .now()) else {
                return connection.close(reason: BusError(.closed, "The bus has been shut down."))
            }
            self.connection = connection
            lastError = nil
            logger.info("Redis \(role.rawValue) connected", metadata: ["redis": "\(route.url.address)"])
            onReady?(connection, outcome)
        } catch {
            connection.close(reason: error)
        }
    }

    private func ended(_ attempt: UInt64, _ error: BusError) {
        let wasReady = state.isReady && attempt == state.attempt
        guard let action = state.ended(attempt: attempt, now: .now(), random: .random(in: .min ... .max)) else {
            return
        }
        connection = nil
        unready = nil
        lastError = error
        perform(action)
        onDown?(error, wasReady)
    }
}

import NIOCore

/// What one connection to Redis does when: a value, driven by events and the time.
struct RedisLinkState: Sendable {
    enum Phase: Sendable, Equatable {
        case idle
        case connecting
        case ready(since: NIODeadline)
        case backingOff(until: NIODeadline)
        case closed
    }

    enum Action: Sendable, Equatable {
        case connect(attempt: UInt64)
        case wait(until: NIODeadline, attempt: UInt64)
    }

    private(set) var phase: Phase = .idle
    /// Times that the link became ready after it had been ready before.
    private(set) var reconnects: UInt64 = 0
    private var backoff: Backoff
    /// Counts connections, so that a late event of an older one is told apart.
    private(set) var attempt: UInt64 = 0
    private var wasReady = false

    init(backoff: Backoff) { self.backoff = backoff }

    var isReady: Bool { if case .ready = phase { true } else { false } }

    mutating func start() -> Action? {
        guard phase == .idle else { return nil }
        return connect()
    }

    /// The handshake of `attempt` is done. False: it is not wanted any more, close it.
    mutating func connected(attempt: UInt64, now: NIODeadline) -> Bool {
        guard phase == .connecting, attempt == self.attempt else { return false }
        phase = .ready(since: now)
        if wasReady { reconnects += 1 }
        wasReady = true
        return true
    }

    /// The connection of `attempt` could not be made, or has ended.
    mutating func ended(attempt: UInt64, now: NIODeadline, random: UInt64) -> Action? {
        guard attempt == self.attempt else { return nil }
        switch phase {
        case .ready(let since): backoff.connectionEnded(after: .nanoseconds((now - since).nanoseconds))
        case .connecting: break
        case .idle, .backingOff, .closed: return nil
        }
        let until = now + TimeAmount(backoff.next(random: random))
        phase = .backingOff(until: until)
        return .wait(until: until, attempt: attempt)
    }

    /// The wait of `attempt` is over.
    mutating func waited(attempt: UInt64) -> Action? {
        guard case .backingOff = phase, attempt == self.attempt else { return nil }
        return connect()
    }

    mutating func close() { phase = .closed }

    private mutating func connect() -> Action {
        phase = .connecting
        attempt += 1
        return .connect(attempt: attempt)
    }
}

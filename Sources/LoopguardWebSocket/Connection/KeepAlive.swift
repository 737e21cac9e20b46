import NIOCore

/// Decides when to ping, and when a peer is gone.
struct KeepAlive: Sendable {
    enum Action: Sendable, Equatable {
        case none
        case ping
        case timedOut
    }

    private let interval: TimeAmount
    private let timeout: TimeAmount
    private var lastSeen: NIODeadline
    private var pingedAt: NIODeadline?
    /// Something has come since the last look. A flag, so that the receive path needs no clock.
    var sawInput = false

    init(interval: TimeAmount, timeout: TimeAmount, now: NIODeadline) {
        self.interval = interval
        self.timeout = timeout
        lastSeen = now
    }

    /// When the next ping is due, unless something comes before; nil while one waits for its answer.
    var pingDue: NIODeadline? { pingedAt == nil ? lastSeen + interval : nil }

    /// Looks at the clock.
    ///
    /// - Parameters:
    ///   - lateness: time for which this loop could not look at anything, its sockets included: not the peer's fault.
    ///   - isReadingPaused: the handler does not keep up, so what the peer sends stays in the kernel: silence proves nothing.
    mutating func tick(now: NIODeadline, lateness: TimeAmount = .zero, isReadingPaused: Bool = false) -> Action {
        if sawInput || isReadingPaused {
            sawInput = false
            lastSeen = now
            pingedAt = nil
            return .none
        }
        if let at = pingedAt {
            let due = at + lateness
            pingedAt = due
            return now >= due + timeout ? .timedOut : .none
        }
        guard now >= lastSeen + interval else { return .none }
        pingedAt = now
        return .ping
    }
}

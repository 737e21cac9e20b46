/// Decides about one connection of `/ws/secure`: who is let in, for how long, and with which code the others are closed.
///
/// Pure. Times count from the opening of the connection. The caller carries out the actions in order; after
/// ``Action/close(code:reason:)`` nothing follows.
struct AuthenticationStateMachine {
    enum Event: Equatable {
        /// The connection has been opened. `cookie` is the token of the cookie, if the request had one, and nil unless an
        /// Origin header was there and was allowed: a cookie is sent by the browser whatever page asks for it.
        case opened(cookie: String?)
        case message(AuthenticationMessage)
        /// The check asked for by ``Action/verify(_:)`` found the token good for this much longer.
        case accepted(subject: String, validFor: Duration)
        case rejected
        /// A time asked for by ``Action/wake(at:)`` has come.
        case timer
    }

    enum Action: Equatable {
        case wake(at: Duration)
        case verify(String)
        /// Tell the client, then let it into the room.
        case admit(subject: String)
        case close(code: UInt16, reason: String)
    }

    private enum State {
        case opening
        case waiting(until: Duration)
        case verifying(until: Duration)
        case admitted(until: Duration)
        case closed
    }

    /// An expiry further away is looked at again after this time: no timer needs to hold more.
    static let longestTimer = Duration.seconds(86_400)

    private let timeout: Duration
    private var state = State.opening

    /// - Parameter timeout: for the first message and its check.
    init(timeout: Duration) { self.timeout = timeout }

    var isAdmitted: Bool { if case .admitted = state { true } else { false } }

    mutating func handle(_ event: Event, at now: Duration) -> [Action] {
        switch (state, event) {
        case (.opening, .opened(let cookie)):
            let deadline = now + timeout
            guard let cookie else {
                state = .waiting(until: deadline)
                return [.wake(at: deadline)]
            }
            state = .verifying(until: deadline)
            return [.wake(at: deadline), .verify(cookie)]

        case (.waiting(let deadline), .message(let message)):
            // The message may have been overtaken by its deadline while the loop was busy: late is late.
            if now >= deadline { return timedOut() }
            switch message {
            case .token(let token):
                state = .verifying(until: deadline)
                return [.verify(token)]
            case .noToken: return close(4001, "Unauthorized: Invalid Token")
            case .malformed(let what): return close(1008, what)
            }

        case (.verifying, .accepted(let subject, let validFor)):
            guard validFor > .zero else { return expired() }
            let expiry = now + validFor
            state = .admitted(until: expiry)
            return [.admit(subject: subject), .wake(at: min(expiry, now + Self.longestTimer))]

        case (.verifying, .rejected): return close(4001, "Unauthorized: Invalid Token")

        case (.waiting(let deadline), .timer), (.verifying(let deadline), .timer):
            return now >= deadline ? timedOut() : []

        case (.admitted(let expiry), .timer):
            return now >= expiry ? expired() : [.wake(at: min(expiry, now + Self.longestTimer))]

        default: return []
        }
    }

    private mutating func timedOut() -> [Action] { close(4002, "Auth Timeout") }
    private mutating func expired() -> [Action] { close(4001, "Unauthorized: Token Expired") }

    private mutating func close(_ code: UInt16, _ reason: String) -> [Action] {
        state = .closed
        return [.close(code: code, reason: reason)]
    }
}

import Foundation
import Logging
import Loopguard
import LoopguardWebSocket
import NIOCore
import Synchronization

/// `/ws/secure`: carries out what ``AuthenticationStateMachine`` decides, and is a room afterwards.
struct SecureHandler: Sendable {
    static let topic = "secure"
    static let cookieName = "loopguard_token"

    let room: RoomHandler
    let verifier: TokenVerifier
    /// Deadlines are kept by a loop that no handler can hold up.
    let timers: any EventLoop
    let timeout: Duration
    /// With every origin allowed the Origin header proves nothing, so cookies do not count.
    let acceptsCookies: Bool

    func run(_ connection: WebSocketConnection, _ context: HandlerContext) async throws {
        let session = SecureSession(connection, timers: timers, timeout: timeout)
        defer { session.end() }
        // An Origin header has passed the policy before the upgrade.
        let cookie =
            acceptsCookies && connection.request.origin != nil ? connection.request.cookie(Self.cookieName) : nil
        var token = await session.handle(.opened(cookie: cookie)).token
        while !session.isAdmitted {
            if let candidate = token {
                token = nil
                if try await check(candidate, session, connection, context) { break }
                return
            }
            guard let message = try await connection.nextMessage() else { return }
            let parsed = AuthenticationMessage(bytes: message.bytes, isText: message.kind == .text)
            let outcome = await session.handle(.message(parsed))
            if outcome.isClosed { return await session.waitForClose() }
            token = outcome.token
        }
        try await room.relay(topic: Self.topic, connection) { session.isAdmitted }
        await session.waitForClose()
    }

    /// True when the connection has been admitted and has joined the room.
    private func check(
        _ token: String, _ session: SecureSession, _ connection: WebSocketConnection, _ context: HandlerContext
    ) async throws -> Bool {
        let event: AuthenticationStateMachine.Event
        do {
            let accepted = try await verifier.verify(token, now: Date())
            // In days of the year 9999 a double still holds whole seconds; a timer does not need more than that.
            let seconds = min(max(0, accepted.expiry.timeIntervalSinceNow), 1e10)
            event = .accepted(subject: accepted.subject, validFor: .seconds(seconds))
        } catch {
            context.logger.notice("token refused", metadata: ["reason": "\(error.reason)"])
            event = .rejected
        }
        let outcome = await session.handle(event)
        guard let subject = outcome.admitted else {
            await session.waitForClose()
            return false
        }
        context.logger.info("authenticated", metadata: ["subject": "\(subject)"])
        // First the answer, then the room: the answer must be the first message.
        try await connection.send(text: #"{"status":"authenticated"}"#)
        try await room.hub.join(Self.topic, connection)
        return true
    }
}

/// The state machine of one connection, shared by its handler and its timers.
private final class SecureSession: Sendable {
    struct Outcome {
        var token: String?
        var admitted: String?
        var isClosed = false
    }

    private struct State {
        var machine: AuthenticationStateMachine
        var timer: Scheduled<Void>?
    }

    private let connection: WebSocketConnection
    private let timers: any EventLoop
    private let began = ContinuousClock.now
    private let state: Mutex<State>

    init(_ connection: WebSocketConnection, timers: any EventLoop, timeout: Duration) {
        self.connection = connection
        self.timers = timers
        state = Mutex(State(machine: AuthenticationStateMachine(timeout: timeout)))
    }

    var isAdmitted: Bool { state.withLock { $0.machine.isAdmitted } }

    func handle(_ event: AuthenticationStateMachine.Event) async -> Outcome {
        let now = ContinuousClock.now - began
        let actions = state.withLock { $0.machine.handle(event, at: now) }
        var outcome = Outcome()
        for action in actions {
            switch action {
            case .wake(let at): wake(in: at - now)
            case .verify(let token): outcome.token = token
            case .admit(let subject): outcome.admitted = subject
            case .close(let code, let reason):
                outcome.isClosed = true
                await connection.close(WebSocketCloseCode(rawValue: code), reason: reason)
            }
        }
        return outcome
    }

    private func wake(in delay: Duration) {
        let (seconds, attoseconds) = delay.components
        let amount = TimeAmount.seconds(max(0, seconds)) + .nanoseconds(max(0, attoseconds / 1_000_000_000))
        let timer = timers.scheduleTask(in: amount) { [self] in
            // Not on the guarded loop: it may be the one that is stuck.
            Task { _ = await handle(.timer) }
            return ()
        }
        let previous = state.withLock { state in
            defer { state.timer = timer }
            return state.timer
        }
        previous?.cancel()
    }

    /// The handler's return would close with 1000: first the close that was decided has to be under way.
    func waitForClose() async {
        while let message = try? await connection.nextMessage() { _ = message }
    }

    func end() { state.withLock { $0.timer }?.cancel() }
}

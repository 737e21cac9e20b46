public import LoopguardCore
import ServiceContextModule
import Synchronization

/// Whom a piece of work is for: the route, the connection and the correlation ID that stall reports and log lines name.
///
/// Any thread.
public final class HandlerScope: Sendable {
    /// Name of the handler, usually its route pattern, such as `/ws/rooms/{room}`.
    public let route: String
    /// Identifier of the connection, unique in the process.
    public let connection: String
    public let correlationID: CorrelationID
    /// Address of the peer, such as `10.0.0.7:51234`.
    public let remoteAddress: String?
    private let message = Atomic<UInt64>(0)
    /// Of the message being handled; only kept when a ``TracingStallReporter`` wants it.
    private let context = Mutex<ServiceContext?>(nil)

    public init(route: String, connection: String, correlationID: CorrelationID, remoteAddress: String?) {
        self.route = route
        self.connection = connection
        self.correlationID = correlationID
        self.remoteAddress = remoteAddress
    }

    /// The scope of the running task; set by servers around a connection's handler.
    @TaskLocal public static var current: HandlerScope?

    /// Running number of the message being handled, 0 before the first.
    public var messageNumber: UInt64 { message.load(ordering: .relaxed) }

    /// Counts one message more as begun. One writer at a time: the connection.
    public func beginMessage() {
        message.store(message.load(ordering: .relaxed) &+ 1, ordering: .relaxed)
        if StallContexts.shared.isWanted { adoptServiceContext() }
    }

    /// Makes the span that is current in the calling task the parent of the spans of this handler's stalls, until the next message
    /// begins. Call it inside `withSpan` when a span shall be a parent that is opened while a message is handled; at the begin of a
    /// message it happens by itself. See ``TracingStallReporter``.
    public func adoptServiceContext() {
        let current = ServiceContext.current
        context.withLock { $0 = current }
    }

    /// A copy for a report.
    public var snapshot: StallScope {
        let message = messageNumber
        // The watchdog must not wait for a loop that is stuck just here.
        if StallContexts.shared.isWanted, let context = self.context.withLockIfAvailable({ $0 }) ?? nil {
            StallContexts.shared.keep(context, connection: connection, message: message)
        }
        return StallScope(
            route: route, connection: connection, correlation: correlationID.description, message: message,
            remote: remoteAddress)
    }
}

/// Finds a scope by the number that stands in a thread's slot.
///
/// A slot holds a number and not a pointer, so the watchdog never touches an object that a loop may be freeing.
final class ScopeRegistry: Sendable {
    static let shared = ScopeRegistry()
    /// Scopes remembered after their end.
    static let maximumPast = 256

    private struct State {
        var lastID: UInt64 = 0
        var scopes: [UInt64: HandlerScope] = [:]
        /// The latest that have ended, in a ring.
        var past: [(id: UInt64, scope: HandlerScope)] = []
        var oldest = 0
    }
    private let state = Mutex(State())

    func register(_ scope: HandlerScope) -> UInt64 {
        state.withLock { state in
            state.lastID += 1
            state.scopes[state.lastID] = scope
            return state.lastID
        }
    }

    func unregister(_ id: UInt64) {
        // The scope that is forgotten is released after the lock: its deinit must not run inside.
        _ = state.withLock { state -> HandlerScope? in
            guard let scope = state.scopes.removeValue(forKey: id) else { return nil }
            guard state.past.count == Self.maximumPast else {
                state.past.append((id, scope))
                return nil
            }
            let forgotten = state.past[state.oldest].scope
            state.past[state.oldest] = (id, scope)
            state.oldest = (state.oldest + 1) % Self.maximumPast
            return forgotten
        }
    }

    /// The same, of a connection that has just ended as well: the job that stalls is often a connection's last, and the
    /// connection is gone before the watchdog comes to the tick.
    func recent(_ id: UInt64) -> HandlerScope? {
        guard id != 0 else { return nil }
        return state.withLock { state in state.scopes[id] ?? state.past.first { $0.id == id }?.scope }
    }

    func scope(_ id: UInt64) -> HandlerScope? {
        id == 0 ? nil : state.withLock { $0.scopes[id] }
    }

    var count: Int { state.withLock { $0.scopes.count } }
}

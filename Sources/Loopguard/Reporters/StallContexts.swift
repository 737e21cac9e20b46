import ServiceContextModule
import Synchronization

/// The tracing contexts of the handlers that have stalled lately: kept from the moment when the watchdog names a handler until
/// its stall is reported, since the handler goes on to other messages meanwhile. Any thread; bounded.
final class StallContexts: Sendable {
    static let shared = StallContexts()
    /// Contexts kept.
    static let maximum = 256

    private struct Key: Hashable {
        var connection: String
        var message: UInt64
    }
    private struct State {
        var contexts: [Key: ServiceContext] = [:]
        var order: [Key] = []
    }

    /// True once a reporter wants contexts: nobody pays for them before.
    private let wanted = Atomic<Bool>(false)
    private let state = Mutex(State())

    var isWanted: Bool { wanted.load(ordering: .relaxed) }
    func want() { wanted.store(true, ordering: .relaxed) }

    func keep(_ context: ServiceContext, connection: String, message: UInt64) {
        state.withLock { state in
            let key = Key(connection: connection, message: message)
            if state.contexts.updateValue(context, forKey: key) == nil { state.order.append(key) }
            if state.order.count > Self.maximum { state.contexts[state.order.removeFirst()] = nil }
        }
    }

    func context(connection: String, message: UInt64) -> ServiceContext? {
        state.withLock { $0.contexts[Key(connection: connection, message: message)] }
    }
}

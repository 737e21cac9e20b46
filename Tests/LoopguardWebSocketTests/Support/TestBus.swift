import LoopguardBus
import Synchronization

/// A bus in memory that delivers on the publisher's thread, in order, and keeps a record of subscriptions.
final class TestBus: MessageBus {
    private struct State {
        var deliver: (@Sendable (BusMessage) -> Void)?
        var subscribed: Set<String> = []
        var calls: [String] = []
        var offset: UInt64 = 0
        var subscribeError: BusError?
    }
    private let state = Mutex(State())

    var subscribed: Set<String> { state.withLock { $0.subscribed } }
    var calls: [String] { state.withLock { $0.calls } }
    func failSubscribing(_ error: BusError?) { state.withLock { $0.subscribeError = error } }

    func start(deliver: @escaping @Sendable (BusMessage) -> Void) async throws {
        state.withLock { $0.deliver = deliver }
    }

    func publish(topic: String, payload: [UInt8], headers: BusHeaders) async throws -> BusPosition {
        state.withLock { state in
            state.offset += 1
            let position = BusPosition(epoch: "test", offset: state.offset)
            // Inside the lock: this is what makes one order of it.
            if state.subscribed.contains(topic) {
                state.deliver?(BusMessage(topic: topic, payload: payload, headers: headers, position: position))
            }
            return position
        }
    }

    func subscribe(topic: String) async throws {
        try state.withLock { state in
            if let error = state.subscribeError { throw error }
            state.subscribed.insert(topic)
            state.calls.append("+\(topic)")
        }
    }

    func unsubscribe(topic: String) async {
        state.withLock { state in
            state.subscribed.remove(topic)
            state.calls.append("-\(topic)")
        }
    }

    func lease(_ name: String, owner: String, ttlMilliseconds: Int) async throws -> Bool { true }
    var status: BusStatus { BusStatus(isAvailable: true, detail: "in memory") }
    func shutdown() async {}
}

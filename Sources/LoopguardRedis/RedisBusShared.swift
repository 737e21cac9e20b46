import LoopguardBus
import NIOConcurrencyHelpers

/// What of a bus is read on any thread: the status, and the gate through which callers go before they take a place in the
/// loop's queue.
final class RedisBusShared: Sendable {
    private struct State {
        var status: BusStatus
        var canCommand = false
        var isClosed = false
        var inFlight = 0
        var inFlightBytes = 0
        /// Called once when closed and nothing is in flight.
        var whenIdle: (@Sendable () -> Void)?
    }

    private let state = NIOLockedValueBox(State(status: BusStatus(isAvailable: false, detail: "not started")))
    private let maximumInFlight: Int
    private let maximumInFlightBytes: Int

    init(maximumInFlight: Int, maximumInFlightBytes: Int) {
        self.maximumInFlight = maximumInFlight
        self.maximumInFlightBytes = maximumInFlightBytes
    }

    var status: BusStatus { state.withLockedValue { $0.status } }
    var isClosed: Bool { state.withLockedValue { $0.isClosed } }

    func update(_ body: (inout BusStatus) -> Void) { state.withLockedValue { body(&$0.status) } }

    /// Whether commands can be sent at all.
    func setCanCommand(_ value: Bool) { state.withLockedValue { $0.canCommand = value } }

    /// Takes a place for a command; give it back with ``leave(bytes:)``.
    ///
    /// - Throws: ``BusError``: `.closed`, `.unavailable`, `.overloaded`.
    func enter(bytes: Int) throws(BusError) {
        let refusal = state.withLockedValue { state -> BusError? in
            if state.isClosed { return BusError(.closed, "The bus has been shut down.") }
            guard state.canCommand else {
                return BusError(.unavailable, "Nothing was sent. \(state.status.detail)")
            }
            guard state.inFlight < maximumInFlight else {
                return BusError(
                    .overloaded, "\(state.inFlight) commands wait for Redis already (maximumInFlight); try again later."
                )
            }
            guard state.inFlight == 0 || bytes <= maximumInFlightBytes - state.inFlightBytes else {
                return BusError(
                    .overloaded,
                    "\(state.inFlightBytes) bytes wait for Redis already (maximumInFlightBytes \(maximumInFlightBytes))."
                )
            }
            state.inFlight += 1
            state.inFlightBytes += bytes
            return nil
        }
        if let refusal { throw refusal }
    }

    func leave(bytes: Int) {
        let whenIdle = state.withLockedValue { state -> (@Sendable () -> Void)? in
            state.inFlight -= 1
            state.inFlightBytes -= bytes
            guard state.inFlight == 0 else { return nil }
            defer { state.whenIdle = nil }
            return state.whenIdle
        }
        whenIdle?()
    }

    /// Lets nobody in any more; false when it was closed already. `whenIdle` is called once nobody is inside.
    func close(whenIdle: @escaping @Sendable () -> Void) -> Bool {
        let (isFirst, isIdle) = state.withLockedValue { state -> (Bool, Bool) in
            if state.isClosed { return (false, false) }
            state.isClosed = true
            state.canCommand = false
            state.status.isAvailable = false
            state.status.detail = "shut down"
            if state.inFlight == 0 { return (true, true) }
            state.whenIdle = whenIdle
            return (true, false)
        }
        if isIdle { whenIdle() }
        return isFirst
    }
}

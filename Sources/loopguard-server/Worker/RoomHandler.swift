import Foundation
import Loopguard
import LoopguardBus
import LoopguardWebSocket

/// What a member of a room may do: everything it sends goes to all members, on all workers.
struct RoomHandler: Sendable {
    let hub: Hub

    /// Joins, and relays until the connection ends.
    func run(topic: String, _ connection: WebSocketConnection) async throws {
        try await hub.join(topic, connection)
        try await relay(topic: topic, connection)
    }

    /// - Parameter mayPublish: asked before each message.
    func relay(
        topic: String, _ connection: WebSocketConnection, mayPublish: @Sendable () -> Bool = { true }
    ) async throws {
        while let message = try await connection.nextMessage() {
            guard mayPublish() else { return }
            do {
                try await hub.publish(topic, message)
            } catch let error as BusError {
                // The sender learns that it was not, or may not have been, delivered; the connection lives on.
                try await connection.send(text: Self.errorText(error))
            }
        }
    }

    /// `{"error":"unavailable","message":"…"}`: the code, and a sentence without our network's addresses.
    static func errorText(_ error: BusError) -> String {
        let message =
            switch error.code {
            case .unavailable:
                // An answer that did not come in time leaves open what Redis did.
                "The message may not have been delivered: the message bus cannot be reached. Try again later."
            case .overloaded: "The message was not delivered: too much is in flight. Try again later."
            case .messageTooLarge: "The message was not delivered: it is too large."
            default: "The message was not delivered."
            }
        return "{\"error\":\(JSONText.quoted(error.code.description)),\"message\":\(JSONText.quoted(message))}"
    }
}

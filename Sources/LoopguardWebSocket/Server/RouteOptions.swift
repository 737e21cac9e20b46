public import Loopguard

/// Runs for each connection of a route: reads its messages, sends to it. When it returns, the connection is closed with 1000.
///
/// It runs on the connection's guarded event loop: work that blocks goes to ``HandlerContext/offload(_:deadline:_:)``.
/// An error that it throws closes with 1011 and is logged, unless it is a ``WebSocketError`` about a peer that has gone.
public typealias WebSocketHandler = @Sendable (WebSocketConnection, HandlerContext) async throws -> Void

/// Options of one WebSocket route.
public struct RouteOptions: Sendable {
    /// Largest message in bytes; nil = the server's limit. Default nil.
    public var maxMessageBytes: Int?
    /// Subprotocols that the handler speaks. The first one that the client offers and that stands here is chosen; without a
    /// match none is, and the client decides. Default none.
    public var subprotocols: [String]

    public static let defaults = RouteOptions()

    public init(maxMessageBytes: Int? = nil, subprotocols: [String] = []) {
        self.maxMessageBytes = maxMessageBytes
        self.subprotocols = subprotocols
    }
}

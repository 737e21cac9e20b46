public import Loopguard
import NIOCore
import Synchronization

/// One client.
///
/// Any thread; on the connection's own loop, where its handler runs, nothing hops: `send` and `nextMessage` are
/// `nonisolated(nonsending)`, since at each call of an ordinary nonisolated function the runtime looks for the task's
/// preferred executor, under a lock (a tenth of the time of an echo). Messages have a single consumer.
public final class WebSocketConnection: Sendable {
    /// Unique in the process, such as `c42`.
    public let id: String
    /// The handshake's request.
    public let request: HTTPRequestInfo
    /// The subprotocol that was agreed on, or nil.
    public let subprotocol: String?
    /// Whom stall reports and log lines name.
    public let scope: HandlerScope

    let loop: GuardedLoop
    let mailbox: Mailbox
    let outbox: Outbox
    let io: ConnectionIO
    private let ended = Mutex<CloseInfo?>(nil)

    init(
        id: String, request: HTTPRequestInfo, subprotocol: String?, scope: HandlerScope, loop: GuardedLoop,
        mailbox: Mailbox, outbox: Outbox, io: ConnectionIO
    ) {
        self.id = id
        self.request = request
        self.subprotocol = subprotocol
        self.scope = scope
        self.loop = loop
        self.mailbox = mailbox
        self.outbox = outbox
        self.io = io
    }

    /// Follows the connection through log lines, offloaded work, the bus and stall reports.
    public var correlationID: CorrelationID { scope.correlationID }

    /// The messages of the client, in order; ends normally after a close frame or after ``close(_:reason:)``.
    public var messages: WebSocketMessages { WebSocketMessages(connection: self) }

    /// How the connection ended; nil while it is open.
    public var closeInfo: CloseInfo? { ended.withLock { $0 } }

    func setCloseInfo(_ info: CloseInfo?) { ended.withLock { if $0 == nil { $0 = info } } }

    /// The next message; nil after a close frame or after ``close(_:reason:)``.
    ///
    /// - Throws: ``WebSocketError`` with code `.connectionLost` or `.protocolViolation` when the connection ended otherwise,
    ///   `.concurrentRead` when two tasks read at once; `CancellationError`.
    public nonisolated(nonsending) func nextMessage() async throws -> WebSocketMessage? {
        while true {
            switch mailbox.take() {
            case .message(let message, let resumesReading):
                scope.beginMessage()
                if resumesReading { onLoop { $0.resumeReading() } }
                return message
            case .end(let end):
                onLoop { $0.handlerIsIdle() }
                switch end {
                case .closed: return nil
                case .broken(let error): throw error
                }
            case .empty: try await mailbox.wait()
            }
        }
    }

    /// Queues a message. Suspends while more than ``WebSocketServerConfiguration/Outbound/sendMarkBytes`` wait.
    ///
    /// All messages of a tick go out in one write.
    ///
    /// - Throws: ``WebSocketError`` with code `.closed` when the connection is closed or closing; `CancellationError`.
    public nonisolated(nonsending) func send(_ message: WebSocketMessage) async throws {
        while true {
            switch outbox.append(message) {
            case .queued(let needsFlush):
                if needsFlush { onLoop { $0.scheduleFlush() } }
                return
            case .full: try await outbox.waitForRoom()
            case .closed: throw WebSocketError(.closed, "The connection is closed.")
            }
        }
    }

    /// ``send(_:)`` of a text message.
    public nonisolated(nonsending) func send(text: String) async throws { try await send(.text(text)) }
    /// ``send(_:)`` of a binary message.
    public nonisolated(nonsending) func send(binary: [UInt8]) async throws { try await send(.binary(binary)) }

    /// Sends a close frame after what is queued, and ends the connection when the peer answers, or after
    /// ``WebSocketServerConfiguration/Limits/closeTimeout``. Does not wait for that. Idempotent.
    ///
    /// - Parameter reason: cut to 123 bytes.
    public func close(_ code: WebSocketCloseCode, reason: String = "") async {
        onLoop { $0.close(code, reason) }
    }

    /// Runs `body` on the connection's loop: at once when the caller is there.
    func onLoop(_ body: @escaping @Sendable (ConnectionIO) -> Void) {
        let io = io
        if loop.eventLoop.inEventLoop {
            body(io)
        } else {
            loop.eventLoop.execute { body(io) }
        }
    }
}

/// The messages of a connection. Single consumer.
public struct WebSocketMessages: AsyncSequence, Sendable {
    public typealias Element = WebSocketMessage
    let connection: WebSocketConnection

    public struct AsyncIterator: AsyncIteratorProtocol {
        let connection: WebSocketConnection
        public mutating func next() async throws -> WebSocketMessage? { try await connection.nextMessage() }

        /// What `for try await` calls: stays on the caller's executor.
        public mutating func next(isolation actor: isolated (any Actor)?) async throws -> WebSocketMessage? {
            try await connection.nextMessage()
        }
    }

    public func makeAsyncIterator() -> AsyncIterator { AsyncIterator(connection: connection) }
}

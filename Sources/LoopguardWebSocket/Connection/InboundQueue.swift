import DequeModule

/// Messages that have come and wait for the handler, as a value.
struct InboundQueue: Sendable {
    /// Why no more messages come.
    enum End: Sendable {
        case closed
        case broken(WebSocketError)
    }

    enum Taken: Sendable {
        case message(WebSocketMessage, resumesReading: Bool)
        case end(End)
        case empty
    }

    private let maximumMessages: Int
    private let maximumBytes: Int
    private var messages = Deque<WebSocketMessage>()
    private var bytes = 0
    private(set) var end: End?
    /// Over a limit: the channel is not read.
    private(set) var isPaused = false
    /// The handler has taken a message, and not asked for the next since.
    private(set) var isHandling = false

    init(maximumMessages: Int, maximumBytes: Int) {
        self.maximumMessages = maximumMessages
        self.maximumBytes = maximumBytes
    }

    var count: Int { messages.count }
    /// Nothing waits, and nothing is being handled.
    var isIdle: Bool { messages.isEmpty && !isHandling }

    /// Returns true when reading must pause.
    mutating func append(_ message: WebSocketMessage) {
        guard end == nil else { return }
        messages.append(message)
        bytes += message.count
        if messages.count >= maximumMessages || bytes >= maximumBytes { isPaused = true }
    }

    mutating func finish(_ end: End) {
        if self.end == nil { self.end = end }
    }

    /// Drops what waits: the server has closed.
    mutating func discard() {
        messages.removeAll()
        bytes = 0
    }

    mutating func take() -> Taken {
        isHandling = false
        if let message = messages.popFirst() {
            isHandling = true
            bytes -= message.count
            // Half: reading goes on and off in steps, not at every message.
            let resumes = isPaused && messages.count <= maximumMessages / 2 && bytes <= maximumBytes / 2
            if resumes { isPaused = false }
            return .message(message, resumesReading: resumes)
        }
        if let end { return .end(end) }
        return .empty
    }
}

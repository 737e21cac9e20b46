import NIOCore

/// The close handshake of RFC 6455 §7, as a value: told what happens and when, it says what to do.
///
/// The peer's close frame, or its violation, stands in line behind the messages that came before it: the answer is sent when
/// the handler has had its chance to answer those.
struct CloseHandshake: Sendable {
    struct Actions: Sendable, Equatable {
        /// Queue this close frame; afterwards nothing may be sent.
        var send: CloseFrame?
        /// Drop what waits to be sent: it would not arrive, or must not.
        var discardsQueue = false
        /// The handler gets no more messages.
        var endsMessages = false
        /// Shut down writing, and read on until the peer closes: closing at once could reset the connection and destroy the
        /// close frame on its way (RFC 6455 §7.1.1).
        var shutsDownWriting = false
        /// Close the transport.
        var cuts = false

        static let none = Actions()
    }

    private enum State: Sendable {
        case open
        /// The peer is done; our answer waits for the handler, until then.
        case answerDue(CloseFrame, isFailure: Bool, by: NIODeadline)
        /// Our close frame is on its way.
        case sending(peerIsDone: Bool, by: NIODeadline)
        /// Our close frame is out; the peer's has not come.
        case awaitingPeer(by: NIODeadline)
        /// Both are done.
        case draining(by: NIODeadline)
        case closed
    }

    private let timeout: TimeAmount
    /// How long the handler may take to answer what came before the peer's close frame.
    private let grace: TimeAmount
    private var state = State.open
    /// What ended the connection first.
    private(set) var info: CloseInfo?

    init(timeout: TimeAmount) {
        self.timeout = timeout
        grace = min(timeout, .seconds(1))
    }

    var isOpen: Bool { if case .open = state { true } else { false } }
    /// The peer's messages go to the handler.
    var acceptsMessages: Bool { isOpen }
    /// Frames are still looked at: for the peer's close frame, if nothing else.
    var acceptsFrames: Bool {
        switch state {
        case .open, .sending(peerIsDone: false, _), .awaitingPeer: true
        default: false
        }
    }
    var isClosed: Bool { if case .closed = state { true } else { false } }

    /// The server closes: its handler has returned or said so, a limit was reached, a drain.
    mutating func close(
        _ code: WebSocketCloseCode, _ reason: String, discardingQueue: Bool = false, now: NIODeadline
    ) -> Actions {
        switch state {
        case .open:
            let frame = CloseFrame(code: code, reason: CloseFrame.truncate(reason))
            info = CloseInfo(code: code, reason: frame.reason, initiator: .server)
            state = .sending(peerIsDone: false, by: now + timeout)
            return Actions(send: frame, discardsQueue: discardingQueue, endsMessages: true)
        case .answerDue: return answer(now)
        default: return .none
        }
    }

    /// A close frame has come. `isHandlerIdle`: nothing that came before it can still be answered.
    mutating func received(_ frame: CloseFrame, isHandlerIdle: Bool, now: NIODeadline) -> Actions {
        switch state {
        case .open:
            info = CloseInfo(code: frame.code ?? .noStatus, reason: frame.reason, initiator: .peer)
            // The answer echoes the code (§5.5.1), not the reason.
            state = .answerDue(CloseFrame(code: frame.code), isFailure: false, by: now + grace)
            return isHandlerIdle ? answer(now) : .none
        case .sending(_, let by):
            state = .sending(peerIsDone: true, by: by)
            return .none
        case .awaitingPeer: return drain(now)
        default: return .none
        }
    }

    /// The peer broke a rule.
    mutating func failed(_ failure: ProtocolFailure, isHandlerIdle: Bool, now: NIODeadline) -> Actions {
        switch state {
        case .open:
            var info = CloseInfo(code: failure.code, reason: failure.reason, initiator: .server)
            info.isViolation = true
            self.info = info
            let frame = CloseFrame(code: failure.code, reason: failure.reason)
            state = .answerDue(frame, isFailure: true, by: now + grace)
            return isHandlerIdle ? answer(now) : .none
        case .sending(_, let by):
            // Whatever it meant, no close frame will follow.
            state = .sending(peerIsDone: true, by: by)
            return .none
        case .awaitingPeer: return drain(now)
        default: return .none
        }
    }

    /// The handler has taken all messages and asked for more, or has ended.
    mutating func handlerIsIdle(now: NIODeadline) -> Actions {
        if case .answerDue = state { return answer(now) }
        return .none
    }

    /// Our close frame has been handed to the kernel.
    mutating func closeFrameWritten(now: NIODeadline) -> Actions {
        switch state {
        case .sending(peerIsDone: true, _): return drain(now)
        case .sending(peerIsDone: false, let by):
            state = .awaitingPeer(by: by)
            return .none
        default: return .none
        }
    }

    /// Looks at the deadlines.
    mutating func tick(now: NIODeadline) -> Actions {
        switch state {
        case .answerDue(_, _, let by) where now >= by: return answer(now)
        case .sending(_, let by) where now >= by, .awaitingPeer(let by) where now >= by,
            .draining(let by) where now >= by:
            state = .closed
            return Actions(cuts: true)
        default: return .none
        }
    }

    /// The transport is gone. False: it was known.
    mutating func transportEnded(_ reason: String) {
        if info == nil { info = CloseInfo(code: .abnormal, reason: reason, initiator: .transport) }
        state = .closed
    }

    /// The transport is to be cut for `reason`, without a close frame: the peer would not read it.
    mutating func cut(_ reason: String) -> Actions {
        guard !isClosed else { return .none }
        transportEnded(reason)
        return Actions(discardsQueue: true, endsMessages: true, cuts: true)
    }

    /// True when both close frames went over the wire.
    var wasHandshaken: Bool {
        switch state {
        case .draining: true
        default: false
        }
    }

    private mutating func answer(_ now: NIODeadline) -> Actions {
        guard case .answerDue(let frame, _, _) = state else { return .none }
        state = .sending(peerIsDone: true, by: now + timeout)
        return Actions(send: frame)
    }

    private mutating func drain(_ now: NIODeadline) -> Actions {
        state = .draining(by: now + grace)
        return Actions(shutsDownWriting: true)
    }
}

import Logging
import Loopguard
import NIOCore

/// How a connection comes to its end. On the channel's event loop.
extension ConnectionIO {
    /// Does what the close handshake says.
    func apply(_ actions: CloseHandshake.Actions) {
        guard actions != .none else { return }
        connection?.setCloseInfo(handshake.info)
        if actions.endsMessages, let connection {
            let lost = WebSocketError(.connectionLost, "The connection was cut: \(handshake.info?.reason ?? "").")
            _ = connection.mailbox.finish(actions.cuts ? .broken(lost) : .closed, discarding: true)
            isReadingPaused = false
            resumePendingRead()
        }
        if let frame = actions.send, let connection {
            let (dropped, needsFlush) = connection.outbox.update {
                $0.setClose(frame, discardingData: actions.discardsQueue)
            }
            loop.counters.dropped(dropped, .disconnected)
            if needsFlush { loop.flushSoon(self) }
            // Senders that wait for room learn that there will be none.
            connection.outbox.endFlush(isBlocked: false)
        }
        if actions.shutsDownWriting { shutdownWriting() }
        if actions.cuts { context?.close(promise: nil) }
    }

    private func resumePendingRead() {
        guard hasPendingRead else { return }
        hasPendingRead = false
        context?.read()
    }

    private func shutdownWriting() {
        isReadingPaused = false
        resumePendingRead()
        guard let context else { return }
        // With TLS the close waits for the peer's close_notify by itself.
        context.close(mode: shared.configuration.tls == nil ? .output : .all, promise: nil)
    }

    /// The transport is gone: once.
    func end(reason: String) {
        guard let connection else { return }
        self.connection = nil
        loop.remove(self)
        loop.counters.webSocketClosed()
        handshake.transportEnded(reason)
        connection.setCloseInfo(handshake.info)
        let (dropped, _) = connection.outbox.update { $0.end() }
        loop.counters.dropped(dropped, .disconnected)
        connection.outbox.endFlush(isBlocked: false)
        let error = WebSocketError(.connectionLost, "The connection was lost: \(reason).")
        _ = connection.mailbox.finish(.broken(error))
        for hook in closeHooks { hook() }
        closeHooks = []
        if let handler {
            loop.cancel(handler, at: .now() + .init(shared.configuration.limits.closeTimeout))
            self.handler = nil
        }
        report()
    }

    private func report() {
        guard let info = handshake.info else { return }
        shared.metrics.closed(info.code)
        logger.log(
            level: info.logLevel, "WebSocket closed",
            metadata: [
                "code": "\(info.code)", "reason": "\(info.reason)", "initiator": "\(info.initiator.rawValue)",
                "duration_ms": "\((NIODeadline.now() - opened).nanoseconds / 1_000_000)",
                "messages_in": "\(messagesIn)", "messages_out": "\(messagesOut)",
                "bytes_in": "\(bytesIn)", "bytes_out": "\(bytesOut)",
            ])
    }
}

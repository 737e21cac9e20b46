import Logging
import Loopguard
import NIOCore
import NIOHTTP1

/// Reads one request, and answers it or makes a WebSocket of the connection.
///
/// One request a connection: an upgrade on a later request of a kept-alive connection would be a second path with the same
/// rules, so plain answers close.
final class HandshakeHandler: ChannelInboundHandler, RemovableChannelHandler, LoopMember {
    typealias InboundIn = HTTPServerRequestPart
    typealias OutboundOut = HTTPServerResponsePart

    private let shared: ServerShared
    private let loop: LoopContext
    private let routes: ServerShared.Routes
    private let refusal: String?
    private let remote: SocketAddress?
    private var deadline: NIODeadline
    private var context: ChannelHandlerContext?
    private var head: HTTPRequestHead?
    /// Answered or upgraded; only waiting to be closed.
    private var isDone = false

    /// - Parameter refusal: set when the connection is over a limit: whatever it asks, the answer is 503.
    init(shared: ServerShared, loop: LoopContext, refusal: String?, remote: SocketAddress?) {
        self.shared = shared
        self.loop = loop
        self.refusal = refusal
        self.remote = remote
        routes = shared.currentRoutes
        deadline = .now() + .init(shared.configuration.limits.handshakeTimeout)
    }

    /// Puts the HTTP handlers and this one into a pipeline.
    func install(in pipeline: ChannelPipeline) throws {
        var limits = NIOHTTPDecoderLimitConfiguration()
        limits.maxHeaderFieldSize = shared.configuration.limits.maxHeaderBytes
        limits.maxHeaderListSize = shared.configuration.limits.maxHeaderBytes
        limits.maxHeaderFieldCount = 100
        let decoder = ByteToMessageHandler(
            HTTPRequestDecoder(leftOverBytesStrategy: .forwardBytes, limitConfiguration: limits))
        try pipeline.syncOperations.addHandlers([decoder, HTTPResponseEncoder(), self])
    }

    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
        loop.add(self)
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        self.context = nil
        loop.remove(self)
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard !isDone else { return }
        switch unwrapInboundIn(data) {
        case .head(let head):
            self.head = head
            // Refused in any case, and a client that asks with Expect waits for a word before it sends the body.
            if Self.announcesBody(head) { decide(head, context) }
        case .body:
            // The head says better what is wrong: a path that is not there, a method that is not allowed, or the body.
            if let head { decide(head, context) }
            if !isDone { refuse(.body) }
        case .end:
            guard let head else { return }
            decide(head, context)
        }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        guard !isDone else { return context.close(promise: nil) }
        switch error {
        case HTTPParserError.headerOverflow: refuse(.headersTooLarge)
        case is HTTPParserError: refuse(.malformed)
        // TLS, reset: there is nobody to answer.
        default:
            shared.metrics.refused("transport")
            isDone = true
            context.close(promise: nil)
        }
    }

    func channelInactive(context: ChannelHandlerContext) {
        if !isDone { shared.metrics.refused("no_request") }
        isDone = true
        context.fireChannelInactive()
    }

    func tick(now: NIODeadline, lateness: TimeAmount) {
        // The last chance for what was answered to be read is over as well.
        guard now >= deadline + lateness, let context else { return }
        guard isDone else {
            // One second for the answer to be read.
            deadline = now + .seconds(1)
            return refuse(.timeout)
        }
        context.close(promise: nil)
    }

    func beginDrain() {
        // Who has not asked yet can ask another worker; an answer on its way may arrive.
        if !isDone { cut("drain") }
    }

    func cut(_ reason: String) {
        isDone = true
        context?.close(promise: nil)
    }

    // MARK: decision

    private static func announcesBody(_ head: HTTPRequestHead) -> Bool {
        head.headers.contains(name: "transfer-encoding") || head.headers["content-length"].contains { $0 != "0" }
    }

    private func decide(_ head: HTTPRequestHead, _ context: ChannelHandlerContext) {
        if let refusal { return refuse(.overloaded(refusal)) }
        switch routes.decide(head, origins: shared.configuration.allowedOrigins) {
        case .refuse(let refusal): refuse(refusal)
        case .plain(let answer, let path, let query, let parameters):
            let request = request(head, path, query, parameters)
            send(answer(request), correlation: correlationID(head).description)
        case .accept(let accepted): upgrade(head, accepted, context)
        }
    }

    private func request(
        _ head: HTTPRequestHead, _ path: String, _ query: String?, _ parameters: [String: String]
    ) -> HTTPRequestInfo {
        HTTPRequestInfo(
            method: head.method, path: path, query: query, parameters: parameters, headers: head.headers,
            remoteAddress: remote, isTLS: shared.configuration.tls != nil)
    }

    private func correlationID(_ head: HTTPRequestHead) -> CorrelationID {
        let given = head.headers["x-correlation-id"]
        guard let text = given.first else { return .mint() }
        if given.count == 1, let id = CorrelationID(validating: text) { return id }
        let minted = CorrelationID.mint()
        shared.logger.debug(
            "the client's X-Correlation-ID is not valid; minted one",
            metadata: ["correlation": "\(minted)", "given_bytes": "\(text.utf8.count)"])
        return minted
    }

    private func upgrade(
        _ head: HTTPRequestHead,
        _ accepted: HandshakeDecision<ServerShared.WebSocketRoute, @Sendable (HTTPRequestInfo) -> HTTPAnswer>.Accepted,
        _ context: ChannelHandlerContext
    ) {
        isDone = true
        let correlation = correlationID(head)
        let id = ServerShared.nextConnectionID()
        let (io, start) = shared.begin(
            accepted.route, request: request(head, accepted.path, accepted.query, accepted.parameters),
            subprotocol: accepted.subprotocol, id: id, correlationID: correlation, loop: loop)
        var headers = accepted.headers
        headers.add(name: "x-correlation-id", value: correlation.description)
        context.write(
            wrapOutboundOut(.head(.init(version: .http1_1, status: .switchingProtocols, headers: headers))),
            promise: nil)
        context.writeAndFlush(wrapOutboundOut(.end(nil)), promise: nil)

        let operations = context.pipeline.syncOperations
        do {
            try operations.addHandler(io, position: .after(self))
            let encoder = try operations.context(handlerType: HTTPResponseEncoder.self)
            let decoder = try operations.context(handlerType: ByteToMessageHandler<HTTPRequestDecoder>.self)
            operations.removeHandler(context: encoder, promise: nil)
            operations.removeHandler(context: context, promise: nil)
            // Last: it hands the bytes that came with the request to its next neighbour, which is the WebSocket by then.
            operations.removeHandler(context: decoder, promise: nil)
        } catch {
            io.abandon()
            return context.close(promise: nil)
        }
        shared.metrics.handshaken()
        start()
    }

    // MARK: answers

    private func refuse(_ refusal: Refusal) {
        shared.metrics.refused(refusal.reason)
        var answer = HTTPAnswer.text(refusal.message + "\n", status: refusal.status)
        for (name, value) in refusal.headers { answer.headers.replaceOrAdd(name: name, value: value) }
        let correlation = head.map(correlationID) ?? .mint()
        shared.logger.debug(
            "refused a request",
            metadata: [
                "status": "\(refusal.status.code)", "reason": "\(refusal.reason)", "correlation": "\(correlation)",
                "remote": "\(remote.map(ServerShared.describe) ?? "?")",
            ])
        send(answer, correlation: correlation.description)
    }

    private func send(_ answer: HTTPAnswer, correlation: String) {
        guard let context else { return }
        isDone = true
        var headers = answer.headers
        headers.replaceOrAdd(name: "content-length", value: "\(answer.body.readableBytes)")
        headers.replaceOrAdd(name: "x-correlation-id", value: correlation)
        // A 426 must list Upgrade in Connection (RFC 9110 §7.8).
        headers.replaceOrAdd(name: "connection", value: headers.contains(name: "upgrade") ? "Upgrade, close" : "close")
        context.write(
            wrapOutboundOut(.head(.init(version: .http1_1, status: answer.status, headers: headers))), promise: nil)
        if head?.method != .HEAD, answer.body.readableBytes > 0 {
            context.write(wrapOutboundOut(.body(.byteBuffer(answer.body))), promise: nil)
        }
        let promise = context.eventLoop.makePromise(of: Void.self)
        let isTLS = shared.configuration.tls != nil
        // As with WebSockets: closing while unread bytes are there would reset the connection and destroy the answer.
        promise.futureResult.assumeIsolated().whenComplete { [weak self] _ in
            guard let self, let context = self.context else { return }
            context.close(mode: isTLS ? .all : .output, promise: nil)
            deadline = min(deadline, .now() + .seconds(1))
        }
        context.writeAndFlush(wrapOutboundOut(.end(nil)), promise: promise)
    }
}

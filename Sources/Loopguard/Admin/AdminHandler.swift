import LoopguardCore
import NIOCore
import NIOHTTP1

/// Answers one request after another on an admin connection. Confined to the channel's loop.
final class AdminHandler: ChannelInboundHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias OutboundOut = HTTPServerResponsePart

    private let cluster: @Sendable () -> ClusterStatus
    private let hosts: AdminHostPolicy
    private let timeout: TimeAmount
    private let action: AdminAction?
    private let actor: OwnThreadExecutor
    private let offersSelfTest: Bool
    private let streams: AdminEventStreams?
    private let renderer: AdminRenderer?
    /// An answer is being made elsewhere.
    private var isRendering = false
    /// The client has said that it sends no more.
    private var isInputClosed = false
    /// From the head of a request to the end of its answer.
    private var isOwingAnAnswer = false
    private var running: Task<Void, Never>?
    private var head: HTTPRequestHead?
    /// A complete request that is not answered yet.
    private var waiting: HTTPRequestHead?
    private var isResponding = false
    private var isClosing = false
    private var deadline: Scheduled<Void>?

    /// - Parameters:
    ///   - timeout: a connection that completes no request for this long, or does not take its answer, is closed.
    ///   - action: obeys `POST` requests; nil: they are refused.
    ///   - actor: runs the actions: not Swift's cooperative pool, which may be the very thing that is stuck.
    ///   - offersSelfTest: whether pages have buttons for the self-test; never without an action.
    ///   - streams: of the same loop; nil: there are no live events.
    ///   - renderer: makes the answers; nil: they are made on the loop.
    init(
        hosts: AdminHostPolicy = .any, timeout: TimeAmount, action: AdminAction? = nil,
        actor: OwnThreadExecutor = OwnThreadExecutor(name: "lg-action"), offersSelfTest: Bool = true,
        streams: AdminEventStreams? = nil, renderer: AdminRenderer? = nil,
        cluster: @escaping @Sendable () -> ClusterStatus
    ) {
        self.offersSelfTest = offersSelfTest && action != nil
        self.renderer = renderer
        self.action = action
        self.actor = actor
        self.streams = streams
        self.hosts = hosts
        self.timeout = timeout
        self.cluster = cluster
    }

    func handlerAdded(context: ChannelHandlerContext) { restartDeadline(context) }

    func handlerRemoved(context: ChannelHandlerContext) {
        deadline?.cancel()
        running?.cancel()
        streams?.remove(context.channel)
    }

    /// Not an idle timeout: a client that sends one byte now and then would hold its connection for ever.
    private func restartDeadline(_ context: ChannelHandlerContext) {
        deadline?.cancel()
        let channel = context.channel
        deadline = context.eventLoop.scheduleTask(in: timeout) { channel.close(promise: nil) }
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch unwrapInboundIn(data) {
        case .head(let head):
            self.head = head
            isOwingAnAnswer = true
        case .body: break  // read and dropped: GET has none that matters, other methods are refused
        case .end:
            guard let head, !isClosing else { return }
            self.head = nil
            waiting = head
            respondIfWritable(context)
        }
    }

    func channelWritabilityChanged(context: ChannelHandlerContext) {
        respondIfWritable(context)
        context.fireChannelWritabilityChanged()
    }

    /// A client may hang up one way after its request (`nc -N`): it still gets the answer that is being made.
    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if case .inputClosed? = event as? ChannelEvent {
            isInputClosed = true
            if !isRendering && !isClosing { context.close(promise: nil) }
        }
        context.fireUserInboundEventTriggered(event)
    }

    /// A client that sends requests without reading the answers waits: they would pile up in memory. NIO's pipelining
    /// handler in front holds further requests, and stops reading, until this one is answered.
    private func respondIfWritable(_ context: ChannelHandlerContext) {
        // The end of a response lets the next request in at once, within this very call.
        guard !isResponding else { return }
        isResponding = true
        defer { isResponding = false }
        while !isRendering, context.channel.isWritable, let head = waiting {
            waiting = nil
            restartDeadline(context)
            if let action, head.method == .POST, refusal(of: head) == nil {
                act(action, on: head, context: context)
            } else if let streams, isStream(head) {
                if head.method == .HEAD {
                    respond(Self.streamHead, to: head, context: context)
                } else {
                    stream(to: streams, head, context: context)
                }
            } else {
                answer(head, context: context)
            }
        }
    }

    /// Has the answer made elsewhere. What costs nothing is answered at once: whether the process lives must not depend on how
    /// many pages others want.
    private func answer(_ head: HTTPRequestHead, context: ChannelHandlerContext) {
        if let refusal = refusal(of: head) { return respond(refusal, to: head, context: context) }
        let (offers, cluster) = (offersSelfTest, cluster)
        guard Self.split(head.uri).path != "/healthz" else {
            let answer = Self.make(head, ClusterStatus(workers: []), offersSelfTest: offers)
            return respond(answer, to: head, context: context)
        }
        guard let renderer else {
            return respond(Self.make(head, cluster(), offersSelfTest: offers), to: head, context: context)
        }
        let eventLoop = context.eventLoop
        let handler = NIOLoopBound(self, eventLoop: eventLoop)
        let bound = NIOLoopBound(context, eventLoop: eventLoop)
        isRendering = renderer.submit {
            let answer = Self.make(head, cluster(), offersSelfTest: offers)
            eventLoop.execute { handler.value.rendered(answer, to: head, context: bound.value) }
        }
        guard !isRendering else { return }
        var answer = Self.text(503, "503: too many pages are being made; try again.", head.method)
        answer.headers.append(("retry-after", "1"))
        respond(answer, to: head, context: context)
    }

    private func rendered(_ answer: DebugResponse, to head: HTTPRequestHead, context: ChannelHandlerContext) {
        isRendering = false
        guard context.channel.isActive else { return }
        restartDeadline(context)
        respond(answer, to: head, context: context)
        respondIfWritable(context)
    }

    /// Why a request is not looked at; nil when it is.
    private func refusal(of head: HTTPRequestHead) -> DebugResponse? {
        let host = head.headers.first(name: "host")
        guard hosts.allows(host) else { return Self.text(421, AdminHostPolicy.refusal, head.method) }
        guard
            action == nil || head.method != .POST
                || AdminOriginPolicy.allows(
                    fetchSite: head.headers.first(name: "sec-fetch-site"), origin: head.headers.first(name: "origin"),
                    host: host)
        else { return Self.text(403, AdminOriginPolicy.refusal, head.method) }
        return nil
    }

    static func text(_ status: Int, _ line: String, _ method: HTTPMethod = .GET) -> DebugResponse {
        DebugResponse(
            status: status, headers: [("content-type", "text/plain; charset=utf-8")],
            body: method == .HEAD ? "" : line + "\n")
    }

    /// Path and query.
    private static func split(_ uri: String) -> (path: String, query: String) {
        let parts = uri.split(separator: "?", maxSplits: 1, omittingEmptySubsequences: false)
        return (String(parts[0]), parts.count > 1 ? String(parts[1]) : "")
    }

    private static func make(
        _ head: HTTPRequestHead, _ cluster: ClusterStatus, offersSelfTest: Bool
    ) -> DebugResponse {
        let (path, query) = split(head.uri)
        return DebugResponder.respond(
            method: head.method.rawValue, path: path, query: query,
            accept: head.headers[canonicalForm: "accept"].joined(separator: ","), cluster: cluster,
            offersSelfTest: offersSelfTest)
    }

    /// Runs an action elsewhere and answers when it is done; meanwhile NIO's pipelining handler holds further requests.
    private func act(_ action: @escaping AdminAction, on head: HTTPRequestHead, context: ChannelHandlerContext) {
        // An action may take its time; what remains bounded is the time that the client has to take the answer.
        deadline?.cancel()
        let (path, query) = Self.split(head.uri)
        let eventLoop = context.eventLoop
        let handler = NIOLoopBound(self, eventLoop: eventLoop)
        let context = NIOLoopBound(context, eventLoop: eventLoop)
        let method = head.method.rawValue
        running = Task(executorPreference: actor) {
            let answer = await action(method, path, query)
            eventLoop.execute {
                handler.value.acted(answer, on: head, context: context.value)
            }
        }
    }

    private func acted(_ answer: DebugResponse?, on head: HTTPRequestHead, context: ChannelHandlerContext) {
        guard context.channel.isActive else { return }
        restartDeadline(context)
        let accept = head.headers[canonicalForm: "accept"].joined(separator: ",")
        let shown = answer.map { AdminBrowserAnswer.make($0, accept: accept) }
        // Not an action: 405 for a page, as without actions. That takes no look at the cluster.
        let otherwise = Self.make(head, ClusterStatus(workers: []), offersSelfTest: offersSelfTest)
        respond(shown ?? otherwise, to: head, context: context)
    }

    private func isStream(_ head: HTTPRequestHead) -> Bool {
        (head.method == .GET || head.method == .HEAD) && Self.split(head.uri).path == LiveFeed.path
            && refusal(of: head) == nil
    }

    private static let streamHeaders =
        [("content-type", "text/event-stream; charset=utf-8"), ("cache-control", "no-store")] + PageSecurity.headers

    /// What `HEAD` is told of an answer that has no end. It opens nothing, so it is not counted as a reader either. Its length is
    /// given as 0: without one NIO's encoder takes it for chunked, and would end it with a chunk that a client takes for an answer.
    private static let streamHead = DebugResponse(status: 200, headers: streamHeaders, body: "")

    /// An answer without an end: live events, until one of the two hangs up.
    private func stream(to streams: AdminEventStreams, _ head: HTTPRequestHead, context: ChannelHandlerContext) {
        guard streams.hasRoom else {
            var answer = Self.text(503, "503: too many live pages are open; this one asks now and then instead.")
            answer.headers.append(("retry-after", "10"))
            return respond(answer, to: head, context: context)
        }
        deadline?.cancel()
        // Messages are small. What a reader does not take piles up in the socket before it is noticed: keep that small as well.
        context.channel.setOption(.socketOption(.so_sndbuf), value: 16_384).whenFailure { _ in }
        var headers = HTTPHeaders(Self.streamHeaders)
        if head.version == .http1_0 { headers.add(name: "connection", value: "close") }
        let response = HTTPResponseHead(
            version: head.version == .http1_0 ? .http1_0 : .http1_1, status: .ok, headers: headers)
        context.write(wrapOutboundOut(.head(response)), promise: nil)
        streams.add(context)
    }

    private func respond(_ answer: DebugResponse, to head: HTTPRequestHead, context: ChannelHandlerContext) {
        var headers = HTTPHeaders()
        for (name, value) in answer.headers { headers.replaceOrAdd(name: name, value: value) }
        // The responder knows better for HEAD, whose body is empty and whose length is not.
        if !headers.contains(name: "content-length") {
            headers.add(name: "content-length", value: "\(answer.body.utf8.count)")
        }
        if !headers.contains(name: "cache-control") { headers.add(name: "cache-control", value: "no-store") }
        // Only GET and HEAD are served for sure without a body of unknown length behind them.
        let keepAlive = head.isKeepAlive && !isInputClosed && (head.method == .GET || head.method == .HEAD)
        headers.replaceOrAdd(name: "connection", value: keepAlive ? "keep-alive" : "close")
        let response = HTTPResponseHead(
            version: head.version == .http1_0 ? .http1_0 : .http1_1,
            status: HTTPResponseStatus(statusCode: answer.status), headers: headers)
        context.write(wrapOutboundOut(.head(response)), promise: nil)
        if head.method != .HEAD {
            context.write(
                wrapOutboundOut(.body(.byteBuffer(context.channel.allocator.buffer(string: answer.body)))), promise: nil
            )
        }
        isOwingAnAnswer = waiting != nil
        let done = context.writeAndFlush(wrapOutboundOut(.end(nil)))
        if !keepAlive {
            isClosing = true
            let channel = context.channel
            done.whenComplete { _ in channel.close(promise: nil) }
        }
    }

    /// A request that is none is told so in a line, as long as no other answer is under way; then the connection ends.
    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        guard let error = error as? HTTPParserError, !isClosing, !isOwingAnAnswer else {
            return context.close(promise: nil)
        }
        let isTooLarge = error == .headerOverflow
        let head = HTTPRequestHead(version: .http1_1, method: .GET, uri: "/", headers: ["connection": "close"])
        respond(
            Self.text(
                isTooLarge ? 431 : 400,
                isTooLarge
                    ? "431: the header of the request is too large."
                    : "400: this is not an HTTP request that can be understood (\(error)). Try: curl http://HOST:PORT/debug/stalls"
            ), to: head, context: context)
    }
}

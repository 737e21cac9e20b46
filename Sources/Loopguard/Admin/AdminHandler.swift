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
    private var head: HTTPRequestHead?
    /// A complete request that is not answered yet.
    private var waiting: HTTPRequestHead?
    private var isResponding = false
    private var isClosing = false
    private var deadline: Scheduled<Void>?

    /// - Parameter timeout: a connection that completes no request for this long, or does not take its answer, is closed.
    init(hosts: AdminHostPolicy = .any, timeout: TimeAmount, cluster: @escaping @Sendable () -> ClusterStatus) {
        self.hosts = hosts
        self.timeout = timeout
        self.cluster = cluster
    }

    func handlerAdded(context: ChannelHandlerContext) { restartDeadline(context) }

    func handlerRemoved(context: ChannelHandlerContext) { deadline?.cancel() }

    /// Not an idle timeout: a client that sends one byte now and then would hold its connection for ever.
    private func restartDeadline(_ context: ChannelHandlerContext) {
        deadline?.cancel()
        let channel = context.channel
        deadline = context.eventLoop.scheduleTask(in: timeout) { channel.close(promise: nil) }
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch unwrapInboundIn(data) {
        case .head(let head): self.head = head
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

    /// A client that sends requests without reading the answers waits: they would pile up in memory. NIO's pipelining
    /// handler in front holds further requests, and stops reading, until this one is answered.
    private func respondIfWritable(_ context: ChannelHandlerContext) {
        // The end of a response lets the next request in at once, within this very call.
        guard !isResponding else { return }
        isResponding = true
        defer { isResponding = false }
        while context.channel.isWritable, let head = waiting {
            waiting = nil
            restartDeadline(context)
            respond(to: head, context: context)
        }
    }

    private func answer(to head: HTTPRequestHead) -> DebugResponse {
        guard hosts.allows(head.headers.first(name: "host")) else {
            return DebugResponse(
                status: 421, headers: [("content-type", "text/plain; charset=utf-8")],
                body: head.method == .HEAD ? "" : AdminHostPolicy.refusal + "\n")
        }
        let parts = head.uri.split(separator: "?", maxSplits: 1, omittingEmptySubsequences: false)
        return DebugResponder.respond(
            method: head.method.rawValue, path: String(parts[0]), query: parts.count > 1 ? String(parts[1]) : "",
            accept: head.headers[canonicalForm: "accept"].joined(separator: ","), cluster: cluster())
    }

    private func respond(to head: HTTPRequestHead, context: ChannelHandlerContext) {
        let answer = answer(to: head)
        var headers = HTTPHeaders()
        for (name, value) in answer.headers { headers.replaceOrAdd(name: name, value: value) }
        // The responder knows better for HEAD, whose body is empty and whose length is not.
        if !headers.contains(name: "content-length") {
            headers.add(name: "content-length", value: "\(answer.body.utf8.count)")
        }
        if !headers.contains(name: "cache-control") { headers.add(name: "cache-control", value: "no-store") }
        // Only GET and HEAD are served for sure without a body of unknown length behind them.
        let keepAlive = head.isKeepAlive && (head.method == .GET || head.method == .HEAD)
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
        let done = context.writeAndFlush(wrapOutboundOut(.end(nil)))
        if !keepAlive {
            isClosing = true
            let channel = context.channel
            done.whenComplete { _ in channel.close(promise: nil) }
        }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }
}

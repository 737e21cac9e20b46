import LoopguardCore
import NIOCore
import NIOEmbedded
import NIOHTTP1
import Testing

@testable import Loopguard

@Suite struct AdminHandlerTests {
    private func makeChannel() throws -> EmbeddedChannel {
        let channel = EmbeddedChannel()
        let handler = AdminHandler(timeout: .seconds(30)) { ClusterStatus(workers: []) }
        try channel.pipeline.syncOperations.addHandler(handler)
        try channel.connect(to: SocketAddress(ipAddress: "127.0.0.1", port: 1)).wait()
        return channel
    }

    private func request(_ channel: EmbeddedChannel, _ path: String = "/healthz") throws {
        try channel.writeInbound(
            HTTPServerRequestPart.head(HTTPRequestHead(version: .http1_1, method: .GET, uri: path)))
        try channel.writeInbound(HTTPServerRequestPart.end(nil))
    }

    private func responses(_ channel: EmbeddedChannel) throws -> Int {
        var count = 0
        while let part = try channel.readOutbound(as: HTTPServerResponsePart.self) {
            if case .end = part { count += 1 }
        }
        return count
    }

    @Test func `a client that does not read its answers gets no further ones until it does`() throws {
        let channel = try makeChannel()
        try request(channel)
        #expect(try responses(channel) == 1)
        channel.isWritable = false
        try request(channel)
        #expect(try responses(channel) == 0)
        channel.isWritable = true
        channel.pipeline.fireChannelWritabilityChanged()
        #expect(try responses(channel) == 1)
        _ = try? channel.finish()
    }

    @Test func `a request that never becomes complete is given up, however busily it trickles in`() throws {
        let channel = try makeChannel()
        for _ in 0..<3 {
            channel.embeddedEventLoop.advanceTime(by: .seconds(20))
            try request(channel)
        }
        #expect(channel.isActive)
        try channel.writeInbound(
            HTTPServerRequestPart.head(HTTPRequestHead(version: .http1_1, method: .POST, uri: "/")))
        for _ in 0..<3 where channel.isActive {
            channel.embeddedEventLoop.advanceTime(by: .seconds(11))
            if channel.isActive { try channel.writeInbound(HTTPServerRequestPart.body(ByteBuffer(string: "x"))) }
        }
        #expect(!channel.isActive)
        _ = try? channel.finish()
    }

    @Test func `thousands of requests in one packet are answered in order without nesting`() throws {
        let channel = try makeChannel()
        try channel.pipeline.syncOperations.addHandler(HTTPServerPipelineHandler(), position: .first)
        channel.isWritable = false
        for _ in 0..<5000 { try request(channel) }
        channel.isWritable = true
        channel.pipeline.fireChannelWritabilityChanged()
        #expect(try responses(channel) == 5000)
        _ = try? channel.finish()
    }

    @Test func `after an answer that closes the connection nothing more is answered`() throws {
        let channel = try makeChannel()
        let head = HTTPRequestHead(version: .http1_1, method: .POST, uri: "/healthz")
        try channel.writeInbound(HTTPServerRequestPart.head(head))
        try channel.writeInbound(HTTPServerRequestPart.end(nil))
        #expect(try responses(channel) == 1)
        channel.embeddedEventLoop.run()
        #expect(!channel.isActive)
    }
}

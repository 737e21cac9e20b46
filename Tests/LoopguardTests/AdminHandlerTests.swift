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

@Suite struct AdminActionTests {
    private func post(
        _ headers: HTTPHeaders, action: AdminAction?, path: String = "/debug/selftest?ms=5"
    ) async throws -> (status: UInt, body: String, location: String?) {
        let channel = NIOAsyncTestingChannel()
        try await channel.testingEventLoop.executeInContext {
            try channel.pipeline.syncOperations.addHandler(
                AdminHandler(timeout: .seconds(30), action: action) { ClusterStatus(workers: []) })
        }
        try await channel.connect(to: SocketAddress(ipAddress: "127.0.0.1", port: 1))
        try await channel.writeInbound(
            HTTPServerRequestPart.head(
                HTTPRequestHead(version: .http1_1, method: .POST, uri: path, headers: headers)))
        try await channel.writeInbound(HTTPServerRequestPart.end(nil))
        var status: UInt = 0
        var body = ""
        var location: String?
        reading: while true {
            switch try await channel.waitForOutboundWrite(as: HTTPServerResponsePart.self) {
            case .head(let head):
                status = head.status.code
                location = head.headers.first(name: "location")
            case .body(.byteBuffer(let buffer)): body += String(buffer: buffer)
            case .body: break
            case .end: break reading
            }
        }
        _ = try? await channel.finish()
        return (status, body, location)
    }

    private let echo: AdminAction = { method, path, query in
        guard path == "/debug/selftest" else { return nil }
        return DebugResponse(status: 200, headers: [], body: "\(method) \(path) \(query)")
    }

    @Test func `a post from curl is obeyed, with path and query`() async throws {
        let answer = try await post(["host": "localhost:9090"], action: echo)
        #expect(answer.status == 200)
        #expect(answer.body == "POST /debug/selftest ms=5")
    }

    @Test
    func `a browser that sent a form goes back to the page; a refusal and the page's script get the answer itself`()
        async throws
    {
        let form: HTTPHeaders = [
            "host": "localhost:9090", "origin": "http://localhost:9090", "sec-fetch-site": "same-origin",
            "accept": "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8",
        ]
        let answer = try await post(form, action: echo)
        #expect(answer.status == 303 && answer.location == "/debug/stalls")
        let refused = try await post(form) { _, _, _ in DebugResponse(status: 409, headers: [], body: "409: busy\n") }
        #expect(refused.status == 409 && refused.body == "409: busy\n")
        var script = form
        script.replaceOrAdd(name: "accept", value: "*/*")
        #expect(try await post(script, action: echo).status == 200)
    }

    @Test func `a post from our own page is obeyed`() async throws {
        let own: [HTTPHeaders] = [
            ["host": "localhost:9090", "origin": "http://localhost:9090"],
            ["host": "localhost:9090", "sec-fetch-site": "same-origin", "origin": "null"],
        ]
        for headers in own { #expect(try await post(headers, action: echo).status == 200, "\(headers)") }
    }

    @Test func `a post from the page of another site is refused and does nothing`() async throws {
        let foreign: [HTTPHeaders] = [
            ["host": "localhost:9090", "origin": "http://evil.example"],
            ["host": "localhost:9090", "origin": "null"],
            ["host": "localhost:9090", "origin": "http://localhost:8080"],
            ["host": "localhost:9090", "sec-fetch-site": "cross-site"],
            ["host": "localhost:9090", "sec-fetch-site": "same-site", "origin": "http://localhost:9090"],
            ["origin": "http://localhost:9090"],
        ]
        for headers in foreign {
            let answer = try await post(headers) { _, _, _ in
                Issue.record("obeyed: \(headers)")
                return nil
            }
            #expect(answer.status == 403, "\(headers)")
        }
    }

    @Test func `a post that is no action is not allowed, with and without actions`() async throws {
        #expect(try await post([:], action: echo, path: "/debug/other").status == 405)
        #expect(try await post([:], action: nil).status == 405)
    }
}

@Suite struct AdminEventStreamTests {
    private final class World {
        let loop = EmbeddedEventLoop()
        let streams: AdminEventStreams

        init(limit: Int = 2) {
            streams = AdminEventStreams(eventLoop: loop, limit: limit) { ClusterStatus(workers: []) }
        }

        func connect(
            _ uri: String = "/debug/stalls/events", method: HTTPMethod = .GET
        ) throws -> EmbeddedChannel {
            let channel = EmbeddedChannel(loop: loop)
            try channel.pipeline.syncOperations.addHandler(
                AdminHandler(timeout: .seconds(30), streams: streams) { ClusterStatus(workers: []) })
            try channel.connect(to: SocketAddress(ipAddress: "127.0.0.1", port: 1)).wait()
            try channel.writeInbound(
                HTTPServerRequestPart.head(HTTPRequestHead(version: .http1_1, method: method, uri: uri)))
            try channel.writeInbound(HTTPServerRequestPart.end(nil))
            return channel
        }
    }

    private func read(_ channel: EmbeddedChannel) throws -> (status: UInt?, text: String, isEnded: Bool) {
        var answer: (status: UInt?, text: String, isEnded: Bool) = (nil, "", false)
        while let part = try channel.readOutbound(as: HTTPServerResponsePart.self) {
            switch part {
            case .head(let head): answer.status = head.status.code
            case .body(.byteBuffer(let buffer)): answer.text += String(buffer: buffer)
            case .body: break
            case .end: answer.isEnded = true
            }
        }
        return answer
    }

    @Test func `a reader gets a first message and heartbeats, and outlives the deadline of requests`() throws {
        let world = World()
        let channel = try world.connect()
        world.loop.advanceTime(by: .milliseconds(1))
        let first = try read(channel)
        #expect(first.status == 200 && !first.isEnded)
        #expect(first.text.hasPrefix("retry: 2000\n\nid: 1\nevent: change\n"))
        world.loop.advanceTime(by: .seconds(60))
        #expect(channel.isActive)
        _ = try? channel.finish()
        #expect(world.streams.count == 0)
    }

    @Test func `HEAD is told of the stream and opens none, even when no reader may come any more`() throws {
        let world = World(limit: 1)
        let reader = try world.connect()
        let asked = try world.connect(method: .HEAD)
        world.loop.advanceTime(by: .milliseconds(1))
        let parts = try [asked.readOutbound(), asked.readOutbound(), asked.readOutbound()] as [HTTPServerResponsePart?]
        guard case .head(let head) = parts[0], case .end = parts[1] else {
            Issue.record("not a head and an end: \(parts)")
            return
        }
        #expect(parts[2] == nil)
        #expect(head.status == .ok && head.headers["content-type"] == ["text/event-stream; charset=utf-8"])
        #expect(head.headers["transfer-encoding"] == [] && head.headers.contains(name: "content-security-policy"))
        #expect(world.streams.count == 1 && asked.isActive)
        // The connection goes on: the next question is answered.
        try asked.writeInbound(
            HTTPServerRequestPart.head(HTTPRequestHead(version: .http1_1, method: .GET, uri: "/healthz")))
        try asked.writeInbound(HTTPServerRequestPart.end(nil))
        #expect(try read(asked).text == "ok\n")
        for channel in [reader, asked] { _ = try? channel.finish() }
    }

    @Test func `one reader too many is refused, until another goes`() throws {
        let world = World(limit: 1)
        let first = try world.connect()
        let second = try world.connect()
        #expect(try read(second).status == 503)
        _ = try? first.finish()
        #expect(try read(try world.connect()).status == 200)
    }

    @Test func `a reader that does not take its messages is dropped`() throws {
        let world = World()
        let slow = try world.connect()
        let good = try world.connect()
        world.loop.advanceTime(by: .milliseconds(1))
        slow.isWritable = false
        world.streams.tell("id: 9\n\n")
        world.loop.run()
        #expect(!slow.isActive && good.isActive)
        #expect(try read(good).text.hasSuffix("id: 9\n\n"))
        #expect(!(try read(slow).text.contains("id: 9")))
        #expect(world.streams.count == 1)
        _ = try? good.finish()
    }

    @Test func `a request that is none is told so in a line, and the connection ends`() throws {
        for (error, status) in [(HTTPParserError.invalidMethod, 400), (.headerOverflow, 431)]
            as [(HTTPParserError, UInt)]
        {
            let channel = EmbeddedChannel()
            try channel.pipeline.syncOperations.addHandler(
                AdminHandler(timeout: .seconds(30)) { ClusterStatus(workers: []) })
            try channel.connect(to: SocketAddress(ipAddress: "127.0.0.1", port: 1)).wait()
            channel.pipeline.fireErrorCaught(error)
            channel.embeddedEventLoop.run()
            let answer = try read(channel)
            #expect(answer.status == status && answer.isEnded)
            #expect(answer.text.hasPrefix("\(status): ") && answer.text.filter { $0 == "\n" }.count == 1)
            #expect(!channel.isActive)
        }
    }
}

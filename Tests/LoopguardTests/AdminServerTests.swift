import Dispatch
import Glibc
import Logging
import LoopguardCore
import NIOCore
import NIOHTTP1
import NIOPosix
import Synchronization
import Testing

@testable import Loopguard

@Suite struct AdminHostPolicyTests {
    @Test(arguments: ["127.0.0.1:8081", "localhost", "LOCALHOST:1", "[::1]:8081", "127.9.8.7", nil])
    func `loopback answers to its own names`(header: String?) {
        #expect(AdminHostPolicy(boundTo: "127.0.0.1").allows(header))
        #expect(AdminHostPolicy(boundTo: "::1").allows(header))
    }

    @Test(arguments: [
        "evil.example", "127.0.0.1.evil.example:8081", "localhost.evil.example", "127.0.0.x", "", "[::2]", "10.0.0.1",
    ])
    func `loopback refuses names that a web page could have made up`(header: String) {
        #expect(!AdminHostPolicy(boundTo: "127.0.0.1").allows(header))
        #expect(!AdminHostPolicy(boundTo: "localhost").allows(header))
    }

    @Test func `another address cannot know its names`() {
        #expect(AdminHostPolicy(boundTo: "0.0.0.0").allows("metrics.internal:8081"))
    }
}

@Suite(.serialized, .timeLimit(.minutes(1))) struct AdminServerTests {
    private final class Collector: ChannelInboundHandler, Sendable {
        typealias InboundIn = ByteBuffer
        let text = Mutex("")
        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            let buffer = unwrapInboundIn(data)
            text.withLock { $0 += String(buffer: buffer) }
        }
    }

    private func connect(_ address: SocketAddress, _ collector: Collector = Collector()) async throws -> any Channel {
        try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture { try channel.pipeline.syncOperations.addHandler(collector) }
            }
            .connect(to: address).get()
    }

    private func withServer(
        connections: Int, _ body: (SocketAddress) async throws -> Void
    ) async throws {
        var limits = AdminServer.Limits.defaults
        limits.maximumConnections = connections
        let server = AdminServer(
            eventLoop: MultiThreadedEventLoopGroup.singleton.next(), logger: Logger(label: "test"), limits: limits
        ) { ClusterStatus(workers: []) }
        let address = try await server.start(host: "127.0.0.1", port: 0)
        do { try await body(address) } catch {
            await server.shutdown()
            throw error
        }
        await server.shutdown()
    }

    private func get(_ address: SocketAddress, host: String) async throws -> String {
        let collector = Collector()
        let channel = try await connect(address, collector)
        let request = "GET /healthz HTTP/1.1\r\nHost: \(host)\r\nConnection: close\r\n\r\n"
        try await channel.writeAndFlush(ByteBuffer(string: request))
        try await channel.closeFuture.get()
        return collector.text.withLock { $0 }
    }

    @Test func `idle connections cannot shut a person out`() async throws {
        try await withServer(connections: 3) { address in
            var idle: [any Channel] = []
            for _ in 0..<3 { idle.append(try await connect(address)) }
            let answer = try await get(address, host: "localhost")
            #expect(answer.hasPrefix("HTTP/1.1 200"))
            // The oldest made room; the others are still there.
            try await idle[0].closeFuture.get()
            #expect(idle[1].isActive && idle[2].isActive)
        }
    }

    @Test func `a foreign Host is refused before anything is told`() async throws {
        try await withServer(connections: 3) { address in
            let answer = try await get(address, host: "rebound.example")
            #expect(answer.hasPrefix("HTTP/1.1 421"))
            #expect(answer.contains("localhost"))
            let own = try await get(address, host: "127.0.0.1:1")
            #expect(own.hasPrefix("HTTP/1.1 200"))
        }
    }

    /// What the server shows; the first look at it waits until told.
    private final class Gate: Sendable {
        let state = Mutex((isOpen: false, looks: 0, threads: Set<UInt>()))
        let open = DispatchSemaphore(value: 0)
        func look() -> ClusterStatus {
            state.withLock {
                $0.looks += 1
                $0.threads.insert(UInt(pthread_self()))
            }
            open.wait()
            open.signal()
            return ClusterStatus(workers: [])
        }
    }

    private func send(_ path: String, to address: SocketAddress, halfClose: Bool = false) async throws -> Collector {
        let collector = Collector()
        let channel = try await connect(address, collector)
        let request = "GET \(path) HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
        try await channel.writeAndFlush(ByteBuffer(string: request))
        if halfClose { try await channel.close(mode: .output) }
        return collector
    }

    private func answered(_ collector: Collector) async throws -> String {
        while true {
            let text = collector.text.withLock { $0 }
            if text.contains("\r\n\r\n") { return text }
            try await Task.sleep(for: .milliseconds(5))
        }
    }

    @Test func `pages are made off the loop, in a bounded queue; the loop goes on meanwhile`() async throws {
        let gate = Gate()
        var limits = AdminServer.Limits.defaults
        limits.maximumWaitingAnswers = 1
        let loop = MultiThreadedEventLoopGroup.singleton.next()
        let server = AdminServer(eventLoop: loop, logger: Logger(label: "test"), limits: limits) { gate.look() }
        let address = try await server.start(host: "127.0.0.1", port: 0)
        let first = try await send("/debug/stalls", to: address, halfClose: true)
        while gate.state.withLock({ $0.looks }) == 0 { try await Task.sleep(for: .milliseconds(5)) }
        // One of them finds room in the queue, whichever comes first; the others are refused at once.
        var others: [Collector] = []
        for _ in 0..<4 { others.append(try await send("/debug/loops", to: address)) }
        func refused() -> [String] { others.map { $0.text.withLock { $0 } }.filter { $0.contains("\r\n\r\n") } }
        while refused().count < 3 { try await Task.sleep(for: .milliseconds(5)) }
        #expect(refused().allSatisfy { $0.hasPrefix("HTTP/1.1 503") && $0.contains("503: too many pages") })
        let healthy = try await answered(try await send("/healthz", to: address))
        #expect(healthy.hasPrefix("HTTP/1.1 200"), "the loop turns, and health does not wait")
        #expect(refused().count == 3, "one waits")
        let loopThread = try await loop.submit { UInt(pthread_self()) }.get()
        gate.open.signal()
        #expect(try await answered(first).hasPrefix("HTTP/1.1 200"), "though its client had hung up one way")
        while refused().count < 4 { try await Task.sleep(for: .milliseconds(5)) }
        #expect(refused().count { $0.hasPrefix("HTTP/1.1 200") } == 1)
        let threads = gate.state.withLock { $0.threads }
        #expect(threads.count == 1 && !threads.contains(loopThread))
        await server.shutdown()
    }
}

import Foundation
import Logging
import LoopguardWebSocket
import NIOCore
import NIOPosix
import NIOSSL
import Synchronization
import Testing

/// The same rules inside TLS. The key is made for each run, by the `openssl` tool; without it the suite is skipped.
@Suite(.serialized, .enabled(if: FileManager.default.isExecutableFile(atPath: "/usr/bin/openssl")))
struct TLSTests {
    /// Collects what comes until the server ends the connection.
    private final class Collector: ChannelInboundHandler {
        typealias InboundIn = ByteBuffer
        private var bytes: [UInt8] = []
        private let done: EventLoopPromise<[UInt8]>
        private var error: (any Error)?
        init(_ done: EventLoopPromise<[UInt8]>) { self.done = done }
        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            bytes += unwrapInboundIn(data).readableBytesView
        }
        func errorCaught(context: ChannelHandlerContext, error: any Error) { self.error = self.error ?? error }
        func channelInactive(context: ChannelHandlerContext) {
            if let error { done.fail(error) } else { done.succeed(bytes) }
        }
    }

    private static func context() throws -> NIOSSLContext {
        let folder = FileManager.default.temporaryDirectory.appending(path: "loopguard-tls-\(UUID())")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let key = folder.appending(path: "key.pem").path
        let certificate = folder.appending(path: "certificate.pem").path
        let process = Process()
        process.executableURL = URL(filePath: "/usr/bin/openssl")
        process.arguments =
            "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 1 -subj /CN=localhost".split(
                separator: " "
            )
            .map(String.init) + ["-keyout", key, "-out", certificate]
        process.standardError = FileHandle.nullDevice
        try process.run()
        process.waitUntilExit()
        let chain = try NIOSSLCertificate.fromPEMFile(certificate).map { NIOSSLCertificateSource.certificate($0) }
        return try NIOSSLContext(
            configuration: .makeServerConfiguration(
                certificateChain: chain, privateKey: .privateKey(try NIOSSLPrivateKey(file: key, format: .pem))))
    }

    /// Sends bytes inside TLS and returns all that comes back.
    private static func exchange(_ port: Int, _ bytes: [UInt8]) async throws -> [UInt8] {
        var configuration = TLSConfiguration.makeClientConfiguration()
        configuration.certificateVerification = .none
        let client = try NIOSSLContext(configuration: configuration)
        let loop = MultiThreadedEventLoopGroup.singleton.next()
        let done = loop.makePromise(of: [UInt8].self)
        let channel = try await ClientBootstrap(group: loop)
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandlers([
                        try NIOSSLClientHandler(context: client, serverHostname: nil), Collector(done),
                    ])
                }
            }
            .connect(host: "127.0.0.1", port: port).get()
        try await channel.writeAndFlush(ByteBuffer(bytes: bytes))
        return try await done.futureResult.get()
    }

    @Test func echoAndCloseArriveWhole() async throws {
        let context = try Self.context()
        try await ServerFixture.run(
            configure: { $0.tls = context },
            { server in
                let request = Array(RawClient.request("/ws/echo").utf8)
                let answer = try await Self.exchange(
                    server.port, request + RawClient.text("secret") + RawClient.close(1000, "bye"))
                let text = String(decoding: answer, as: UTF8.self)
                #expect(text.hasPrefix("HTTP/1.1 101"))
                let frames: [UInt8] = [0x81, 6] + Array("secret".utf8) + [0x88, 2, 3, 0xE8]
                #expect(Array(answer.suffix(frames.count)) == frames)
                await server.eventually("it has ended") { server.server.connections == 0 }
                #expect(server.log.lines("WebSocket closed").first?.metadata["code"] == "1000")
            })
    }

    @Test func plainAnswersArriveWhole() async throws {
        let context = try Self.context()
        let page = String(repeating: "x", count: 500_000)
        try await ServerFixture.run(
            configure: { $0.tls = context },
            routes: { server, _ in server.get("/big") { .text("\($0.isTLS)" + page) } },
            { server in
                let answer = try await Self.exchange(server.port, Array("GET /big HTTP/1.1\r\nHost: a\r\n\r\n".utf8))
                #expect(String(decoding: answer, as: UTF8.self).hasSuffix("true" + page))
            })
    }

    @Test func clientsWithoutTLSAreEnded() async throws {
        let context = try Self.context()
        try await ServerFixture.run(
            configure: { $0.tls = context },
            { server in
                try await server.client { port in
                    let client = try RawClient(port: port)
                    try client.send(RawClient.request("/ws/echo"))
                    // An alert, or a reset: there is no TLS to end in good order.
                    _ = try? client.readAll()
                }
            })
    }
}

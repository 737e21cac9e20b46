import Foundation
import LoopguardBus
import LoopguardRedis
import NIOPosix
import Testing

/// What a real Redis says to right and wrong credentials.
@Suite(.serialized, .timeLimit(.minutes(1))) struct RedisBusCredentialTests {
    @Test(arguments: [
        ("redis://", "demands a password"), ("redis://:wrong@", "refused user or password"),
        ("redis://nobody:secret@", "refused user or password"),
    ])
    func wrongCredentialsAreSaid(_ prefix: String, _ expected: String) async throws {
        try await RedisServer.with(["--requirepass", "secret"]) { server in
            let url = try RedisURL("\(prefix)\(server.address)")
            try await server.withBus({ $0.url = url }) { bus, _ in
                #expect(!bus.status.isAvailable)
                #expect(bus.status.detail.contains(expected), "\(bus.status.detail)")
                let error = await #expect(throws: BusError.self) { try await publish(bus, 1) }
                #expect(error?.code == .unavailable)
                #expect(error?.message.contains(expected) == true)
            }
        }
    }

    @Test func rightCredentialsDatabaseAndSocket() async throws {
        try await RedisServer.with(["--requirepass", "s@cret"]) { server in
            let tcp = try RedisURL("redis://default:s%40cret@\(server.address)/3")
            let unix = try RedisURL("unix://:s%40cret@\(server.socketPath)?db=3")
            try await server.withBus({ $0.url = tcp }) { first, _ in
                try await server.withBus({ $0.url = unix }) { second, inbox in
                    #expect(first.status.isAvailable && second.status.isAvailable, "\(second.status.detail)")
                    try await second.subscribe(topic: "t")
                    try await publish(first, 1)
                    try await eventually("delivery") { inbox.all.count == 1 }
                }
            }
        }
    }

    @Test func unneededPasswordAndBadDatabaseAreSaid() async throws {
        try await RedisServer.with { server in
            for (url, expected) in [
                ("redis://:secret@\(server.address)", "does it have a password at all"),
                ("redis://\(server.address)/99", "refused database 99"),
            ] {
                let url = try RedisURL(url)
                try await server.withBus({ $0.url = url }) { bus, _ in
                    #expect(bus.status.detail.contains(expected), "\(bus.status.detail)")
                }
            }
        }
    }

    // MARK: - TLS

    /// A certificate for 127.0.0.1, signed by itself.
    private func makeCertificate() throws -> (certificate: String, key: String, directory: URL) {
        let directory = FileManager.default.temporaryDirectory.appending(path: "loopguard-tls-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
        let certificate = directory.appending(path: "cert.pem").path()
        let key = directory.appending(path: "key.pem").path()
        let process = Process()
        process.executableURL = URL(filePath: "/usr/bin/openssl")
        process.arguments = [
            "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2",
            "-subj", "/CN=loopguard test", "-addext", "subjectAltName=IP:127.0.0.1", "-out", certificate, "-keyout",
            key,
        ]
        process.standardError = FileHandle.nullDevice
        do { try process.run() } catch {
            Issue.record("openssl is not installed: run Tools/setup, then try again.")
            throw error
        }
        process.waitUntilExit()
        try #require(process.terminationStatus == 0)
        return (certificate, key, directory)
    }

    @Test func encryptedConnectionIsCheckedAgainstTheAuthorities() async throws {
        let (certificate, key, directory) = try makeCertificate()
        defer { try? FileManager.default.removeItem(at: directory) }
        let port = try RedisServer.freePort()
        let arguments = [
            "--tls-port", "\(port)", "--tls-cert-file", certificate, "--tls-key-file", key, "--tls-ca-cert-file",
            certificate, "--tls-auth-clients", "no",
        ]
        try await RedisServer.with(arguments) { server in
            let url = try RedisURL("rediss://127.0.0.1:\(port)")
            try await server.withBus({
                $0.url = url
                $0.tlsTrustFile = certificate
            }) { bus, inbox in
                #expect(bus.status.isAvailable, "\(bus.status.detail)")
                try await bus.subscribe(topic: "t")
                try await publish(bus, 1)
                try await eventually("delivery") { inbox.all.count == 1 }
            }
            try await server.withBus({ $0.url = url }) { bus, _ in
                #expect(!bus.status.isAvailable, "the system does not know this authority")
                #expect(bus.status.detail.contains("CERTIFICATE_VERIFY_FAILED"), "\(bus.status.detail)")
            }
            let plain = try RedisURL("redis://127.0.0.1:\(port)")
            try await server.withBus({ $0.url = plain }) { bus, _ in
                #expect(!bus.status.isAvailable, "\(bus.status.detail)")
            }
        }
    }

    @Test func missingTrustFileIsNamed() {
        let error = #expect(throws: BusError.self) {
            try RedisBus(
                configuration: .defaults {
                    $0.url.usesTLS = true
                    $0.tlsTrustFile = "/nowhere/ca.pem"
                }, eventLoop: MultiThreadedEventLoopGroup.singleton.next(), logger: LogLines().logger())
        }
        #expect(error?.code == .invalidConfiguration)
    }
}

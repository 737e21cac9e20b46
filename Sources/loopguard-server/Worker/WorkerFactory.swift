import ArgumentParser
import Foundation
import Logging
import Loopguard
import LoopguardBus
import LoopguardRedis
import LoopguardStrict
import LoopguardWebSocket
import NIOCore
import NIOSSL

/// Makes the parts of a worker from the settings, and turns their errors into exit codes.
enum WorkerFactory {
    /// What the runtime is started with. The counter is told as well, not instead.
    static func configuration(
        _ settings: ServerSettings, index: Int, counter: StallCounter?
    ) -> LoopguardRuntime.Configuration {
        var configuration = LoopguardRuntime.Configuration.defaults
        configuration.group.loops = settings.loops
        configuration.group.threshold = .milliseconds(settings.watchdogMilliseconds)
        configuration.offload.threads = settings.blockingThreads
        configuration.offload.queueLimit = settings.blockingQueue
        configuration.offload.queueAgeThreshold = .milliseconds(settings.blockingQueueAgeMilliseconds)
        configuration.watchesCooperativePool = settings.watchesCooperativePool
        configuration.worker = index
        if let name = settings.hostName { configuration.host = name }
        configuration.logger = Logger(label: "loopguard")
        if let counter { configuration.reporters = configuration.defaultReporters + [counter] }
        return configuration
    }

    static func runtime(
        _ settings: ServerSettings, index: Int, counter: StallCounter? = nil
    ) async throws(StartFailure) -> LoopguardRuntime {
        do {
            return try await LoopguardRuntime.start(configuration(settings, index: index, counter: counter))
        } catch {
            throw startFailure(error)
        }
    }

    /// Nil unless `--strict` is given.
    static func strict(_ settings: ServerSettings, runtime: LoopguardRuntime) throws(StartFailure) -> Strict? {
        guard settings.strict else { return nil }
        do {
            let strict = try Strict.start(runtime)
            for line in strict.degradations { Logger(label: "loopguard.strict").notice("degraded: \(line)") }
            return strict
        } catch {
            throw startFailure(error)
        }
    }

    static func bus(
        _ settings: ServerSettings, workerName: String, eventLoop: any EventLoop,
        onStatusChange: @escaping @Sendable (BusStatus) -> Void
    ) throws(StartFailure) -> any MessageBus {
        do {
            guard let url = settings.redis else {
                var configuration = LocalBus.Configuration.defaults
                configuration.maximumPayloadBytes = max(
                    configuration.maximumPayloadBytes, settings.limits.maxMessageBytes)
                return try LocalBus(configuration: configuration)
            }
            var configuration = RedisBus.Configuration.defaults
            configuration.url = url
            configuration.worker = workerName
            configuration.keyPrefix = settings.redisPrefix
            if settings.limits.maxMessageBytes > configuration.maximumPayloadBytes {
                configuration.maximumPayloadBytes = settings.limits.maxMessageBytes
                // A page of the largest messages has to fit into one reply.
                configuration.historyPage = 1
                configuration.maximumReplyBytes = max(
                    configuration.maximumReplyBytes, settings.limits.maxMessageBytes + 65_536)
                configuration.maximumInFlightBytes = max(
                    configuration.maximumInFlightBytes, settings.limits.maxMessageBytes)
            }
            return try RedisBus(
                configuration: configuration, eventLoop: eventLoop, logger: Logger(label: "loopguard.redis"),
                onStatusChange: onStatusChange)
        } catch {
            throw StartFailure(.usage, error.description)
        }
    }

    static func server(
        _ settings: ServerSettings, runtime: LoopguardRuntime
    ) throws(StartFailure) -> WebSocketServer {
        let logger = Logger(label: "loopguard.websocket")
        var configuration = try serverConfiguration(settings)
        configuration.limits.maxConnections = DescriptorLimit.connections(
            wanted: configuration.limits.maxConnections, logger: logger)
        do {
            return try WebSocketServer(
                configuration: configuration, group: runtime.group, control: runtime.control, pool: runtime.pool,
                logger: logger)
        } catch {
            throw startFailure(error)
        }
    }

    static func serverConfiguration(_ settings: ServerSettings) throws(StartFailure) -> WebSocketServerConfiguration {
        var configuration = WebSocketServerConfiguration.defaults
        let limits = settings.limits
        configuration.limits.maxConnections = limits.maxConnections
        configuration.limits.maxConnectionsPerIP = limits.maxConnectionsPerIP
        configuration.limits.maxMessageBytes = limits.maxMessageBytes
        configuration.limits.maxFragments = limits.maxFragments
        configuration.limits.maxHeaderBytes = limits.maxHeaderBytes
        configuration.limits.handshakeTimeout = .seconds(limits.handshakeSeconds)
        configuration.limits.closeTimeout = .seconds(limits.closeSeconds)
        configuration.keepAlive.pingInterval = .seconds(limits.pingSeconds)
        configuration.keepAlive.pongTimeout = .seconds(limits.pongSeconds)
        configuration.outbound.maxQueueBytes = limits.maxQueueBytes
        configuration.outbound.maxQueueAge = .seconds(limits.maxQueueSeconds)
        configuration.outbound.slowConsumer =
            SlowConsumerPolicy.all.first { $0.description == limits.slowConsumer } ?? .disconnect
        configuration.inbound.maxQueueBytes = max(configuration.inbound.maxQueueBytes, limits.maxMessageBytes)
        switch settings.origins {
        case .sameOrigin: configuration.allowedOrigins = .sameOrigin
        case .any: configuration.allowedOrigins = .any
        case .list(let origins): configuration.allowedOrigins = .list(origins)
        }
        configuration.tls = try tlsContext(settings)
        return configuration
    }

    /// - Throws: ``StartFailure`` naming the file that cannot be used.
    static func tlsContext(_ settings: ServerSettings) throws(StartFailure) -> NIOSSLContext? {
        guard let files = settings.tls else { return nil }
        // Read by ourselves first: the TLS library does not say whether a file is missing or not a certificate.
        let certificatePEM = try SettingsLoader.read(
            files.certificate, limit: 1 << 20, for: Setting.tlsCertificate.flag)
        let keyPEM = try SettingsLoader.read(files.key, limit: 1 << 20, for: Setting.tlsKey.flag)
        let chain: [NIOSSLCertificate]
        do {
            chain = try NIOSSLCertificate.fromPEMBytes(certificatePEM)
        } catch {
            throw StartFailure(.usage, "--tls-cert: \(files.certificate) holds no PEM certificate.")
        }
        guard !chain.isEmpty else {
            throw StartFailure(.usage, "--tls-cert: \(files.certificate) holds no PEM certificate.")
        }
        let key: NIOSSLPrivateKey
        do {
            key = try NIOSSLPrivateKey(bytes: keyPEM, format: .pem)
        } catch {
            throw StartFailure(.usage, "--tls-key: \(files.key) holds no PEM private key (without a passphrase).")
        }
        do {
            var configuration = TLSConfiguration.makeServerConfiguration(
                certificateChain: chain.map { .certificate($0) }, privateKey: .privateKey(key))
            configuration.minimumTLSVersion = .tlsv12
            configuration.applicationProtocols = ["http/1.1"]
            return try NIOSSLContext(configuration: configuration)
        } catch {
            throw StartFailure(
                .usage,
                "--tls-cert \(files.certificate) and --tls-key \(files.key) cannot be used together: \(error). "
                    + "Does the key belong to the certificate?")
        }
    }

    static func startFailure(_ error: any Error) -> StartFailure {
        switch error {
        case let failure as StartFailure: failure
        case let error as LoopguardError where error.code == .bind:
            StartFailure(.unavailable, "cannot listen: \(error)")
        case let error as LoopguardError where error.code == .invalidConfiguration: StartFailure(.usage, "\(error)")
        case let error as LoopguardError: StartFailure(.system, "\(error)")
        case let error as WebSocketError where error.code == .invalidConfiguration:
            StartFailure(.usage, "\(error.message)")
        default: StartFailure(.software, "\(error)")
        }
    }
}

import Logging
import LoopguardBus
import LoopguardRedis
import NIOConcurrencyHelpers
import NIOCore
import NIOPosix
import Testing

/// What a bus delivered, in order.
final class Inbox: Sendable {
    private let messages = NIOLockedValueBox<[BusMessage]>([])
    var all: [BusMessage] { messages.withLockedValue { $0 } }
    var offsets: [UInt64] { all.map(\.position.offset) }
    func append(_ message: BusMessage) { messages.withLockedValue { $0.append(message) } }
}

/// A bus with its inbox.
struct Worker {
    var bus: any MessageBus
    var inbox: Inbox
}

/// Waits until `condition` holds; records an issue that names it otherwise.
func eventually(
    _ what: String, within limit: Duration = .seconds(10), sourceLocation: SourceLocation = #_sourceLocation,
    _ condition: () async throws -> Bool
) async throws {
    let end = ContinuousClock.now + limit
    while ContinuousClock.now < end {
        if try await condition() { return }
        try await Task.sleep(for: .milliseconds(2))
    }
    Issue.record("not within \(limit): \(what)", sourceLocation: sourceLocation)
}

/// The code of the error that `body` throws; nil when it throws none.
func code(of body: () async throws -> some Any) async -> BusError.Code? {
    do {
        _ = try await body()
        return nil
    } catch {
        return (error as? BusError)?.code
    }
}

extension RedisServer {
    /// Times that suit a test: everything happens soon.
    func configuration(
        worker: String = "test", _ change: (inout RedisBus.Configuration) -> Void = { _ in }
    ) throws -> RedisBus.Configuration {
        var configuration = RedisBus.Configuration.defaults
        configuration.url = try RedisURL("redis://\(address)")
        configuration.worker = worker
        configuration.backoff.base = .milliseconds(5)
        configuration.backoff.cap = .milliseconds(50)
        configuration.linger = .milliseconds(20)
        change(&configuration)
        return configuration
    }

    func makeBus(
        logger: Logger = Logger(label: "test", factory: { _ in SwiftLogNoOpLogHandler() }),
        _ change: (inout RedisBus.Configuration) -> Void = { _ in }
    ) throws -> RedisBus {
        try RedisBus(
            configuration: configuration(change), eventLoop: MultiThreadedEventLoopGroup.singleton.next(),
            logger: logger)
    }

    /// Runs `body` with a started bus, and shuts it down.
    func withBus<Result>(
        logger: Logger = Logger(label: "test", factory: { _ in SwiftLogNoOpLogHandler() }),
        isolation: isolated (any Actor)? = #isolation, _ change: (inout RedisBus.Configuration) -> Void = { _ in },
        _ body: (RedisBus, Inbox) async throws -> Result
    ) async throws -> Result {
        let bus = try makeBus(logger: logger, change)
        let inbox = Inbox()
        do {
            try await bus.start { inbox.append($0) }
            let result = try await body(bus, inbox)
            await bus.shutdown()
            return result
        } catch {
            await bus.shutdown()
            throw error
        }
    }
}

/// Publishes a few bytes.
func publish(_ bus: RedisBus, _ payload: UInt8..., topic: String = "t") async throws {
    try await bus.publish(topic: topic, payload: payload, headers: .init())
}

/// Keeps log lines, for tests on what is logged.
final class LogLines: Sendable {
    private let lines = NIOLockedValueBox<[(level: Logger.Level, message: String, metadata: Logger.Metadata)]>([])
    var all: [(level: Logger.Level, message: String, metadata: Logger.Metadata)] { lines.withLockedValue { $0 } }

    func logger(_ level: Logger.Level = .debug) -> Logger {
        var logger = Logger(label: "test") { _ in Handler(lines: self) }
        logger.logLevel = level
        return logger
    }

    private struct Handler: LogHandler {
        let lines: LogLines
        var metadata: Logger.Metadata = [:]
        var logLevel = Logger.Level.debug

        subscript(metadataKey key: String) -> Logger.Metadata.Value? {
            get { metadata[key] }
            set { metadata[key] = newValue }
        }

        func log(event: LogEvent) {
            lines.lines.withLockedValue { $0.append((event.level, event.message.description, event.metadata ?? [:])) }
        }
    }
}

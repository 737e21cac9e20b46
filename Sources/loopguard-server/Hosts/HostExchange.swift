import Foundation
import Logging
import LoopguardBus
import LoopguardCore
import LoopguardRedis
import NIOCore
import Synchronization

/// Tells the other hosts how this one fares, and learns how they fare, through Redis, once a second.
///
/// On a thread of its own: what is told is encoded, and what is heard is decoded, away from the admin loop, and it works whatever
/// the loops and tasks of the process do.
final class HostExchange: Sendable {
    private let board: RedisBoard
    private let id: String
    private let limits: HostBook.Limits
    private let logger: Logger
    private let cluster: @Sendable () -> ClusterStatus
    private let book: Mutex<HostBook>
    private let began = ContinuousClock.now
    private let isStopped = Atomic<Bool>(false)

    /// - Parameters:
    ///   - eventLoop: one that never runs users' code.
    ///   - id: tells this host from others; the same after a restart.
    ///   - cluster: our own workers; must not block.
    /// - Throws: ``StartFailure``.
    init(
        settings: ServerSettings, url: RedisURL, id: String, eventLoop: any EventLoop,
        cluster: @escaping @Sendable () -> ClusterStatus
    ) throws(StartFailure) {
        var configuration = RedisBus.Configuration.defaults
        configuration.url = url
        configuration.worker = String(id.filter { $0.isASCII }.prefix(128))
        configuration.keyPrefix = settings.redisPrefix
        var limits = HostBook.Limits()
        limits.keep = .seconds(settings.hostKeepSeconds)
        limits.silentAfter = .seconds(settings.hostSilentSeconds)
        var boardLimits = RedisBoard.Limits.defaults
        boardLimits.noteBytes = limits.noteBytes
        boardLimits.keep = limits.keep
        logger = Logger(label: "loopguard.hosts")
        do {
            board = try RedisBoard(
                configuration: configuration, limits: boardLimits, eventLoop: eventLoop, logger: logger)
        } catch {
            throw StartFailure(.usage, error.description)
        }
        self.id = id
        self.limits = limits
        self.cluster = cluster
        book = Mutex(HostBook(limits: limits))
    }

    /// Our own workers with those of all hosts. Never waits.
    func everybody() -> ClusterStatus {
        var status = cluster()
        let (workers, notes) = book.withLock { $0.view(at: elapsed) }
        status.others = workers
        status.notes = notes
        return status
    }

    func start() {
        board.start()
        NamedThread.start("hosts") { [self] in run() }
    }

    /// Says goodbye: the others forget this host at once. Waits for at most the deadline of a command.
    func stop() async {
        guard !isStopped.exchange(true, ordering: .acquiringAndReleasing) else { return }
        try? await board.leave(host: id).get()
        board.shutdown()
    }

    private var elapsed: Duration { ContinuousClock.now - began }

    private func run() {
        // A new text must never look like one of the process before.
        let start = String(UInt64.random(in: .min ... .max), radix: 36)
        var number: UInt64 = 0
        var diet = HostDiet()
        var hasFailed = false
        while !isStopped.load(ordering: .acquiring) {
            var text: [UInt8]?
            if let status = diet.next(cluster(), at: elapsed) {
                text = HostDiet.text(status, maximumBytes: limits.noteBytes)
                if text == nil { logger.warning("the status of this host is too long for the others") }
                if text != nil { number += 1 }
            }
            do {
                let known = book.withLock { $0.known }
                let answer = try board.exchange(host: id, version: "\(start).\(number)", text: text, known: known)
                    .wait()
                if !answer.hasOurs { diet.forget() }
                book.withLock { $0.heard(answer.notes, at: elapsed) }
                if hasFailed { logger.notice("the other hosts are known again") }
                hasFailed = false
            } catch {
                diet.forget()
                book.withLock { $0.failed("\(error)", at: elapsed) }
                // The first second has no connection yet: that is no news.
                if !hasFailed, number > 1 {
                    logger.warning("other hosts are unknown", metadata: ["reason": "\(error)"])
                }
                hasFailed = true
            }
            Thread.sleep(forTimeInterval: Double(HostBook.interval.components.seconds))
        }
    }
}

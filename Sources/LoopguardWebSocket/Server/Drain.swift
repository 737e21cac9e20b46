import Loopguard
import NIOCore
import Synchronization

/// Closes all connections of a server, gently.
///
/// A loop that a handler blocks answers nothing: whatever is asked of the loops has a time limit, so a drain ends in time all the
/// same.
struct Drain {
    let shared: ServerShared
    /// Times everything; never blocked.
    let control: any EventLoop
    let deadline: Duration
    let code: WebSocketCloseCode

    /// Connections that are closed at once.
    static let batchSize = 64
    /// Time between batches, at most; and a part of the deadline.
    static let pause = Duration.milliseconds(100)
    /// For the loops to cut what is left.
    static let cutTime = Duration.seconds(1)

    func run() async -> DrainReport {
        let end = ContinuousClock.now + deadline
        let total = shared.ledger.count
        await closeAll(until: end)
        while shared.ledger.count > 0, .now < end { await sleep(min(.milliseconds(10), end - .now)) }
        let left = shared.ledger.count
        guard left > 0 else { return DrainReport(closedCleanly: total, timedOut: 0, unsentBytes: 0) }

        let limit = ContinuousClock.now + Self.cutTime
        let unsent = await ask(until: limit) { loop in
            let before = loop.connections.map(\.queuedBytes).reduce(0, +)
            for member in loop.all { member.cut("cut at the end of a drain") }
            return before
        }
        // Closing takes a few ticks.
        while shared.ledger.count > 0, .now < limit { await sleep(.milliseconds(5)) }
        return DrainReport(closedCleanly: max(0, total - left), timedOut: left, unsentBytes: unsent.reduce(0, +))
    }

    private struct Target: Sendable {
        var io: ConnectionIO
        var loop: LoopContext
    }

    private func closeAll(until end: ContinuousClock.Instant) async {
        let half = ContinuousClock.now + deadline / 2
        var open = await ask(until: half) { loop in
            for member in loop.all { member.beginDrain() }
            return loop.connections.map { Target(io: $0, loop: loop) }
        }.flatMap(\.self)
        // Random order: each batch takes some of every loop and of every age.
        open.shuffle()
        let batches = (open.count + Self.batchSize - 1) / Self.batchSize
        // At most half of the time goes into spreading, the rest is for the peers' answers.
        let pause = batches > 1 ? min(Self.pause, max(.zero, half - .now) / batches) : .zero
        for start in stride(from: 0, to: open.count, by: Self.batchSize) {
            if start > 0 { await sleep(pause * Double.random(in: 0.5...1.5)) }
            for target in open[start..<min(start + Self.batchSize, open.count)] {
                let code = code
                target.loop.loop.eventLoop.execute { target.io.close(code, "the server is going down") }
            }
        }
    }

    /// Asks all loops at once; returns the answers that came in time.
    private func ask<T: Sendable>(
        until limit: ContinuousClock.Instant, _ body: @escaping @Sendable (LoopContext) -> T
    ) async -> [T] {
        await withTaskGroup(of: T?.self) { group in
            for loop in shared.loops {
                group.addTask {
                    await withCheckedContinuation { continuation in
                        let once = Once(continuation)
                        loop.loop.eventLoop.execute { once.resume(body(loop)) }
                        let timer = control.scheduleTask(in: .init(limit - .now)) { once.resume(nil) }
                        timer.futureResult.whenFailure { _ in once.resume(nil) }
                    }
                }
            }
            return await group.reduce(into: []) { answers, answer in
                if let answer { answers.append(answer) }
            }
        }
    }

    /// A continuation that the first of several may resume.
    private final class Once<T: Sendable>: Sendable {
        private let continuation: Mutex<CheckedContinuation<T?, Never>?>
        init(_ continuation: CheckedContinuation<T?, Never>) { self.continuation = Mutex(continuation) }
        func resume(_ value: T?) { continuation.withLock { $0.take() }?.resume(returning: value) }
    }

    private func sleep(_ duration: Duration) async {
        guard duration > .zero else { return }
        await withCheckedContinuation { continuation in
            control.scheduleTask(in: .init(duration)) { continuation.resume() }
                .futureResult.whenFailure { _ in continuation.resume() }
        }
    }
}

import Loopguard
import NIOCore

/// Closes all connections of a server, gently.
struct Drain {
    let shared: ServerShared
    let control: any EventLoop
    let deadline: Duration
    let code: WebSocketCloseCode

    /// Connections that are closed at once.
    static let batchSize = 64
    /// Time between batches, at most; and a part of the deadline.
    static let pause = Duration.milliseconds(100)

    func run() async -> DrainReport {
        let end = ContinuousClock.now + deadline
        let total = shared.ledger.count
        var open: [Target] = []
        for loop in shared.loops {
            open += await Self.on(loop) { loop in
                for member in loop.all { member.beginDrain() }
                return loop.connections.map { Target(io: $0, loop: loop) }
            }
        }
        // Random order: each batch takes some of every loop and of every age.
        open.shuffle()
        let batches = (open.count + Self.batchSize - 1) / Self.batchSize
        // At most half of the time goes into spreading, the rest is for the peers' answers.
        let pause = batches > 1 ? min(Self.pause, deadline / 2 / batches) : .zero
        for start in stride(from: 0, to: open.count, by: Self.batchSize) {
            if start > 0 { await sleep(pause * Double.random(in: 0.5...1.5)) }
            for target in open[start..<min(start + Self.batchSize, open.count)] {
                let code = code
                target.loop.loop.eventLoop.execute { target.io.close(code, "the server is going down") }
            }
        }
        while shared.ledger.count > 0, .now < end {
            await sleep(min(.milliseconds(10), end - .now))
        }
        let left = shared.ledger.count
        var unsent = 0
        if left > 0 {
            for loop in shared.loops {
                unsent += await Self.on(loop) { loop in
                    let before = loop.connections.map(\.queuedBytes).reduce(0, +)
                    for member in loop.all { member.cut("cut at the end of a drain") }
                    return before
                }
            }
            // Closing takes a few ticks; a loop that is stuck must not hold up the end for long.
            let limit = ContinuousClock.now + .seconds(1)
            while shared.ledger.count > 0, .now < limit { await sleep(.milliseconds(5)) }
        }
        return DrainReport(closedCleanly: max(0, total - left), timedOut: left, unsentBytes: unsent)
    }

    private struct Target: Sendable {
        var io: ConnectionIO
        var loop: LoopContext
    }

    private static func on<T: Sendable>(_ loop: LoopContext, _ body: @escaping @Sendable (LoopContext) -> T) async -> T
    {
        await withCheckedContinuation { continuation in
            loop.loop.eventLoop.execute { continuation.resume(returning: body(loop)) }
        }
    }

    private func sleep(_ duration: Duration) async {
        guard duration > .zero else { return }
        await withCheckedContinuation { continuation in
            control.scheduleTask(in: .init(duration)) { continuation.resume() }
                .futureResult.whenFailure { _ in continuation.resume() }
        }
    }
}

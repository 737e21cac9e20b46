import Synchronization

/// Figures of one loop: written by it alone, so loops do not fight for cache lines; read by whoever asks.
final class LoopCounters: Sendable {
    private let messagesIn = Atomic<UInt64>(0)
    private let bytesIn = Atomic<UInt64>(0)
    private let messagesOut = Atomic<UInt64>(0)
    private let bytesOut = Atomic<UInt64>(0)
    private let webSockets = Atomic<Int>(0)
    private let handlers = Atomic<Int>(0)
    private let drops = Mutex<[OutboundQueue.DropReason: UInt64]>([:])

    func received(messages: Int, bytes: Int) {
        if messages > 0 { messagesIn.add(UInt64(messages), ordering: .relaxed) }
        bytesIn.add(UInt64(bytes), ordering: .relaxed)
    }
    func sent(messages: Int, bytes: Int) {
        if messages > 0 { messagesOut.add(UInt64(messages), ordering: .relaxed) }
        bytesOut.add(UInt64(bytes), ordering: .relaxed)
    }
    func dropped(_ count: Int, _ reason: OutboundQueue.DropReason) {
        guard count > 0 else { return }
        drops.withLock { $0[reason, default: 0] += UInt64(count) }
    }
    func webSocketOpened() { webSockets.add(1, ordering: .relaxed) }
    func webSocketClosed() { webSockets.subtract(1, ordering: .relaxed) }
    func handlerBegan() { handlers.add(1, ordering: .relaxed) }
    func handlerEnded() { handlers.subtract(1, ordering: .relaxed) }

    struct Snapshot: Sendable {
        var messagesIn: UInt64 = 0
        var bytesIn: UInt64 = 0
        var messagesOut: UInt64 = 0
        var bytesOut: UInt64 = 0
        var webSockets = 0
        var handlers = 0
        var drops: [OutboundQueue.DropReason: UInt64] = [:]

        static func += (sum: inout Snapshot, other: Snapshot) {
            sum.messagesIn += other.messagesIn
            sum.bytesIn += other.bytesIn
            sum.messagesOut += other.messagesOut
            sum.bytesOut += other.bytesOut
            sum.webSockets += other.webSockets
            sum.handlers += other.handlers
            sum.drops.merge(other.drops, uniquingKeysWith: +)
        }
    }

    var snapshot: Snapshot {
        Snapshot(
            messagesIn: messagesIn.load(ordering: .relaxed), bytesIn: bytesIn.load(ordering: .relaxed),
            messagesOut: messagesOut.load(ordering: .relaxed), bytesOut: bytesOut.load(ordering: .relaxed),
            webSockets: webSockets.load(ordering: .relaxed), handlers: handlers.load(ordering: .relaxed),
            drops: drops.withLock { $0 })
    }
}

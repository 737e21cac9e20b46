public import LoopguardCore
import Synchronization

/// What waits on a loop because it is stuck.
public struct LoopBurden: Sendable, Equatable {
    /// Broadcasts handed to the loop and not delivered, each counted once.
    public var broadcasts: Int
    /// Bytes of these, for all their recipients on the loop.
    public var bytes: Int
    /// When pings are due; nil when the loop sends none.
    public var pings: PingForecast?

    /// All its parts.
    public init(broadcasts: Int = 0, bytes: Int = 0, pings: PingForecast? = nil) {
        self.broadcasts = broadcasts
        self.bytes = bytes
        self.pings = pings
    }
}

/// Tells what waits on a loop; asked while the loop is stuck, so it must never wait for the loop, nor for a lock that the loop
/// might hold for long.
public protocol LoopBurdenSource: AnyObject, Sendable {
    /// Forgets what waited before. Called by the watchdog when a tick begins to look suspicious.
    func restartBurden()
    /// The most that has waited since then. Called by the watchdog: a few loads at most.
    var burden: LoopBurden { get }
    /// Bytes that wait to be written to the loop's connections. May look at each connection: called by the report thread.
    var queuedBytes: Int { get }
}

/// The sources of one loop. Any thread; holds them weakly, since servers come and go on a loop.
final class LoopBurdens: Sendable {
    private struct Weak {
        weak var source: (any LoopBurdenSource)?
    }
    private let sources = Mutex<[Weak]>([])

    func add(_ source: any LoopBurdenSource) {
        sources.withLock { sources in
            sources.removeAll { $0.source == nil }
            sources.append(Weak(source: source))
        }
    }

    private var all: [any LoopBurdenSource] { sources.withLock { $0 }.compactMap(\.source) }

    func restart() { for source in all { source.restartBurden() } }

    var now: LoopBurden {
        var sum = LoopBurden()
        for burden in all.map(\.burden) {
            sum.broadcasts += burden.broadcasts
            sum.bytes += burden.bytes
            sum.pings = sum.pings ?? burden.pings
        }
        return sum
    }

    var queuedBytes: Int { all.reduce(0) { $0 + $1.queuedBytes } }
}

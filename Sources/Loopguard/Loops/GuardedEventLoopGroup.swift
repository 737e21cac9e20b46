import CLoopguard
public import NIOCore
public import NIOPosix
import Synchronization

/// Event loops that the watchdog looks after.
///
/// NIO's bootstraps accept only NIO's own group, so this one holds such a group (``nio``) and says which of its loops are
/// healthy. Pass ``nio`` to a bootstrap or to a framework; use ``place()`` where you choose the loop yourself.
public final class GuardedEventLoopGroup: Sendable {
    /// How many loops, and how each runs its jobs.
    public struct Configuration: Sendable {
        /// Number of loops, one thread each. Default: the number of cores.
        public var loops: Int = System.coreCount
        /// A tick that takes at least this long is a stall. Default 50 ms.
        public var threshold: Duration = .milliseconds(50)
        public var executor: LoopExecutor.Configuration = .defaults

        public static let defaults = Configuration()
        public init() {}

        /// - Throws: ``LoopguardError`` with code `.invalidConfiguration` naming the option and what is allowed.
        public func validate() throws(LoopguardError) {
            guard (1...1024).contains(loops) else {
                throw LoopguardError(.invalidConfiguration, "loops is \(loops): choose 1 to 1024.")
            }
            try GuardedEventLoopGroup.validate(threshold: threshold)
            guard executor.jobsPerTick >= 1 else {
                throw LoopguardError(
                    .invalidConfiguration, "jobsPerTick is \(executor.jobsPerTick): choose at least 1.")
            }
        }
    }

    public let loops: [GuardedLoop]
    /// The loops as NIO knows them.
    public let nio: MultiThreadedEventLoopGroup
    public let threshold: Duration
    /// The loops are somebody else's, who ends them.
    private let isAdopted: Bool
    private let isReleased = Atomic<Bool>(false)

    static func validate(threshold: Duration) throws(LoopguardError) {
        guard threshold >= .milliseconds(1), threshold <= .seconds(3600) else {
            throw LoopguardError(.invalidConfiguration, "the watchdog threshold is \(threshold): choose 1 ms to 1 h.")
        }
    }

    /// Starts the threads.
    ///
    /// - Throws: ``LoopguardError`` when the configuration is invalid or a thread cannot be prepared.
    public init(_ configuration: Configuration = .defaults) async throws {
        try configuration.validate()
        threshold = configuration.threshold
        isAdopted = false
        let nio = MultiThreadedEventLoopGroup(numberOfThreads: configuration.loops)
        self.nio = nio
        do {
            loops = try await Self.prepare(nio, configuration, threadPrefix: "lg-")
        } catch {
            try? await nio.shutdownGracefully()
            throw error
        }
    }

    /// Marks the loops of a group that somebody else has made and ends. Its threads keep their names.
    ///
    /// - Throws: ``LoopguardError`` with code `.alreadyWatched` or `.resources`; no loop is marked then.
    init(adopting nio: MultiThreadedEventLoopGroup, threshold: Duration) async throws {
        self.threshold = threshold
        isAdopted = true
        self.nio = nio
        var configuration = Configuration.defaults
        configuration.threshold = threshold
        loops = try await Self.prepare(nio, configuration, threadPrefix: nil)
    }

    private static func prepare(
        _ nio: MultiThreadedEventLoopGroup, _ configuration: Configuration, threadPrefix: String?
    ) async throws -> [GuardedLoop] {
        var loops: [GuardedLoop] = []
        do {
            for (index, eventLoop) in nio.makeIterator().enumerated() {
                let name = "loop-\(index)"
                let slot = try await SlotPointer.bind(
                    name, to: eventLoop, threshold: configuration.threshold, threadName: threadPrefix.map { $0 + name })
                let executor = LoopExecutor(eventLoop: eventLoop, slot: slot, configuration: configuration.executor)
                loops.append(
                    GuardedLoop(name: name, index: index, eventLoop: eventLoop, slot: slot, executor: executor))
            }
        } catch {
            for loop in loops { await loop.slot.unbind(from: loop.eventLoop) }
            throw error
        }
        return loops
    }

    /// The healthy loop with the fewest connections, or nil when all are stalled.
    public func place() -> GuardedLoop? {
        loops.filter { !$0.isStalled }.min { $0.connections < $1.connections }
    }

    /// Connections of all loops.
    var connections: Int { loops.reduce(0) { $0 + $1.connections } }

    /// The loop that runs the calling thread, or nil.
    public var current: GuardedLoop? {
        guard let slot = lg_slot_current() else { return nil }
        return loops.first { $0.slot.pointer == slot }
    }

    /// The guarded loop of a channel's event loop.
    public func loop(of eventLoop: any EventLoop) -> GuardedLoop? {
        loops.first { $0.eventLoop === eventLoop }
    }

    /// Ends the marks of all loops; waits for those that are stalled.
    func release() async {
        guard !isReleased.exchange(true, ordering: .relaxed) else { return }
        for loop in loops { await loop.slot.unbind(from: loop.eventLoop) }
    }

    /// Ends the threads. Nothing may use the loops any more. Idempotent.
    public func shutdown() async throws {
        await release()
        if !isAdopted { try await nio.shutdownGracefully() }
    }
}

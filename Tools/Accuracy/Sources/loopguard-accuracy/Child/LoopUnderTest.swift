import CAccuracy
import Glibc
import NIOCore
import NIOPosix
import Synchronization

/// A loop with everything that is needed to plant work in each of the places.
///
/// The work is handed over from the calling task and awaited; the calling task's own thread is none of the loop's.
final class LoopUnderTest: Sendable {
    typealias Work = @Sendable () -> Truth

    let name: String
    let eventLoop: any EventLoop
    let executor: any TaskExecutor
    private let handler: PlantHandler
    private let channels: [any Channel]
    private let client: Int32
    private let actor = PlantActor()

    init(name: String, eventLoop: any EventLoop, executor: any TaskExecutor) async throws {
        self.name = name
        self.eventLoop = eventLoop
        self.executor = executor
        let handler = PlantHandler()
        self.handler = handler
        let accepted = eventLoop.makePromise(of: (any Channel).self)
        let server = try await ServerBootstrap(group: eventLoop)
            .childChannelInitializer { channel in
                accepted.succeed(channel)
                return channel.pipeline.addHandler(handler)
            }
            .bind(host: "127.0.0.1", port: 0).get()
        let client = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        self.client = client
        let connected = server.localAddress?.withSockAddr { connect(client, $0, socklen_t($1)) }
        guard connected == 0 else { throw AccuracyError("cannot connect to the loop's own channel: errno \(errno)") }
        channels = [server, try await accepted.futureResult.get()]
    }

    func close() async {
        Glibc.close(client)
        for channel in channels { try? await channel.close().get() }
    }

    /// Runs `work` on the loop, in `place`.
    func run(_ place: Place, _ work: @escaping Work) async throws -> Truth {
        switch place {
        case .channelHandler:
            let promise = eventLoop.makePromise(of: Truth.self)
            handler.prepare { promise.succeed(work()) }
            var byte: UInt8 = 1
            guard send(client, &byte, 1, Int32(MSG_NOSIGNAL)) == 1 else {
                promise.fail(AccuracyError("cannot write to the loop's own channel: errno \(errno)"))
                return try await promise.futureResult.get()
            }
            return try await promise.futureResult.get()
        case .scheduledTask:
            return try await eventLoop.scheduleTask(in: .microseconds(500)) { work() }.futureResult.get()
        case .asyncHandler:
            return await Task(executorPreference: executor) { await Self.handle(work) }.value
        case .childTask:
            return await Task(executorPreference: executor) {
                async let truth = Self.handle(work)
                return await truth
            }.value
        case .nestedGroup:
            return await Task(executorPreference: executor) { await Self.handleInGroups(work) }.value
        case .actor:
            return await Task(executorPreference: executor) { [actor] in await actor.plant(work) }.value
        }
    }

    /// Returns once the loop has ended the tick that it is in.
    func turn() async throws {
        for _ in 0..<2 { try await eventLoop.scheduleTask(in: .microseconds(200)) {}.futureResult.get() }
    }

    private static func handle(_ work: Work) async -> Truth { work() }

    private static func handleInGroups(_ work: @escaping Work) async -> Truth {
        await withTaskGroup(of: Truth.self) { outer in
            outer.addTask {
                await withTaskGroup(of: Truth.self) { inner in
                    inner.addTask { await handle(work) }
                    return await inner.next() ?? work()
                }
            }
            return await outer.next() ?? work()
        }
    }
}

private actor PlantActor {
    func plant(_ work: LoopUnderTest.Work) -> Truth { work() }
}

/// Does the prepared work when it reads something.
private final class PlantHandler: ChannelInboundHandler, Sendable {
    typealias InboundIn = ByteBuffer
    private let next = Mutex<(@Sendable () -> Void)?>(nil)

    func prepare(_ work: @escaping @Sendable () -> Void) { next.withLock { $0 = work } }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        let work = next.withLock { next in
            defer { next = nil }
            return next
        }
        work?()
    }
}

/// What stops the suite itself.
struct AccuracyError: Error, CustomStringConvertible {
    var description: String
    init(_ description: String) { self.description = description }
}

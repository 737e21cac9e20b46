import Dispatch
import Glibc
import LoopguardCore
import NIOCore
import NIOHTTP1
import NIOPosix
import Synchronization
import Testing

@testable import Loopguard

/// Programs that have made their loops themselves.
@Suite(.serialized, .timeLimit(.minutes(2))) struct WatchdogFacadeTests {
    private func configuration(_ recorder: StallRecorder) -> Watchdog.Configuration {
        var configuration = Watchdog.Configuration.defaults
        configuration.reporters = [recorder]
        configuration.watchesCooperativePool = false
        return configuration
    }

    private func loops(_ group: MultiThreadedEventLoopGroup) -> [any EventLoop] { Array(group.makeIterator()) }

    @Test func `a handler on a loop of the program is marked, captured and named`() async throws {
        let group = MultiThreadedEventLoopGroup(numberOfThreads: 2)
        let recorder = StallRecorder()
        let watchdog = try await Watchdog.watch(group, configuration(recorder))
        let scope = makeScope("/facade")
        let loop = loops(group)[1]
        let seen = await watchdog.run(on: loop, as: scope) {
            #expect(loop.inEventLoop)
            #expect(CorrelationID.current == scope.correlationID)
            #expect(watchdog.status().loops.map(\.connections) == [0, 1])
            Planted.plantedUsleep()
            return HandlerScope.current?.route
        }
        #expect(seen == "/facade")
        let report = try await recorder.ended(route: "/facade")
        #expect(report.loop == "loop-1")
        #expect(report.blast.connections == 1)
        #expect(report.samples.first?.frames.contains { $0.function?.contains("plantedUsleep") == true } == true)
        #expect(watchdog.status().loops.map(\.connections) == [0, 0])
        #expect(watchdog.status().stalls.total >= 1)
        let answer = watchdog.respond(method: "GET", path: "/debug/stalls", query: "format=text", accept: nil)
        #expect(answer.status == 200)
        #expect(answer.body.contains("/facade"))
        await watchdog.shutdown()
        try await group.shutdownGracefully()
    }

    @Test func `work on a loop that nobody marked is reported without a name`() async throws {
        let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
        let recorder = StallRecorder()
        let watchdog = try await Watchdog.watch(group, configuration(recorder))
        try await group.next().submit { Planted.plantedUsleep() }.get()
        while recorder.ended.isEmpty { try await Task.sleep(for: .milliseconds(5)) }
        #expect(recorder.ended.first?.scope == nil)
        #expect(recorder.ended.first?.kind == .loopWork)
        await watchdog.shutdown()
        try await group.shutdownGracefully()
    }

    @Test func `a group is watched once at a time, and again afterwards`() async throws {
        let group = MultiThreadedEventLoopGroup(numberOfThreads: 2)
        let recorder = StallRecorder()
        let first = try await Watchdog.watch(group, configuration(recorder))
        let error = await #expect(throws: LoopguardError.self) {
            _ = try await Watchdog.watch(group, self.configuration(recorder))
        }
        #expect(error?.code == .alreadyWatched)
        // The one that was refused has taken nothing away.
        await first.run(on: loops(group)[0], as: makeScope("/still")) { Planted.plantedUsleep() }
        _ = try await recorder.ended(route: "/still")
        await first.shutdown()
        let second = try await Watchdog.watch(group, configuration(recorder))
        await second.run(on: loops(group)[0], as: makeScope("/again")) { Planted.plantedUsleep() }
        _ = try await recorder.ended(route: "/again")
        await second.shutdown()
        try await group.shutdownGracefully()
    }

    @Test func `of many that come at the same time one gets the group`() async throws {
        let group = MultiThreadedEventLoopGroup(numberOfThreads: 2)
        let recorder = StallRecorder()
        let results = await withTaskGroup(of: Watchdog?.self) { tasks in
            for _ in 0..<8 { tasks.addTask { try? await Watchdog.watch(group, self.configuration(recorder)) } }
            return await tasks.reduce(into: [Watchdog]()) { if let watchdog = $1 { $0.append(watchdog) } }
        }
        #expect(results.count <= 1)
        for watchdog in results { await watchdog.shutdown() }
        let after = try await Watchdog.watch(group, configuration(recorder))
        await after.shutdown()
        try await group.shutdownGracefully()
    }

    @Test func `the group may end first`() async throws {
        let group = MultiThreadedEventLoopGroup(numberOfThreads: 2)
        let watchdog = try await Watchdog.watch(group, configuration(StallRecorder()))
        try await group.shutdownGracefully()
        #expect(watchdog.status().loops.allSatisfy { !$0.stalled && $0.busyForNs == 0 })
        await watchdog.shutdown()
        await watchdog.shutdown()
    }

    @Test func `both may end at the same time`() async throws {
        for _ in 0..<10 {
            let group = MultiThreadedEventLoopGroup(numberOfThreads: 2)
            let watchdog = try await Watchdog.watch(group, configuration(StallRecorder()))
            async let ending: Void = group.shutdownGracefully()
            await watchdog.shutdown()
            try await ending
        }
    }

    @Test func `two watchdogs and a runtime live together`() async throws {
        try await withRuntime { runtime, runtimeRecorder in
            let groups = [
                MultiThreadedEventLoopGroup(numberOfThreads: 1), MultiThreadedEventLoopGroup(numberOfThreads: 1),
            ]
            let recorders = [StallRecorder(), StallRecorder()]
            var watchdogs: [Watchdog] = []
            for (group, recorder) in zip(groups, recorders) {
                watchdogs.append(try await Watchdog.watch(group, configuration(recorder)))
            }
            for (index, watchdog) in watchdogs.enumerated() {
                await watchdog.run(on: groups[index].next(), as: makeScope("/\(index)")) { Planted.plantedUsleep() }
                _ = try await recorders[index].ended(route: "/\(index)")
            }
            #expect(recorders[1].ended.allSatisfy { $0.scope?.route != "/0" })
            #expect(runtimeRecorder.ended.allSatisfy { $0.scope == nil })
            for watchdog in watchdogs { await watchdog.shutdown() }
            for group in groups { try await group.shutdownGracefully() }
        }
    }

    @Test func `NIO's own group can be watched`() async throws {
        let recorder = StallRecorder()
        let watchdog = try await Watchdog.watch(.singleton, configuration(recorder))
        let loop = MultiThreadedEventLoopGroup.singleton.next()
        await watchdog.run(on: loop, as: makeScope("/singleton")) { Planted.plantedUsleep() }
        _ = try await recorder.ended(route: "/singleton")
        await watchdog.shutdown()
    }

    @Test func `a handler on a loop that is not watched runs all the same`() async throws {
        let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
        let other = MultiThreadedEventLoopGroup(numberOfThreads: 1)
        let watchdog = try await Watchdog.watch(group, configuration(StallRecorder()))
        let route = await watchdog.run(on: other.next(), as: makeScope("/other")) { HandlerScope.current?.route }
        #expect(route == "/other")
        struct Planned: Error {}
        await #expect(throws: Planned.self) {
            try await watchdog.run(on: group.next(), as: makeScope("/throws")) { throw Planned() }
        }
        await watchdog.shutdown()
        try await group.shutdownGracefully()
        try await other.shutdownGracefully()
    }

    @Test func `the admin address answers while every loop and the cooperative pool are stuck`() async throws {
        let group = MultiThreadedEventLoopGroup(numberOfThreads: 2)
        let watchdog = try await Watchdog.watch(group, configuration(StallRecorder()))
        let address = try await watchdog.serveAdmin(host: "127.0.0.1", port: 0)
        let port = try #require(address.port)
        let loopGate = DispatchSemaphore(value: 0)
        for loop in loops(group) { loop.execute { loopGate.wait() } }
        let poolGate = DispatchSemaphore(value: 0)
        let answer = Mutex("")
        // A thread asks: tasks cannot run. Its end frees everything.
        let asker = try PlainThread(name: "asker") {
            usleep(100_000)
            let text = Self.get("/debug/loops?format=text", port: port)
            answer.withLock { $0 = text }
            for _ in 0..<64 { poolGate.signal() }
            for _ in 0..<2 { loopGate.signal() }
        }
        await withTaskGroup(of: Void.self) { tasks in
            for _ in 0..<min(64, System.coreCount * 2) { tasks.addTask { poolGate.wait() } }
        }
        asker.join()
        let text = answer.withLock { $0 }
        #expect(text.hasPrefix("HTTP/1.0 200"))
        #expect(text.contains("loop-0") && text.contains("loop-1"))
        await watchdog.shutdown()
        #expect(Self.get("/healthz", port: port) == "")
        await #expect(throws: LoopguardError.self) { _ = try await watchdog.serveAdmin(host: "127.0.0.1", port: 0) }
        try await group.shutdownGracefully()
    }

    /// A blocking request; empty when nobody answers.
    private static func get(_ target: String, port: Int) -> String {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        defer { close(descriptor) }
        let status = try? SocketAddress(ipAddress: "127.0.0.1", port: port).withSockAddr { address, size in
            connect(descriptor, address, socklen_t(size))
        }
        guard status == 0 else { return "" }
        let request = "GET \(target) HTTP/1.0\r\n\r\n"
        guard send(descriptor, request, request.utf8.count, 0) == request.utf8.count else { return "" }
        var text = ""
        var buffer = [UInt8](repeating: 0, count: 65536)
        while true {
            let count = recv(descriptor, &buffer, buffer.count, 0)
            guard count > 0 else { return text }
            text += String(decoding: buffer[..<count], as: UTF8.self)
        }
    }

    @Test func `an impossible threshold is refused`() async throws {
        let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
        var configuration = Watchdog.Configuration.defaults
        configuration.threshold = .zero
        let error = await #expect(throws: LoopguardError.self) { _ = try await Watchdog.watch(group, configuration) }
        #expect(error?.code == .invalidConfiguration)
        try await group.shutdownGracefully()
    }
}

import CLoopguard
import Dispatch
import Glibc
import Logging
import LoopguardCapture
import LoopguardCore
import NIOCore
import Synchronization
import Testing

@testable import Loopguard

/// What must work while every thread of Swift's cooperative pool blocks.
@Suite(.serialized, .timeLimit(.minutes(1))) struct StuckPoolTests {
    private final class State<T: Sendable>: Sendable {
        let held = Atomic<Int>(0)
        let result = Mutex<T?>(nil)
    }

    /// Blocks all threads of the pool, runs `body` on a plain thread while they are, and lets go.
    private func whileStuck<T: Sendable>(_ body: @escaping @Sendable () -> T) async throws -> T? {
        let gate = DispatchSemaphore(value: 0)
        let state = State<T>()
        // As many tasks as the pool may ever have threads, and some that find none: they prove that it is full.
        let tasks = System.coreCount * 2
        let witness = try PlainThread(name: "witness") {
            for _ in 0..<10_000 where state.held.load(ordering: .acquiring) < System.coreCount { usleep(1_000) }
            if state.held.load(ordering: .acquiring) == System.coreCount {
                let value = body()
                state.result.withLock { $0 = value }
                if state.held.load(ordering: .acquiring) > System.coreCount { state.result.withLock { $0 = nil } }
            }
            for _ in 0..<tasks { gate.signal() }
        }
        await withTaskGroup(of: Void.self) { group in
            for _ in 0..<tasks {
                group.addTask {
                    state.held.add(1, ordering: .acquiringAndReleasing)
                    gate.wait()
                }
            }
        }
        witness.join()
        return state.result.withLock { $0 }
    }

    /// Asks in a blocking way, on the calling thread; empty when nothing comes within ten seconds.
    private static func ask(_ request: String, port: Int) -> String {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        guard descriptor >= 0 else { return "" }
        defer { close(descriptor) }
        var patience = timeval(tv_sec: 10, tv_usec: 0)
        setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &patience, socklen_t(MemoryLayout<timeval>.size))
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = in_port_t(UInt16(port)).bigEndian
        address.sin_addr.s_addr = in_addr_t(0x7F00_0001).bigEndian
        let isConnected = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size)) == 0
            }
        }
        guard isConnected, send(descriptor, request, request.utf8.count, Int32(MSG_NOSIGNAL)) > 0 else { return "" }
        var text = ""
        var buffer = [UInt8](repeating: 0, count: 65_536)
        while true {
            let count = recv(descriptor, &buffer, buffer.count, 0)
            guard count > 0 else { return text }
            text += String(decoding: buffer[..<count], as: UTF8.self)
        }
    }

    @Test func `a self-test is planted, seen and answered`() async throws {
        try await withRuntime { runtime, _ in
            let server = AdminServer(
                eventLoop: runtime.control, logger: Logger(label: "test"),
                action: { _, _, _ in
                    do {
                        let outcome = try await runtime.selftest(SelfTest(milliseconds: 150))
                        return DebugResponse(status: 200, headers: [], body: "seen \(outcome.isSeen)")
                    } catch {
                        return DebugResponse(status: 500, headers: [], body: "\(error)")
                    }
                }, cluster: { ClusterStatus(workers: []) })
            let port = try #require(try await server.start(host: "127.0.0.1", port: 0).port)
            let answer = try await whileStuck {
                Self.ask("POST /debug/selftest HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n", port: port)
            }
            await server.shutdown()
            #expect(answer?.hasPrefix("HTTP/1.1 200") == true, "\(answer ?? "the pool was not stuck")")
            #expect(answer?.hasSuffix("seen true") == true)
        }
    }

    @Test func `tasks of an executor with its own thread run, suspend and go on there`() async throws {
        let executor = OwnThreadExecutor(name: "own")
        let answer = try await whileStuck { () -> [String] in
            let done = DispatchSemaphore(value: 0)
            let state = State<[String]>()
            let note: @Sendable () -> Void = {
                let name = threadName(of: lg_current_tid()) ?? "?"
                state.result.withLock { $0 = ($0 ?? []) + [name] }
            }
            for _ in 0..<20 {
                Task(executorPreference: executor) {
                    note()
                    await Task.yield()
                    note()
                    done.signal()
                }
            }
            for _ in 0..<20 where done.wait(timeout: .now() + 5) == .timedOut { return ["none"] }
            return state.result.withLock { $0 } ?? []
        }
        #expect(answer == Array(repeating: "own", count: 40))
    }
}

import Dispatch
import Glibc
import Loopguard
import LoopguardStrict
import NIOCore
import NIOPosix
import Synchronization
import Testing

let sink = Atomic(0)

/// What strict mode must not report.
@Suite(.serialized, .timeLimit(.minutes(3))) struct NoOffenceTests {
    private func expectSilence(
        options: StrictOptions = .defaults, _ body: @escaping @Sendable () -> Void
    ) async throws {
        try await withStrict(options: options) { runtime, strict in
            try await runtime.onLoop(0, body)
            #expect(strict.status.calls == 0, "\(strict.status.byName)")
        }
    }

    @Test func `non-blocking descriptors`() async throws {
        try await expectSilence {
            let pair = Pair.sockets(nonBlocking: true)
            var byte: UInt8 = 0
            _ = read(pair.near, &byte, 1)
            _ = write(pair.near, &byte, 1)
            _ = recv(pair.near, &byte, 1, 0)
            _ = send(pair.near, &byte, 1, 0)
            _ = accept(pair.near, nil, nil)
        }
    }

    @Test func `MSG_DONTWAIT on a blocking socket`() async throws {
        try await expectSilence {
            let pair = Pair.sockets()
            var byte: UInt8 = 0
            _ = recv(pair.near, &byte, 1, dontWait)
            _ = send(pair.near, &byte, 1, dontWait)
        }
    }

    @Test func `time limits of zero`() async throws {
        try await expectSilence {
            poll(nil, 0, 0)
            usleep(0)
            var none = timespec()
            nanosleep(&none, nil)
            _ = DispatchSemaphore(value: 0).wait(timeout: .now())
            waitpid(1, nil, WNOHANG)
        }
    }

    @Test func `free locks, semaphores and joined threads`() async throws {
        try await expectSilence {
            var mutex = pthread_mutex_t()
            pthread_mutex_init(&mutex, nil)
            pthread_mutex_lock(&mutex)
            pthread_mutex_unlock(&mutex)
            let semaphore = DispatchSemaphore(value: 1)
            semaphore.wait()
            semaphore.signal()
            let value = Mutex(0)
            value.withLock { $0 += 1 }
            let file = TemporaryFile()
            flock(file.descriptor, LOCK_EX)
            flock(file.descriptor, LOCK_UN)
        }
    }

    @Test func `a lock that is had within the grace`() async throws {
        var options = StrictOptions.defaults
        options.lockGrace = .seconds(30)
        try await withStrict(options: options) { runtime, strict in
            let held = Held {
                pthread_mutex_lock($0.mutex)
            } give: {
                pthread_mutex_unlock($0.mutex)
            }
            let isNear = Atomic(false)
            let waits = runtime.group.loops[0].eventLoop.submit {
                isNear.store(true, ordering: .releasing)
                pthread_mutex_lock(held.locks.mutex)
                pthread_mutex_unlock(held.locks.mutex)
            }
            while !isNear.load(ordering: .acquiring) { try await Task.sleep(for: .milliseconds(1)) }
            try await Task.sleep(for: .milliseconds(100))
            held.release()
            try await waits.get()
            #expect(strict.status.calls == 0, "\(strict.status.byName)")
            #expect(strict.status.shortWaits >= 1)
        }
    }

    @Test func `devices that are always ready, numeric addresses, descriptors that do not exist`() async throws {
        try await expectSilence {
            let null = open("/dev/null", O_RDWR)
            var byte: UInt8 = 0
            _ = read(null, &byte, 1)
            _ = write(null, &byte, 1)
            close(null)
            _ = read(-1, &byte, 1)
            var found: UnsafeMutablePointer<addrinfo>?
            if getaddrinfo("127.0.0.1", "80", nil, &found) == 0 { freeaddrinfo(found) }
        }
    }

    @Test func `the file tier is off unless asked for`() async throws {
        try await expectSilence {
            var result = stat()
            stat("/", &result)
            close(open("/dev/null", O_RDONLY))
        }
    }

    @Test func `timers, and jobs between two loops`() async throws {
        try await withStrict(loops: 2, options: patient) { runtime, strict in
            for _ in 0..<50 {
                try await runtime.group.loops[0].eventLoop.scheduleTask(in: .microseconds(200)) {}.futureResult.get()
                try await runtime.group.loops[0].eventLoop.flatSubmit {
                    runtime.group.loops[1].eventLoop.submit { _ = sink.add(1, ordering: .relaxed) }
                }.get()
            }
            #expect(strict.status.calls == 0, "\(strict.status.byName)")
        }
    }

    /// Locks of NIO that two threads want at once are had within microseconds, unless the machine takes the CPU away from the
    /// one that holds it: not what these tests are about.
    private var patient: StrictOptions {
        var options = StrictOptions.defaults
        options.lockGrace = .seconds(1)
        return options
    }

    @Test func `a NIO server and client that talk`() async throws {
        try await withStrict(loops: 2, options: patient) { runtime, strict in
            let server = try await ServerBootstrap(group: runtime.group.nio)
                .childChannelInitializer { channel in
                    channel.eventLoop.makeCompletedFuture {
                        try channel.pipeline.syncOperations.addHandler(EchoHandler())
                    }
                }
                .bind(host: "127.0.0.1", port: 0).get()
            let port = try #require(server.localAddress?.port)
            let received = Atomic(0)
            try await withThrowingTaskGroup(of: Void.self) { group in
                for _ in 0..<4 {
                    group.addTask { try await talk(runtime, port: port, rounds: 100) }
                }
                while try await group.next() != nil { received.add(1, ordering: .relaxed) }
            }
            try await server.close()
            #expect(received.load(ordering: .relaxed) == 4)
            #expect(strict.status.calls == 0, "\(strict.status.byName)")
        }
    }

    @Test func `nothing is said after the end, and nothing of another runtime`() async throws {
        try await withStrict { runtime, strict in
            try await withStrict { other, otherStrict in
                try await other.onLoop { usleep(1) }
                #expect(otherStrict.status.calls == 1)
            }
            #expect(strict.status.calls == 0)
            await strict.stop()
            try await runtime.onLoop { usleep(1) }
            #expect(strict.status.calls == 0)
        }
    }

    @Test func `loops are watched once`() async throws {
        try await withStrict { runtime, strict in
            #expect(throws: LoopguardError.self) { try Strict.start(runtime) }
            try await runtime.onLoop { usleep(1) }
            #expect(strict.status.calls == 1)
        }
    }

    @Test func `shared libraries are seen as well`() async throws {
        try await withStrict { _, strict in #expect(strict.degradations == []) }
    }
}

private final class EchoHandler: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    func channelRead(context: ChannelHandlerContext, data: NIOAny) { context.writeAndFlush(data, promise: nil) }
}

/// Sends a byte and waits for its echo, again and again.
private func talk(_ runtime: LoopguardRuntime, port: Int, rounds: Int) async throws {
    let channel = try await ClientBootstrap(group: runtime.group.nio).connect(host: "127.0.0.1", port: port) {
        channel in
        channel.eventLoop.makeCompletedFuture {
            try NIOAsyncChannel<ByteBuffer, ByteBuffer>(wrappingChannelSynchronously: channel)
        }
    }
    try await channel.executeThenClose { inbound, outbound in
        var replies = inbound.makeAsyncIterator()
        for _ in 0..<rounds {
            try await outbound.write(ByteBuffer(bytes: [7]))
            _ = try await replies.next()
        }
    }
}

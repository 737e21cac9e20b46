import Testing

@testable import LoopguardLint

/// The rules' corners; their plain cases are on their pages.
@Suite struct StructuralRuleTests {
    private func check(
        _ modules: [(name: String, files: [String: String])], sourceLocation: SourceLocation = #_sourceLocation
    ) throws {
        let (found, expected, _) = try Fixture(modules: modules).findings { $0.hasStructuralRules = true }
        let lines = found.map { "\($0.place.path.split(separator: "/").last ?? ""):\($0.place.line) \($0.rule)" }
            .sorted()
        #expect(lines == expected, sourceLocation: sourceLocation)
    }

    private func check(_ source: String, sourceLocation: SourceLocation = #_sourceLocation) throws {
        try check([(name: "App", files: ["App.swift": source])], sourceLocation: sourceLocation)
    }

    private static let nioLock = (
        name: "NIOConcurrencyHelpers",
        files: [
            "Lock.swift": """
            public struct NIOLock: Sendable {
                public init() {}
                public func lock() {}
                public func unlock() {}
                public func withLock<T>(_ body: () throws -> T) rethrows -> T { try body() }
            }
            """
        ]
    )

    @Test func aLockIsHeldFromLockToUnlock() throws {
        try check(
            """
            import Foundation
            import Synchronization
            final class Box: @unchecked Sendable {
                let lock = NSLock()
                let other = NSLock()
                let state = Mutex(0)
                func plain() {
                    usleep(1)
                    lock.lock()
                    usleep(2)  // expect: blocking-under-lock
                    lock.unlock()
                    usleep(3)
                }
                func early(_ done: Bool) {
                    lock.lock()
                    if done {
                        lock.unlock()
                        usleep(4)
                        return
                    }
                    usleep(5)  // expect: blocking-under-lock
                    lock.unlock()
                    usleep(6)
                }
                func deferred() {
                    defer { lock.unlock() }
                    lock.lock()
                    usleep(7)  // expect: blocking-under-lock
                }
                func inner() {
                    do {
                        lock.lock()
                        defer { lock.unlock() }
                    }
                    usleep(8)
                }
                func closures() {
                    lock.withLock { usleep(9) }  // expect: blocking-under-lock
                    state.withLock { value in
                        usleep(10)  // expect: blocking-under-lock
                        value += 1
                    }
                    lock.withLock { [1].forEach { _ in usleep(11) } }  // expect: blocking-under-lock
                    lock.withLock { DispatchQueue.global().async { usleep(12) } }
                }
                func taken() { lock.lock() }
                func twoLocks() {
                    other.lock()
                    lock.lock()
                    lock.unlock()
                    usleep(13)  // expect: blocking-under-lock
                    other.unlock()
                }
                func throughOthers() {
                    lock.withLock { first() }  // expect: blocking-under-lock
                }
                func first() { second() }
                func second() { usleep(14) }
                func condition(_ condition: NSCondition) {
                    lock.lock()
                    condition.wait()
                    lock.unlock()
                }
                func zero() { lock.withLock { usleep(0) } }
            }
            """)
    }

    @Test func onALoopTheLockIsToldWithTheCall() throws {
        let source = """
            import Foundation
            actor Box {
                let lock = NSLock()
                func run() {
                    lock.lock()
                    usleep(2)
                    lock.unlock()
                }
            }
            """
        let (found, _, _) = try Fixture(modules: [(name: "App", files: ["App.swift": source])]).findings {
            $0.hasStructuralRules = true
        }
        #expect(found.map(\.rule) == ["blocking-sleep"])
        #expect(found.first?.related.map(\.text) == ["`lock` is held from here: whoever wants it waits as long"])
    }

    @Test func locksAcrossAwait() throws {
        try check([
            Self.nioLock,
            (
                name: "App",
                files: [
                    "App.swift": """
                    import Glibc
                    import NIOConcurrencyHelpers
                    func work() async {}
                    func late(_ lock: NIOLock, _ mutex: UnsafeMutablePointer<pthread_mutex_t>, _ done: Bool) async {
                        await work()
                        lock.lock()
                        await work()  // expect: lock-across-await
                        lock.unlock()
                        await work()
                        pthread_mutex_lock(mutex)
                        async let x: Void = work()  // expect: lock-across-await
                        await x
                        pthread_mutex_unlock(mutex)
                        lock.lock()
                        if done {
                            lock.unlock()
                            await work()
                            return
                        }
                        Task { await work() }
                        lock.unlock()
                    }
                    """
                ]
            ),
        ])
    }

    @Test func threadsThatWaitForTasks() throws {
        try check(
            """
            import Dispatch
            import Foundation
            func group() {
                let group = DispatchGroup()
                group.enter()
                Task {
                    defer { group.leave() }
                    await Task.yield()
                }
                group.wait()  // expect: semaphore-bridge
            }
            final class Bridge: Sendable {
                let done = DispatchSemaphore(value: 0)
                func run() async {
                    Task.detached { self.done.signal() }
                    self.done.wait()  // expect: semaphore-bridge
                }
                func other() {
                    Task { DispatchSemaphore(value: 0).signal() }
                    done.wait()
                }
                func thread() {
                    Thread { self.done.signal() }.start()
                    done.wait()
                }
            }
            """)
    }

    @Test func aThreadThatWaitsOnALoopKeepsItsWay() throws {
        let source = """
            import Dispatch
            func bridge() {
                let done = DispatchSemaphore(value: 0)
                Task { done.signal() }
                done.wait()
            }
            func handler() async { bridge() }
            """
        let (found, _, _) = try Fixture(modules: [(name: "App", files: ["App.swift": source])]).findings {
            $0.hasStructuralRules = true
        }
        #expect(found.map(\.rule) == ["semaphore-bridge"])
        #expect(found.first?.severity == .error)
        #expect(found.first?.path.first?.text.hasPrefix("handler()") == true)
    }

    @Test func asyncFunctionsThatAwaitNothing() throws {
        try check(
            """
            import Glibc
            protocol Store { func load() async }
            struct Slow: Store {
                func load() async {  // expect: fake-async
                    usleep(1)  // expect: blocking-sleep
                }
            }
            func called() async {  // expect: fake-async
                usleep(2)  // expect: blocking-sleep
            }
            func handler() async {
                await called()
                usleep(3)  // expect: blocking-sleep
            }
            func alone() async {
                usleep(4)  // expect: blocking-sleep
            }
            """)
    }

    @Test func witnessesOfAsyncRequirements() throws {
        try check(
            """
            import Glibc
            protocol Store {
                func load() async
                func peek() async
                func plain()
                var size: Int { get async }
            }
            struct Direct: Store {
                func load() { usleep(1) }  // expect: blocking-witness
                func peek() { helper() }  // expect: blocking-witness
                func plain() { usleep(3) }
                var size: Int { usleep(4); return 1 }  // expect: blocking-witness
                func helper() { usleep(2) }
            }
            struct Good: Store {
                @available(*, noasync) func load() {}
                func load() async {}
                func peek() {}
                func plain() {}
                var size: Int { 3 }
            }
            """)
    }

    @Test func theHolesOfNoasync() throws {
        let library = """
            public struct Image: Sendable {
                public init() {}
                @available(*, noasync) public func resize(_ n: Int) -> Int { n }
                public func resize(_ n: Int) async -> Int { await offload { resize(n) } }
            }
            public func offload<T: Sendable>(_ body: @escaping @Sendable () -> T) async -> T { body() }
            // loopguard:blocking
            public func scan() {}
            // loopguard:blocking
            public var total: Int { 3 }
            """
        let app = """
            import Images
            func handler(_ image: Image) async {
                _ = await image.resize(1)
                [1].forEach { _ = image.resize($0) }  // expect: declared-blocking
                let later = { image.resize(2) }  // expect: declared-blocking
                _ = later()
                _ = await offload { image.resize(3) }
                scan()  // expect: declared-blocking
                _ = total  // expect: declared-blocking
            }
            actor Gallery {
                func thumbnail(_ image: Image) -> Int { image.resize(4) }  // expect: declared-blocking
                var size: Int { Image().resize(5) }  // expect: declared-blocking
            }
            protocol Resizer { func resize(_ n: Int) async -> Int }
            struct Mine: Resizer {
                @available(*, noasync) func resize(_ n: Int) -> Int { n }  // expect: blocking-witness
            }
            func helper(_ image: Image) -> [Int] { [1].map(image.resize) }  // expect: declared-blocking
            func calls(_ image: Image) async { _ = helper(image) }
            """
        let main = """
            import Images
            scan()  // expect: declared-blocking
            await Task.yield()
            """
        try check([
            (name: "Images", files: ["Images.swift": library]), (name: "App", files: ["App.swift": app]),
            (name: "Tool", files: ["main.swift": main]),
        ])
    }

    @Test func scriptsThatAwaitNothingMayBlock() throws {
        try check([
            (name: "Images", files: ["Images.swift": "// loopguard:blocking\npublic func scan() {}"]),
            (name: "Tool", files: ["main.swift": "import Images\nscan()\n"]),
        ])
    }

    @Test func offloadsOfNothingAndOfSomething() throws {
        let library = """
            public struct Context: Sendable {
                public func offload<T: Sendable>(_ body: @escaping @Sendable () throws -> T) async throws -> T { try body() }
            }
            public func unknown() {}
            """
        try check([
            (name: "Library", files: ["Library.swift": library]),
            (
                name: "App",
                files: [
                    "App.swift": """
                    import Glibc
                    import Library
                    struct Settings { var limit = 3; var slow: Int { (0..<9).reduce(0, +) } }
                    func double(_ n: Int) -> Int { identity(n) }
                    func identity(_ n: Int) -> Int { n }
                    func recursive(_ n: Int) -> Int { recursive(n) }
                    func handler(_ context: Context, _ settings: Settings) async throws {
                        _ = try await context.offload { double(settings.limit) }  // expect: needless-offload
                        _ = try await context.offload { settings.slow }
                        _ = try await context.offload { recursive(1) }
                        _ = try await context.offload { for _ in 0..<9 {} }
                        _ = try await context.offload { getpid() }
                        _ = try await context.offload { usleep(1) }
                    }
                    """
                ]
            ),
        ])
    }

    @Test func aFindingSaysWhatRestsOnSyntax() throws {
        let (found, _, result) = try SyntaxFixture.run([
            "App.swift": """
            import Foundation
            final class Box {
                let lock = NSLock()
                func run() {
                    lock.lock()
                    usleep(2)  // expect: blocking-under-lock
                    lock.unlock()
                }
            }
            """
        ])
        #expect(found == ["App.swift:6 blocking-under-lock"])
        #expect(result.findings.first?.evidence == .syntax)
    }
}

import Testing

@testable import LoopguardLint

@Suite struct AnalysisTests {
    @Test func directCallsInAsyncCode() throws {
        try Fixture.check(
            """
            import Foundation
            func handler() async {
                usleep(10)  // expect: blocking-sleep
                rest()
                _ = try? Data(contentsOf: URL(filePath: "/etc/hosts"))  // expect: blocking-file
                usleep(0)
            }
            func rest() { Thread.sleep(forTimeInterval: 1) }  // expect: blocking-sleep
            func plain() { usleep(10) }
            actor Counter {
                func wait() { usleep(10) }  // expect: blocking-sleep
                nonisolated func other() { usleep(10) }
            }
            """)
    }

    @Test func throughHelpersGettersInitialisersAndDefaults() throws {
        try Fixture.check(
            """
            import Glibc
            func nap() { usleep(10) }  // expect: blocking-sleep
            func helper() { nap() }
            struct Settings {
                var slow: Int { usleep(11); return 1 }  // expect: blocking-sleep
                init() { usleep(12) }  // expect: blocking-sleep
            }
            struct Stored { var value = costly() }
            func costly() -> Int { usleep(13); return 1 }  // expect: blocking-sleep
            func withDefault(_ value: Int = expensive()) {}
            func expensive() -> Int { usleep(14); return 1 }  // expect: blocking-sleep
            let global = lazily()
            func lazily() -> Int { usleep(15); return 1 }  // expect: blocking-sleep
            struct Watched { var value = 0 { didSet { usleep(16) } } }  // expect: blocking-sleep
            func handler() async {
                helper()
                _ = Settings().slow
                _ = Stored()
                withDefault()
                _ = global
                var watched = Watched()
                watched.value = 3
                func local() { usleep(17) }  // expect: blocking-sleep
                local()
            }
            """)
    }

    @Test func closuresRunWhereTheyAreTaken() throws {
        try Fixture.check(
            """
            import Dispatch
            import Foundation
            func takes(_ body: () -> Void) { body() }
            func away(_ body: @escaping @Sendable () -> Void) { DispatchQueue.global().async(execute: body) }
            func further(_ body: @escaping @Sendable () -> Void) { away { body() } }
            func offload<T: Sendable>(_ body: @escaping @Sendable () throws -> T) async throws -> T { try body() }
            func spawn(_ body: @escaping @Sendable () async -> Void) {}
            func handler() async throws {
                takes { usleep(1) }  // expect: blocking-sleep
                [1].forEach { _ in usleep(2) }  // expect: blocking-sleep
                DispatchQueue.global().async { usleep(3) }
                away { usleep(4) }
                further { usleep(5) }
                Thread { usleep(6) }.start()
                _ = try await offload { usleep(7); return 1 }
            }
            func starts() {
                spawn { usleep(8) }  // expect: blocking-sleep
                Task { usleep(9) }  // expect: blocking-sleep
                Task.detached { await other(); usleep(10) }  // expect: blocking-sleep
            }
            func other() async {}
            """)
    }

    @Test func protocolsAndOverridesLeadToTheirImplementations() throws {
        try Fixture.check(
            """
            import Glibc
            protocol Store { func load() }
            struct Slow: Store { func load() { usleep(1) } }  // expect: blocking-sleep
            struct Fast: Store { func load() {} }
            class Base { func go() {} }
            final class Derived: Base { override func go() { usleep(2) } }  // expect: blocking-sleep
            final class Apart { func go() { usleep(3) } }
            func handler(store: any Store, base: Base) async {
                store.load()
                base.go()
                Fast().load()
            }
            func generic<S: Store>(_ store: S) async { store.load() }
            """)
    }

    @Test func closuresInPropertiesAreToldApart() throws {
        try Fixture.check(
            """
            import Glibc
            struct Client {
                var load: @Sendable () -> Void
                var peek: @Sendable () -> Void
            }
            let live = Client(
                load: { usleep(1) },  // expect: blocking-sleep
                peek: { })
            func first(_ client: Client) async { client.load() }
            func second(_ client: Client) async { client.peek() }
            """)
    }

    @Test func functionsThatAreHandedOver() throws {
        try Fixture.check(
            """
            import Dispatch
            import Glibc
            @Sendable func nap() { usleep(1) }  // expect: blocking-sleep
            @Sendable func doze() { usleep(2) }
            func takes(_ body: () -> Void) { body() }
            func handler() async {
                takes(nap)
                DispatchQueue.global().async(execute: doze)
            }
            """)
    }

    @Test func acrossModulesOneFindingAtTheUsersCall() throws {
        let storage = """
            import Glibc
            public struct Repository { public init() {}; public func fetch() { inner() } }
            func inner() { usleep(1) }
            """
        let app = """
            import Storage
            func handler() async { Repository().fetch() }
            """
        let fixture = Fixture(modules: [
            (name: "Storage", files: ["Storage.swift": storage]), (name: "App", files: ["App.swift": app]),
        ])
        let (found, _, _) = try fixture.findings { $0.sources = $0.sources.filter { $0.hasSuffix("App.swift") } }
        let finding = try #require(found.first)
        #expect(found.count == 1)
        #expect(finding.place.line == 2)
        #expect(finding.place.column == 37)
        #expect(
            finding.path.map(\.text) == [
                "handler(): an async function", "runs Repository.fetch()", "runs inner()", "calls usleep()",
            ])
        #expect(finding.path.map { $0.place.path.hasSuffix("App.swift") } == [true, true, false, false])
    }

    @Test func startUpCodeIsExempt() throws {
        try Fixture.check(
            """
            import Glibc
            @main struct Program {
                static func main() async {
                    usleep(1)
                    await prepare()
                    serve { usleep(3) }  // expect: blocking-sleep
                }
            }
            func prepare() async { usleep(2) }
            func serve(_ handler: @escaping @Sendable () async -> Void) {}
            """)
    }

    @Test func declaredBlockingFunctionsAreSinks() throws {
        try Fixture.check(
            """
            // loopguard:blocking
            func resize() {}
            @available(*, noasync, message: "blocks") func other() {}
            func helper() { other() }  // expect: declared-blocking
            func handler() async {
                resize()  // expect: declared-blocking
                helper()
            }
            """)
    }

    @Test func commentsSilenceAndAreJudged() throws {
        try Fixture.check(
            """
            import Glibc
            func handler() async {
                usleep(1)  // loopguard:allow(blocking-sleep) reason: start of the demo
                // loopguard:allow(blocking-sleep) reason: agreed until: 2027-01-01
                usleep(2)
                usleep(3)  // loopguard:allow(blocking-sleep) // expect: blocking-sleep suppression-invalid
                usleep(4)  // loopguard:allow(blocking-dns) reason: wrong rule // expect: blocking-sleep suppression-unused
            }
            """)
    }

    @Test func oneRootCauseIsOneFinding() throws {
        let source = """
            import Glibc
            func nap() { usleep(1) }
            func one() async { nap() }
            func two() async { nap() }
            func three() async { one2() }
            func one2() { nap() }
            """
        let (found, _, _) = try Fixture(modules: [(name: "App", files: ["App.swift": source])]).findings()
        let finding = try #require(found.first)
        #expect(found.count == 1)
        #expect(finding.place.line == 2)
        #expect(
            finding.related.map(\.text) == [
                "two(), an async function, reaches it too", "three(), an async function, reaches it too",
            ])
    }
}

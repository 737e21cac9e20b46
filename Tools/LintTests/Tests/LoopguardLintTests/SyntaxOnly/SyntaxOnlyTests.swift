import Foundation
import Testing

@testable import LoopguardLint

/// Judges sources without any index. A line that ends in `// expect: RULE` must have exactly that finding.
struct SyntaxFixture {
    static func run(_ files: [String: String]) throws -> (found: [String], expected: [String], result: Linter.Result) {
        let folder = FileManager.default.temporaryDirectory.appending(path: "lint-\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(at: folder) }
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        var paths: [String] = []
        var expected: [String] = []
        for (name, text) in files.sorted(by: { $0.key < $1.key }) {
            let path = folder.appending(path: name).path
            try text.write(toFile: path, atomically: true, encoding: .utf8)
            paths.append(path)
            expected += Self.expectations(text, name)
        }
        let result = try Linter(.init(syntaxOnly: paths, catalogue: try .builtIn(), today: "2026-11-24")).run()
        let found = result.findings.map {
            "\($0.place.path.split(separator: "/").last ?? ""):\($0.place.line) \($0.rule)"
        }
        return (found.sorted(), expected.sorted(), result)
    }

    static func expectations(_ text: String, _ name: String) -> [String] {
        text.split(separator: "\n", omittingEmptySubsequences: false).enumerated().flatMap { number, line -> [String] in
            guard let mark = line.firstRange(of: "// expect: ") else { return [] }
            return line[mark.upperBound...].split(separator: " ").map { "\(name):\(number + 1) \($0)" }
        }
    }

    static func check(_ source: String, sourceLocation: SourceLocation = #_sourceLocation) throws {
        let (found, expected, result) = try run(["App.swift": source])
        #expect(found == expected, sourceLocation: sourceLocation)
        #expect(result.findings.allSatisfy { $0.evidence == .syntax }, sourceLocation: sourceLocation)
        #expect(result.files == 1, sourceLocation: sourceLocation)
    }
}

@Suite struct SyntaxOnlyTests {
    @Test func directCallsByNameAndVisibleType() throws {
        try SyntaxFixture.check(
            """
            import Foundation
            final class Service {
                let done = DispatchSemaphore(value: 0)
                var process: Process?
                func handler(files: FileManager, url: URL) async throws {
                    usleep(10)  // expect: blocking-sleep
                    Thread.sleep(forTimeInterval: 1)  // expect: blocking-sleep
                    Foundation.Thread.sleep(forTimeInterval: 1)  // expect: blocking-sleep
                    done.wait()  // expect: blocking-semaphore
                    self.done.wait()  // expect: blocking-semaphore
                    process?.waitUntilExit()  // expect: blocking-process
                    _ = files.contents(atPath: "/")  // expect: blocking-file-manager
                    _ = FileManager.default.fileExists(atPath: "/")  // expect: blocking-file-manager
                    _ = try Data(contentsOf: url)  // expect: blocking-file
                    DispatchQueue.global().sync { }  // expect: blocking-dispatch-sync
                    let queue = DispatchQueue(label: "mine")
                    queue.sync { }  // expect: blocking-dispatch-sync
                    let name = ProcessInfo.processInfo.hostName  // expect: blocking-dns
                    use(try Data(contentsOf: url))  // expect: blocking-file
                    await later(try Data(contentsOf: url))  // expect: blocking-file
                    done.wait(timeout: .now())
                    usleep(0)
                }
            }
            """)
    }

    @Test func whatCannotBeSeenIsNotGuessed() throws {
        try SyntaxFixture.check(
            """
            import Foundation
            struct Latch { func wait() {} }
            func handler(latch: Latch, other: Other, any: some Client) async throws {
                var status = stat()
                latch.wait()
                other.wait()
                any.waitUntilExit()
                let unknown = make()
                unknown.wait()
                try await sleep(1)
                await latch2.wait()
                connect(to: "host", port: 3)
                send("message")
                read()
                let data = Data(contents)
                Files.Data(contentsOf: 3)
                stat(1)
                wait(3)
                let usleep = { (n: Int) in }
                usleep(3)
            }
            struct Elsewhere {
                func sleep(_ n: Int) {}
                func go() async { sleep(3) }
            }
            extension Data { static func x() async { _ = lock() } }
            func close(_ a: Int32, _ b: Int32, _ c: Int32) {}
            """)
    }

    @Test func withoutTheImportANameIsSomebodyElses() throws {
        try SyntaxFixture.check("func handler() async { usleep(3); sleep(1); sqlite3_step(x); PQexec(a, b) }")
        try SyntaxFixture.check(
            "import CSQLite\nfunc handler() async { sqlite3_step(x); usleep(3) }  // expect: blocking-database")
    }

    @Test func sameFileHelpersGettersInitialisersAndLocalFunctions() throws {
        try SyntaxFixture.check(
            """
            import Glibc
            func nap() { usleep(10) }  // expect: blocking-sleep
            func helper(times: Int = 1, _ body: () -> Void) { nap(); body() }
            struct Settings {
                var slow: Int { usleep(11); return 1 }  // expect: blocking-sleep
                init(_ path: String) { usleep(12) }  // expect: blocking-sleep
                func twice() { usleep(13) }  // expect: blocking-sleep
                func twice(_ n: Int) { usleep(14) }
                static func make() -> Settings { usleep(15); return Settings("") }  // expect: blocking-sleep
            }
            func handler() async {
                helper { }
                let settings = Settings("x")
                _ = settings.slow
                settings.twice()
                _ = Settings.make()
                func local() { usleep(17) }  // expect: blocking-sleep
                local()
            }
            func plain() { usleep(10) }
            """)
    }

    @Test func neverAcrossFiles() throws {
        let (found, _, _) = try SyntaxFixture.run([
            "A.swift": "import Glibc\nfunc nap() { usleep(1) }",
            "B.swift": "func handler() async { nap() }",
        ])
        #expect(found == [])
    }

    @Test func closuresByTheirTaker() throws {
        try SyntaxFixture.check(
            """
            import Dispatch
            import Foundation
            import NIOCore
            func takes(_ body: () -> Void) { body() }
            func away(_ body: @escaping @Sendable () -> Void) { DispatchQueue.global().async(execute: body) }
            func further(_ body: @escaping @Sendable () -> Void) { away { body() } }
            func spawn(_ body: @escaping @Sendable () async -> Void) {}
            func handler(context: Context, loop: any EventLoop) async throws {
                takes { usleep(1) }  // expect: blocking-sleep
                [1].forEach { _ in usleep(2) }  // expect: blocking-sleep
                DispatchQueue.global().async { usleep(3) }
                away { usleep(4) }
                further { usleep(5) }
                Thread { usleep(6) }.start()
                _ = try await context.offload { usleep(7); return 1 }
                somebody { usleep(8) }
                loop.execute { usleep(9) }  // expect: blocking-sleep
                context.eventLoop.execute { usleep(9) }  // expect: blocking-sleep
            }
            func starts() {
                spawn { usleep(10) }  // expect: blocking-sleep
                Task { usleep(11) }  // expect: blocking-sleep
                Task.detached { await other(); usleep(12) }  // expect: blocking-sleep
                somebody { await other(); usleep(13) }  // expect: blocking-sleep
            }
            """)
    }

    @Test func handlersActorsAndFutures() throws {
        try SyntaxFixture.check(
            """
            import Glibc
            import NIOCore
            final class Echo: ChannelInboundHandler {
                typealias InboundIn = ByteBuffer
                func channelRead(context: ChannelHandlerContext, data: NIOAny) { work() }
                func work() { usleep(1) }  // expect: blocking-sleep
                func unrelated() { usleep(2) }
                func load() -> EventLoopFuture<Int> { fatalError() }
                func errorCaught(context: ChannelHandlerContext, error: any Error) {
                    _ = try? load().wait()  // expect: blocking-future-wait
                    load().whenComplete { _ in usleep(3) }  // expect: blocking-sleep
                }
            }
            actor Counter {
                func count() { usleep(4) }  // expect: blocking-sleep
                nonisolated func other() { usleep(5) }
            }
            """)
    }

    @Test func declaredBlockingPicksTheOverloadThatIsMeant() throws {
        try SyntaxFixture.check(
            """
            @available(*, noasync) func resize(_ n: Int) -> Int { n }
            func resize(_ n: Int) async -> Int { n }
            func handler() async {
                _ = await resize(1)
                [1].forEach { _ = resize($0) }  // expect: declared-blocking
            }
            """)
    }

    @Test func brokenCodeIsJudgedAsFarAsItGoesAndSaid() throws {
        let (found, _, result) = try SyntaxFixture.run([
            "A.swift": "import Glibc\nfunc handler() async { usleep(1)\nlet x = = 3\n"
        ])
        #expect(found == ["A.swift:2 blocking-sleep"])
        #expect(result.blindSpots.contains { $0.contains("A.swift:") })
    }

    @Test func aFileThatCannotBeReadIsSaid() throws {
        let result = try Linter(
            .init(syntaxOnly: ["/nonexistent/A.swift"], catalogue: try .builtIn(), today: "2026-11-24")
        ).run()
        #expect(result.blindSpots == ["/nonexistent/A.swift: cannot be read"])
        #expect(result.files == 0)
    }
}

@Suite struct StaleFileTests {
    private func edit(_ name: String, in configuration: Linter.Configuration, _ change: (String) -> String) throws {
        let path = try #require(configuration.sources.first { $0.hasSuffix("/\(name)") })
        let text = String(decoding: try #require(FileManager.default.contents(atPath: path)), as: UTF8.self)
        try change(text).write(toFile: path, atomically: false, encoding: .utf8)
        try FileManager.default.setAttributes(
            [.modificationDate: Date(timeIntervalSinceNow: 100)], ofItemAtPath: path)
    }

    @Test func aChangedFileIsJudgedBySyntaxAndTheRestByTheIndex() throws {
        let fixture = Fixture(modules: [
            (
                name: "App",
                files: [
                    "A.swift":
                        "import Glibc\nfunc one() async { usleep(1); Slow().fetch() }\nstruct Slow { func fetch() {} }",
                    "B.swift": "func two() async { Slow().fetch() }",
                ]
            )
        ])
        let (found, _, result) = try fixture.findings { configuration in
            try? edit("A.swift", in: configuration) {
                "\n" + $0.replacing("func fetch() {}", with: "func fetch() { usleep(2) }")
            }
        }
        let lines = found.map { "\($0.place.path.suffix(7)):\($0.place.line) \($0.evidence)" }
        #expect(lines == ["A.swift:3 syntax", "A.swift:4 syntax"])
        // The call in B leads to the function as it is now.
        #expect(found[1].related.map(\.text) == ["two(), an async function, reaches it too"])
        #expect(found[0].message.hasSuffix("(by syntax)"))
        #expect(result.filesBySyntax.map { $0.suffix(7) } == ["A.swift"])
        #expect(
            result.blindSpots.contains { $0.contains("has changed since it was built: judged by its syntax alone") })
        #expect(result.files == 2)
    }

    @Test func aFileThatWasNeverBuiltIsJudgedBySyntax() throws {
        let fixture = Fixture(modules: [
            (name: "App", files: ["A.swift": "import Glibc\nfunc one() async { usleep(1) }"])
        ])
        let (found, _, result) = try fixture.findings { configuration in
            let path = configuration.sources[0].replacing("A.swift", with: "New.swift")
            try? "import Glibc\nfunc three() async { usleep(3) }".write(toFile: path, atomically: true, encoding: .utf8)
            configuration.sources.append(path)
        }
        #expect(
            found.map { "\($0.place.path.split(separator: "/").last ?? "") \($0.evidence)" } == [
                "A.swift index", "New.swift syntax",
            ])
        #expect(result.blindSpots.contains { $0.contains("New.swift: not in the index: judged by its syntax alone") })
    }

    @Test func aStaleWitnessKeepsWhatTheIndexKnowsOfIt() throws {
        let source = """
            import Glibc
            protocol Store { func load() }
            struct Slow: Store { func load() {} }
            """
        let fixture = Fixture(modules: [
            (name: "App", files: ["A.swift": source, "B.swift": "func two(_ store: any Store) async { store.load() }"])
        ])
        let (found, _, _) = try fixture.findings { configuration in
            try? edit("A.swift", in: configuration) { $0.replacing("load() {}", with: "load() { usleep(2) }") }
        }
        #expect(found.map(\.place.line) == [3])
        #expect(found.first?.evidence == .syntax)
    }
}

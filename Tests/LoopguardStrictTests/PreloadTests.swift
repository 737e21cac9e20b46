import Foundation
import Testing

/// The preload library in programs that know nothing of Loopguard.
@Suite(.serialized, .timeLimit(.minutes(1))) struct PreloadTests {
    /// Beside the test program; nil when the product was not built.
    private static let library: String? = {
        let folder = URL(fileURLWithPath: CommandLine.arguments[0]).deletingLastPathComponent()
        let candidates = [folder, folder.deletingLastPathComponent(), URL(fileURLWithPath: ".build/debug")]
        return candidates.map { $0.appendingPathComponent("libloopguard-preload.so").path }
            .first { FileManager.default.fileExists(atPath: $0) }
    }()
    private static let python: String? = ["/usr/bin/python3", "/usr/local/bin/python3"]
        .first { FileManager.default.isExecutableFile(atPath: $0) }

    static var isPossible: Bool { library != nil && python != nil }

    private struct Line: Decodable {
        struct Cause: Decodable { var summary: String }
        struct Frame: Decodable {
            var module: String?
            var moduleOffset: String?
            var address: String
        }
        struct Sample: Decodable { var frames: [Frame] }
        var type: String?
        var kind: String?
        var calls: Int?
        var suppressed: Int?
        var cause: Cause?
        var durationNs: UInt64?
        var samples: [Sample]?
    }

    private func run(_ script: String, _ environment: [String: String] = [:]) throws -> [Line] {
        let file = TemporaryFile()
        let process = Process()
        process.executableURL = URL(fileURLWithPath: try #require(Self.python))
        process.arguments = ["-c", script]
        var all = [
            "PATH": "/usr/bin:/bin", "LD_PRELOAD": try #require(Self.library), "LOOPGUARD_PRELOAD_OUT": file.path,
        ]
        all.merge(environment) { $1 }
        process.environment = all
        try process.run()
        process.waitUntilExit()
        #expect(process.terminationStatus == 0)
        let text = try String(contentsOfFile: file.path, encoding: .utf8)
        withExtendedLifetime(file) {}
        let decoder = JSONDecoder()
        decoder.keyDecodingStrategy = .convertFromSnakeCase
        return try text.split(separator: "\n").map { try decoder.decode(Line.self, from: Data($0.utf8)) }
    }

    private static let sleeper = """
        import asyncio, time
        async def main():
            for i in range(20):
                await asyncio.sleep(0.001)
                time.sleep(0.002)
        asyncio.run(main())
        """

    @Test(.enabled(if: isPossible)) func `a coroutine that sleeps is found, and counted exactly`() throws {
        let lines = try run(Self.sleeper)
        let reports = lines.filter { $0.kind == "blocking-call" && $0.cause?.summary.contains("nanosleep") == true }
        // The first eight, and the sixteenth; one place may count as several.
        #expect(reports.count >= 9)
        #expect(reports.allSatisfy { ($0.durationNs ?? 0) >= 2_000_000 })
        let frames = try #require(reports.first?.samples?.first?.frames)
        #expect(frames.contains { $0.module?.contains("python") == true && $0.moduleOffset?.hasPrefix("0x") == true })
        let summary = try #require(lines.last)
        #expect(summary.type == "summary" && (summary.calls ?? 0) >= 20)
        #expect(summary.calls == lines.count - 1 + (summary.suppressed ?? 0))
    }

    @Test(.enabled(if: isPossible)) func `a loop that only awaits is silent`() throws {
        let lines = try run(
            """
            import asyncio, socket, time
            async def main():
                a, b = socket.socketpair()
                a.setblocking(False); b.setblocking(False)
                loop = asyncio.get_running_loop()
                for i in range(60):
                    await loop.sock_sendall(a, b"x")
                    await loop.sock_recv(b, 1)
                    await asyncio.sleep(0.001)
                    await asyncio.to_thread(time.sleep, 0.001)
            asyncio.run(main())
            """, ["LOOPGUARD_PRELOAD_LOCK_GRACE_US": "10000000", "LOOPGUARD_PRELOAD_THRESHOLD_MS": "1"])
        #expect(
            !lines.contains {
                $0.cause?.summary.contains("nanosleep") == true || $0.cause?.summary.contains("recv") == true
            })
    }

    @Test(.enabled(if: isPossible)) func `a program without a loop is silent`() throws {
        #expect(try run("import time; time.sleep(0.01)").isEmpty)
    }

    @Test(.enabled(if: isPossible)) func `output is bounded, and a threshold is kept`() throws {
        let bounded = try run(Self.sleeper, ["LOOPGUARD_PRELOAD_MAX": "3", "LOOPGUARD_PRELOAD_PER_SITE": "1000"])
        #expect(bounded.count == 4)
        #expect(try run(Self.sleeper, ["LOOPGUARD_PRELOAD_THRESHOLD_MS": "60000"]).isEmpty)
    }

    @Test(.enabled(if: isPossible)) func `it can be switched off`() throws {
        #expect(try run(Self.sleeper, ["LOOPGUARD_PRELOAD_OFF": "1"]).isEmpty)
    }
}

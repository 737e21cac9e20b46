import Glibc
import Loopguard
import LoopguardCore
import NIOCore
import Synchronization

/// Resident memory before the first stall, after the first one has been named, and after many. Prints one line; run in a
/// process of its own, whose memory nothing else has touched.
enum MemoryBenchmark {
    private final class Counter: StallReporter {
        let ended = Atomic<Int>(0)
        func stallSeen(_ report: StallReport) {}
        func stallEnded(_ report: StallReport, isSuppressed: Bool) { ended.add(1, ordering: .relaxed) }
    }

    static func child() async throws {
        let counter = Counter()
        var configuration = LoopguardRuntime.Configuration.defaults
        configuration.group.loops = 1
        configuration.group.threshold = .milliseconds(2)
        configuration.reporters = [counter]
        let runtime = try await LoopguardRuntime.start(configuration)
        let loop = runtime.group.loops[0].eventLoop
        try await Task.sleep(for: .milliseconds(100))
        let before = resident()
        func stall(_ count: Int, microseconds: UInt32) async throws {
            for _ in 0..<count {
                let wanted = counter.ended.load(ordering: .relaxed) + 1
                try await loop.submit { _ = usleep(microseconds) }.get()
                let end = Clock.nowNs() + 2_000_000_000
                while counter.ended.load(ordering: .relaxed) < wanted, Clock.nowNs() < end {
                    try await Task.sleep(for: .milliseconds(1))
                }
            }
        }
        // Long enough to be caught however busy the machine is.
        try await stall(1, microseconds: 200_000)
        let first = resident()
        try await stall(200, microseconds: 5_000)
        let many = resident()
        await runtime.shutdown()
        print("\(before) \(first) \(many)")
    }

    static func measure() throws -> [Measurement] {
        let line = try ServerProcess.output(of: "memory")
        let figures = line.split(separator: " ").compactMap { Double($0) }.map { $0 / 1_048_576 }
        guard figures.count == 3 else { throw LoadGenerator.Failure(description: "no figures of memory: \(line)") }
        return [
            Measurement(
                name: "resident after the first named stall", unit: "MiB", value: figures[1], baseline: figures[0],
                baselineName: "before it"),
            Measurement(
                name: "resident after 200 more of the same", unit: "MiB", value: figures[2], baseline: figures[1],
                baselineName: "after the first"),
        ]
    }

    private static func resident() -> Int {
        guard let file = fopen("/proc/self/statm", "r") else { return 0 }
        defer { fclose(file) }
        var buffer = [CChar](repeating: 0, count: 128)
        guard fgets(&buffer, 128, file) != nil else { return 0 }
        let text = String(decoding: buffer.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
        return (text.split(separator: " ").dropFirst().first.flatMap { Int($0) } ?? 0)
            * Int(sysconf(Int32(_SC_PAGESIZE)))
    }
}

import Glibc
import Loopguard
import LoopguardCore
import NIOCore
import Synchronization

/// How soon a stall is noticed, and what the stack costs the watchdog.
enum StallBenchmarks {
    private final class Recorder: StallReporter {
        let reports = Mutex<[StallReport]>([])
        func stallSeen(_ report: StallReport) {}
        func stallEnded(_ report: StallReport, isSuppressed: Bool) { reports.withLock { $0.append(report) } }
    }

    /// Blocks a loop `count` times, each time 20 ms longer than the threshold.
    static func detection(count: Int) async throws -> [Measurement] {
        let recorder = Recorder()
        let threshold = 0.02
        var configuration = LoopguardRuntime.Configuration.defaults
        configuration.group.loops = 1
        configuration.group.threshold = .milliseconds(20)
        configuration.reporters = [recorder]
        let runtime = try await LoopguardRuntime.start(configuration)
        for _ in 0..<count {
            try await runtime.group.loops[0].eventLoop.submit { _ = usleep(40_000) }.get()
            try await Task.sleep(for: .milliseconds(5))
        }
        while recorder.reports.withLock({ $0.count }) < count { try await Task.sleep(for: .milliseconds(20)) }
        await runtime.shutdown()
        let reports = recorder.reports.withLock { $0 }
        let caught = reports.filter { $0.detectionLatencyNs != nil }
        let latencies = caught.compactMap(\.detectionLatencyNs).sorted()
        let costs = caught.compactMap { $0.samples.first?.costNs }.sorted()
        func microseconds(_ sorted: [UInt64], _ share: Double) -> Double {
            sorted.isEmpty ? .nan : Double(sorted[min(sorted.count - 1, Int(Double(sorted.count) * share))]) / 1000
        }
        return [
            Measurement(
                name: "stalls caught with a stack", unit: "", value: Double(caught.count), baseline: Double(count),
                baselineName: "stalls made"),
            Measurement(
                name: "stack taken after the threshold, p50", unit: "µs", value: microseconds(latencies, 0.5),
                baseline: threshold * 1e6, baselineName: "the threshold"),
            Measurement(
                name: "stack taken after the threshold, p99", unit: "µs", value: microseconds(latencies, 0.99),
                baseline: threshold * 1e6, baselineName: "the threshold"),
            Measurement(
                name: "a capture costs the watchdog, p50", unit: "µs", value: microseconds(costs, 0.5),
                baseline: threshold * 1e6, baselineName: "the threshold"),
        ]
    }
}

import LoopguardCore
import Testing

@Suite struct MetricsTextTests {
    @Test func helpAndTypeOnceAFamilyAndEverySeriesOnce() {
        for cluster in [Gallery.cluster(), Gallery.poisoned("a\"b\\c\nd"), .sample([.sample(), .sample(worker: 2)])] {
            let lines = MetricsText.render(cluster).split(separator: "\n")
            let helps = lines.filter { $0.hasPrefix("# HELP") }.map { $0.split(separator: " ")[2] }
            let types = lines.filter { $0.hasPrefix("# TYPE") }.map { $0.split(separator: " ")[2] }
            #expect(helps == types)
            #expect(Set(helps).count == helps.count)
            let series = lines.filter { !$0.hasPrefix("#") }.map {
                String($0[..<($0.lastIndex(of: " ") ?? $0.endIndex)])
            }
            #expect(Set(series).count == series.count)
            let form =
                /[a-zA-Z_:][a-zA-Z0-9_:]*\{[a-zA-Z_][a-zA-Z0-9_]*="(?:[^"\\\n]|\\["\\n])*"(?:,[a-zA-Z_][a-zA-Z0-9_]*="(?:[^"\\\n]|\\["\\n])*")*\} [-+0-9.eEInfNa]+/
            for line in lines where !line.hasPrefix("#") { #expect(line.wholeMatch(of: form) != nil, "\(line)") }
        }
    }

    @Test func figures() {
        let text = MetricsText.render(.sample([.sample()]))
        for line in [
            "loopguard_worker_up{worker=\"1\"} 1",
            "loopguard_worker_ready{worker=\"1\"} 1",
            "loopguard_loop_connections{worker=\"1\",loop=\"loop-0\"} 4120",
            "loopguard_loop_ticks_total{worker=\"1\",loop=\"loop-0\"} 120334",
            "loopguard_stall_threshold_seconds{worker=\"1\"} 0.05",
            "loopguard_stall_seconds_bucket{worker=\"1\",loop=\"loop-0\",le=\"0.1\"} 3",
            "loopguard_stall_seconds_bucket{worker=\"1\",loop=\"loop-0\",le=\"0.2\"} 5",
            "loopguard_stall_seconds_bucket{worker=\"1\",loop=\"loop-0\",le=\"0.8\"} 6",
            "loopguard_stall_seconds_bucket{worker=\"1\",loop=\"loop-0\",le=\"+Inf\"} 7",
            "loopguard_stall_seconds_sum{worker=\"1\",loop=\"loop-0\"} 2.1",
            "loopguard_stall_seconds_count{worker=\"1\",loop=\"loop-0\"} 7",
            "loopguard_stall_max_seconds{worker=\"1\",loop=\"loop-0\"} 0.812",
            "loopguard_offload_jobs_total{worker=\"1\",result=\"rejected\"} 2",
            "loopguard_offload_oldest_queued_seconds{worker=\"1\"} 0.003",
            "loopguard_offload_name_seconds_total{worker=\"1\",name=\"load-profile\"} 4",
            "loopguard_websocket_sent_bytes{worker=\"1\",route=\"/ws/echo\"} 12345",
            "# TYPE loopguard_stall_seconds histogram",
            "# TYPE loopguard_websocket_sent_bytes counter",
        ] {
            #expect(text.contains(line + "\n"), "\(line)")
        }
    }

    @Test func foreignSamplesCannotBreakThePage() {
        var status = WorkerStatus.sample()
        status.metrics = [
            MetricSample(
                name: "0 bad-name", help: "a\nb", kind: .gauge, labels: ["worker": "x", "a-b": "1", "a_b": "2"],
                value: .nan),
            // Twice the same, and one that pretends to be a histogram of ours.
            MetricSample(name: "m", help: "", kind: .gauge, value: 1),
            MetricSample(name: "m", help: "", kind: .gauge, value: 2),
            MetricSample(name: "loopguard_stall_seconds", help: "", kind: .counter, value: 1),
        ]
        let text = MetricsText.render(.sample([status]))
        #expect(text.contains("_0_bad_name{worker=\"1\",a_b=\"1\",exported_a_b=\"2\",exported_worker=\"x\"} NaN\n"))
        #expect(text.contains("# HELP _0_bad_name a\\nb\n"))
        #expect(text.contains("m{worker=\"1\"} 1\n"))
        #expect(!text.contains("m{worker=\"1\"} 2\n"))
        #expect(!text.contains("loopguard_stall_seconds{"))
    }

    @Test func aWorkerNotHeardOfIsDown() {
        let text = MetricsText.render(Gallery.cluster())
        #expect(text.contains("loopguard_worker_up{worker=\"3\"} 0\n"))
        #expect(text.contains("loopguard_worker_silent_seconds{worker=\"3\"} 3.2\n"))
        #expect(text.contains("loopguard_worker_restarts_total{worker=\"3\"} 2\n"))
    }
}
